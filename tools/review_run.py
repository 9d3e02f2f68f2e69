"""`followspot review`: put the identities of a run right on a local page, and write the corrected tracks."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tyro.conf import FlagCreatePairsOff, Positional

from tracker.types import InputError

from .review.corrections import FILL_GAPS, corrected_tracks, write_corrected
from .review.edit_file import Review
from .review.learning import people_of, write_people
from .review.run_server import RunServer
from .review.run_tracks import RunTracks, read_run_tracks
from .review.server import serve
from .run.cast_files import CastFiles
from .run.checks import require_at_least
from .run.output import count, say
from .run.parts import BUNDLED, encoder_weights, make_embedder
from .run.tracked_run import read_run


@dataclass(frozen=True)
class ReviewCommand:
    """Put the identities of a run right on a page in the browser, served to this machine only.

    The edits are kept in RUN/edits.json; the run's own files stay as they are.
    """

    run_folder: Positional[Path]
    """Folder that `followspot track` wrote."""
    video: Path | None = None
    """The video, where it was moved since."""
    export: FlagCreatePairsOff[bool] = False
    """Write the corrected tracks to RUN/corrected and end, without a page: tracks.txt, tracks.csv, tracks.json, and
    seqinfo.ini with gt/gt.txt, which `evaluate tracks` takes as truth."""
    learn: Path | None = None
    """Write the people to this new folder as a data set of crops, to train a re-ID encoder, and end, without a page."""
    save_cast: Path | None = None
    """Write the people to this new cast file, for `followspot track --cast-file`, and end, without a page. It holds
    what --reid makes of a person's appearance, and a few small pictures: keep it as private as the video."""
    reid: str = BUNDLED
    """Re-ID encoder of the cast file: the one that later videos are tracked with."""
    fill_gaps: float = FILL_GAPS
    """Seconds without a box that are filled by drawing a straight line between the boxes before and after."""
    port: int = 0
    """Port of the page; 0 takes a free one."""
    browser: bool = True
    """Open the page in the browser."""

    def run(self) -> None:
        """Raises InputError for a folder that is no run, or a file of it that is damaged."""
        require_at_least(0, "fill-gaps", self.fill_gaps, "it is seconds")
        if self.video is not None and not self.video.exists():
            raise InputError(f"there is no {self.video}: --video says where the run's video is now")
        data = read_run_tracks(read_run(self.run_folder, self.video))
        review = Review(data)
        if self.export:
            say(str(write_corrected(data, review, self.fill_gaps)))
        if self.learn is not None:
            say(f"{count(write_people(data, review, self.learn), 'crop')} in {self.learn}")
        if self.save_cast is not None:
            self._save_cast(data, review, CastFiles(save_cast=self.save_cast))
        if not self.export and self.learn is None and self.save_cast is None:
            serve(RunServer(data, review, self.fill_gaps), self.port, browser=self.browser)

    def _save_cast(self, data: RunTracks, review: Review, files: CastFiles) -> None:
        weights = encoder_weights(self.reid)
        memory, embedder = files.load(weights, {}), make_embedder(weights)
        people = corrected_tracks(data, review, 0.0)
        if memory is not None and embedder is not None:
            files.say_saved(files.write(memory, people_of(data, people.tracks), embedder, data.video, people.names))
