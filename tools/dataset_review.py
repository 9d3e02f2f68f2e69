"""`followspot dataset review`: review a data set of people on a local page, and export the reviewed data."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from tyro.conf import Positional

from .review.edit_file import Review
from .review.folder_export import export_folder, told_left_out
from .review.mot_export import write_mot
from .review.records import read_data_set
from .review.server import ReviewServer, serve
from .run.checks import require_at_least


@dataclass(frozen=True)
class DatasetReviewCommand:
    """Merge, split and clean the people of a data set on a page in the browser, served to this machine only.

    The edits are kept in DIR/edits.json and replayed on the data, which stays as it is.
    """

    folder: Positional[Path]
    """Folder of the data set, as `followspot dataset` writes it."""
    export: Path | None = None
    """Write the reviewed data to this new folder and end, without a page."""
    mot: Path | None = None
    """Write the reviewed boxes to this folder as MOTChallenge truth (VIDEO/gt/gt.txt and VIDEO/seqinfo.ini), ids as on
    the page, and end, without a page."""
    fill_gaps: float = 1.0
    """Seconds without a box that are filled by drawing a straight line between the boxes before and after."""
    port: int = 0
    """Port of the page; 0 takes a free one."""
    browser: bool = True
    """Open the page in the browser."""

    def run(self) -> None:
        require_at_least(0, "fill-gaps", self.fill_gaps, "it is seconds")
        review = Review(read_data_set(self.folder))
        if self.export is None and self.mot is None:
            serve(ReviewServer(review, self.fill_gaps), self.port, browser=self.browser)
            return
        if self.export is not None:
            print(export_folder(review.data, review.labelled, self.export))
            for told in told_left_out(review.data, review.labelled):
                print(told, file=sys.stderr)
        if self.mot is not None:
            for path in write_mot(review.data, review.labelled, self.mot, self.fill_gaps):
                print(path)
