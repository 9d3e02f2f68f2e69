"""The server of a run's page."""

from __future__ import annotations

from functools import lru_cache, partial
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from tracker.drawing.colours import colour_of
from tracker.types import InputError

from ..run.folder import first_free
from .corrections import write_corrected
from .edit_file import Review
from .edits import corners
from .frames import FrameStore, ImageStore, open_frames
from .labelled_people import Box
from .learning import write_people
from .pictures import likeness
from .requests import coordinate, number
from .run_answers import RunAnswers
from .run_tracks import RunTracks
from .server import KEPT_THUMBNAILS, NEVER_KEPT, PageServer

WIDEST = 1280
"""Pixels across of a frame on the page."""
LIKENESS_STORE = ""
"""Name of the store they are cut from: one apart, so that the frame that is looked at need not wait for them."""
LONGEST_RANGE = 600
"""Frames whose boxes are asked for at once."""


class RunServer(PageServer):
    """Answers the page of a run. Gaps up to `fill_gaps` seconds are shown filled."""

    index = "run.html"

    def __init__(self, data: RunTracks, review: Review, fill_gaps: float) -> None:
        super().__init__(review)
        self.run_data, self.fill_gaps = data, fill_gaps
        self.answers = RunAnswers(data, review, fill_gaps)
        self.made_likeness = lru_cache(KEPT_THUMBNAILS)(self._likeness)
        self.changes["offer"] = self._accept

    def routes(self) -> list[BaseRoute]:
        """With everybody's boxes, likenesses, and what is written."""
        return [
            *super().routes(),
            Route("/api/boxes", self.boxes),
            Route("/likeness", self.likeness),
            Route("/api/export", partial(self.written, self.export), methods=["POST"]),
            Route("/api/learn", partial(self.written, self.learn), methods=["POST"]),
        ]

    def described_data(self) -> dict[str, Any]:
        return self.answers.described_data()

    def described_people(self) -> dict[str, Any]:
        return self.answers.described_people()

    def opened_frames(self, video: str) -> FrameStore | ImageStore:
        if video not in (self.run_data.video, LIKENESS_STORE):
            raise InputError(f"there is no video {video[:80]!r} in this run")
        data = self.run_data
        times = dict(zip(range(0, data.length(data.video), data.run.stride), data.times.tolist(), strict=True))
        return open_frames(data.run.opened, WIDEST, times)

    def boxes(self, request: Request) -> Response:
        first, last = number(request, "from"), number(request, "to")
        if not first <= last < first + LONGEST_RANGE:
            raise InputError(f"boxes are asked for in {LONGEST_RANGE} frames at most, from the first to the last")
        self.review.refresh()
        return JSONResponse(self.answers.boxes(first, last), headers=NEVER_KEPT)

    def likeness(self, request: Request) -> Response:
        xyxy = tuple(coordinate(request, name) for name in ("x0", "y0", "x1", "y1"))
        picture = self.made_likeness(number(request, "frame"), xyxy, number(request, "person"))
        return Response(picture, media_type="image/jpeg", headers=self.kept(request))

    def _likeness(self, frame: int, xyxy: Box, person: int) -> bytes:
        if not (xyxy[0] < xyxy[2] and xyxy[1] < xyxy[3]):
            raise InputError("a box is left, top, right and bottom in pixels")
        whole = self.store(LIKENESS_STORE).frame(frame)
        return likeness(whole, xyxy, self.run_data.run.width, colour_of(person))

    def _accept(self, wish: dict[str, Any]) -> None:
        """Take spare boxes of the detector for a person or "new": the offer that begins in `frame`, or all of theirs,
        or the box `xyxy` of the frame with those that continue it."""
        person, frame, xyxy = wish.get("person"), wish.get("frame"), wish.get("xyxy")
        if frame is not None and not isinstance(frame, int):
            raise InputError(f"frame must be the number of a frame, not {str(frame)[:20]!r}")
        if xyxy is None:
            offered = self.answers.offered().get(person, []) if isinstance(person, int) else []
            chosen = [offer for offer in offered if frame is None or offer.frame[0] == frame]
        else:
            if frame is None or not isinstance(person, int | str):
                raise InputError("a spare box is taken for a person, in a frame")
            chosen = [self.answers.around(person, frame, list(corners(xyxy)))]
        if not chosen:
            raise InputError("the detector has no further boxes for this person there")
        frames = [one for offer in chosen for one in offer.frame.tolist()]
        taken = [[round(value, 2) for value in box] for offer in chosen for box in offer.xyxy.tolist()]
        edit = {"do": "boxes", "video": self.run_data.video, "person": person, "frames": frames, "xyxy": taken}
        self.review.add(edit)

    def export(self) -> dict[str, Any]:
        """Write the corrected tracks."""
        return {"folder": str(write_corrected(self.run_data, self.review, self.fill_gaps))}

    def learn(self) -> dict[str, Any]:
        """Write the people as a data set to a new folder in the run."""
        folder = first_free(self.run_data.folder / "people")
        return {"folder": str(folder), "crops": write_people(self.run_data, self.review, folder)}
