"""The review's server, on this machine's loopback only."""

from __future__ import annotations

import contextlib
import gc
import os
import secrets
import socket
import threading
import webbrowser
from collections.abc import AsyncIterator, Callable
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from tracker.results.moment_words import GONE
from tracker.types import InputError

from ..run.folder import first_free
from .answers import BoxTable, described_data, described_people
from .edit_file import Review
from .enclosure import enclosed
from .folder_export import export_folder, told_left_out
from .frames import FrameStore, ImageStore
from .guard import OWN_NAMES, Guard
from .mot_export import write_mot
from .pictures import thumbnail
from .records import boxed
from .requests import asked_frame, wish_of

LOOPBACK = OWN_NAMES[0]
PAGE = Path(__file__).parent / "page"
KEPT_THUMBNAILS = 20_000
"""The latest stay in memory, about 3 KB each."""
KEPT = {"cache-control": "private, max-age=86400"}
NEVER_KEPT = {"cache-control": "no-store"}
PATIENCE = 3
"""Seconds that answers on their way have after Ctrl-C; a browser that asks and does not listen would hold it up."""


class PageServer:
    """What the pages of a data set and of a run have in common: the edits, and frames of videos."""

    index = "index.html"
    """The file in page/ that is served as /."""

    def __init__(self, review: Review) -> None:
        self.review = review
        self.stores: dict[str, FrameStore | ImageStore] = {}
        self.opening = threading.Lock()
        self.changes: dict[str, Callable[[dict[str, Any]], Any]] = {
            "edit": lambda wish: review.add(wish.get("edit", {})),
            "undo": lambda _: review.undo(),
            "redo": lambda _: review.redo(),
        }
        self.picture_key = secrets.token_hex(8)
        """Part of a picture's address: the browser keeps it for this review, and never shows it in another one.
        Changes and exports name it, too: a page of another review, left open, does nothing in this one."""

    def application(self, port: int) -> Starlette:
        """Everything that is served under http://127.0.0.1:`port`."""
        return Starlette(
            routes=self.routes(),
            middleware=[Middleware(Guard, port=port)],
            exception_handlers={InputError: lambda _, error: JSONResponse({"error": str(error)}, 400, NEVER_KEPT)},
            lifespan=self._lifespan,
        )

    def routes(self) -> list[BaseRoute]:
        """Those of every page; a page adds its own."""
        return [
            Route("/", self.page),
            Mount("/page", StaticFiles(directory=PAGE)),
            Route("/api/data", self.data),
            Route("/api/people", self.people),
            *(Route(f"/api/{do}", partial(self.change, do), methods=["POST"]) for do in self.changes),
            Route("/frame", self.frame),
        ]

    @contextlib.asynccontextmanager
    async def _lifespan(self, _: Starlette) -> AsyncIterator[None]:
        yield
        for store in self.stores.values():
            store.close()

    def described_data(self) -> dict[str, Any]:
        """What no edit changes."""
        raise NotImplementedError

    def described_people(self) -> dict[str, Any]:
        """What edits change."""
        raise NotImplementedError

    def opened_frames(self, video: str) -> FrameStore | ImageStore:
        """A new store of the video's frames. Raises InputError where it cannot be opened."""
        raise NotImplementedError

    def page(self, _: Request) -> Response:
        return FileResponse(PAGE / self.index, headers=NEVER_KEPT)

    def data(self, _: Request) -> Response:
        return JSONResponse({**self.described_data(), "key": self.picture_key}, headers=NEVER_KEPT)

    def people(self, _: Request) -> Response:
        self.review.refresh()
        return JSONResponse({**self.described_people(), "key": self.picture_key}, headers=NEVER_KEPT)

    async def change(self, do: str, request: Request) -> Response:
        def changed(wish: dict[str, Any]) -> dict[str, Any]:
            self.changes[do](wish)
            return self.described_people()

        return await run_in_threadpool(self._done, await wish_of(request), changed)

    def _done(self, wish: dict[str, Any], do: Callable[[dict[str, Any]], dict[str, Any]]) -> Response:
        """The answer of `do`, where the page knows this review and its edits as they are."""
        with self.review.lock:
            self.review.refresh()
            if (wish.get("key"), wish.get("revision")) != (self.picture_key, self.review.revision):
                said = "the edits were changed elsewhere; the page was brought up to date"
                return JSONResponse({"error": said, "key": self.picture_key}, 409)
            return JSONResponse(do(wish), headers=NEVER_KEPT)

    async def written(self, write: Callable[[], dict[str, Any]], request: Request) -> Response:
        """The answer of `write`, which writes files by the edits as they are."""
        return await run_in_threadpool(self._done, await wish_of(request), lambda _: write())

    def frame(self, request: Request) -> Response:
        video, frame = asked_frame(request)
        return Response(self.store(video).frame(frame), media_type="image/jpeg", headers=self.kept(request))

    def store(self, video: str) -> FrameStore | ImageStore:
        """The video's frames, opened when they are first asked for."""
        with self.opening:
            if video not in self.stores:
                self.stores[video] = self.opened_frames(video)
            return self.stores[video]

    def kept(self, request: Request) -> dict[str, str]:
        """Headers of a picture: the browser may keep it where the address has this review's key."""
        return KEPT if request.query_params.get("v") == self.picture_key else NEVER_KEPT


class ReviewServer(PageServer):
    """Answers the page of a data set. Gaps up to `fill_gaps` seconds are shown filled."""

    def __init__(self, review: Review, fill_gaps: float) -> None:
        super().__init__(review)
        self.fill_gaps = fill_gaps
        self.box_table = BoxTable(review, fill_gaps)
        self.made_thumbnail = lru_cache(KEPT_THUMBNAILS)(partial(thumbnail, review.data.folder))
        self.images = {crop.image for crop in review.data.crops}

    def routes(self) -> list[BaseRoute]:
        """With the crops' pictures."""
        return [
            *super().routes(),
            Route("/api/export", partial(self.written, self.export), methods=["POST"]),
            Route("/api/boxes", self.boxes),
            Route("/thumbnails/{image:path}", self.thumbnail),
            Route("/images/{image:path}", self.image),
        ]

    def described_data(self) -> dict[str, Any]:
        return described_data(self.review.data)

    def described_people(self) -> dict[str, Any]:
        return described_people(self.review)

    def opened_frames(self, video: str) -> FrameStore | ImageStore:
        source = self.review.data.sources.get(video)
        if source is None:
            raise InputError(f"the video {video!r} is not in sources.json, so its frames cannot be shown")
        times = {crop.frame: crop.time for crop in self.review.data.crops if crop.video == video and boxed(crop)}
        return FrameStore(source.path, times=times)

    def export(self) -> dict[str, Any]:
        """Write the reviewed data to a new folder."""
        data, labelled = self.review.data, self.review.labelled
        home = data.folder.resolve()
        out = export_folder(data, labelled, first_free(home.with_name(f"{home.name}-reviewed")))
        known = ~np.isnan(labelled.xyxy[labelled.person != GONE])
        try:  # crops whose place is unknown make a data set, but no MOT text
            mot = write_mot(data, labelled, out / "mot", self.fill_gaps) if known.any() else []
        except InputError as error:
            raise InputError(f"the crops are in {out}, but {error}") from error
        return {"folder": str(out), "mot": [str(path) for path in mot], "left_out": told_left_out(data, labelled)}

    def boxes(self, request: Request) -> Response:
        video, frame = asked_frame(request)
        self.review.refresh()
        return JSONResponse({"boxes": self.box_table.boxes(video, frame)}, headers=NEVER_KEPT)

    def thumbnail(self, request: Request) -> Response:
        picture = self.made_thumbnail(self._image(request))
        return Response(picture, media_type="image/jpeg", headers=self.kept(request))

    def image(self, request: Request) -> Response:
        image = self._image(request)
        path = enclosed(self.review.data.folder, f"images/{image}")
        if not path.is_file():
            raise InputError(f"the picture {image} is missing in images/")
        return FileResponse(path, headers=self.kept(request))

    def _image(self, request: Request) -> str:
        image = request.path_params["image"]
        if image not in self.images:
            raise InputError(f"there is no crop {image!r} in this data set")
        return image


def serve(server: PageServer, port: int, *, browser: bool) -> None:
    """Answer on 127.0.0.1 until Ctrl-C; port 0 takes a free one. Raises InputError where the port is taken."""
    with _bound(port) as listening:
        port = listening.getsockname()[1]
        address = f"http://{LOOPBACK}:{port}/"
        print(f"Review of {server.review.data.folder} on {address}  (Ctrl-C ends it; every edit is saved)", flush=True)
        options = uvicorn.Config(
            server.application(port),
            log_level="error",
            access_log=False,
            proxy_headers=False,
            server_header=False,
            timeout_graceful_shutdown=PATIENCE,
        )
        if browser:
            threading.Thread(target=webbrowser.open, args=(address,), daemon=True).start()
        gc.collect()
        gc.freeze()  # what was read stays: no edit waits for the collector to look through it
        with contextlib.suppress(KeyboardInterrupt):  # the way to end it
            uvicorn.Server(options).run(sockets=[listening])


def _bound(port: int) -> socket.socket:
    try:
        return socket.create_server((LOOPBACK, port))
    except (OSError, OverflowError) as error:
        why = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else error
        raise InputError(f"port {port} of {LOOPBACK} cannot be used ({why}); name another --port, or none") from error
