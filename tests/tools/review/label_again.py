"""Labels 400 frames of a real clip again on the page of `followspot review`, and counts keys and pointer. A script.

    followspot track miryala400.mp4 --out runs/again --no-video     # the clip's first 400 frames
    PYTHONPATH=. python tests/tools/review/label_again.py runs/again tests/data/clips/miryala_dance_video/gt/gt.txt

It plays an annotator who knows the truth. `PLAN` is for the ids of a run with the bundled weights. The clip is no part
of the project.
"""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from playwright.sync_api import sync_playwright

from tools.review.corrections import corrected
from tools.review.edit_file import read_edits
from tools.run.tracked_run import read_run
from tools.scoring.labelled_boxes import read_truth
from tools.scoring.track_scores import score_sequence

FRAMES = 400
PLAN: list[tuple[Any, ...]] = [
    ("lane", 7, 274), ("press", "k"), ("go", 278), ("edit", "2", "m"), ("lane", 7, 279), ("press", "k"), ("go", 290),
    ("edit", "1", "m"), ("score", "7 is 2, then 1"), ("lane", 4, 296), ("press", "k"), ("go", 308),
    ("edit", "1", "m"), ("lane", 4, 386), ("press", "k"), ("go", 399), ("edit", "1", "m"), ("score", "4 is 1"),
    ("lane", 2, 260), ("press", "k"), ("go", 269), ("edit", "5", "m"), ("score", "2 is 5"), ("lane", 8, 210),
    ("spare", 10, 210), ("score", "a man beside the stage"), ("lane", 6, 240), ("draw", 5, 240), ("go", 246),
    ("draw", 5, 246), ("go", 252), ("draw", 5, 252), ("go", 301), ("draw", 5, 301), ("go", 307), ("draw", 5, 307),
    ("score", "6"), ("lane", 4, 318), ("draw", 4, 318), ("go", 324), ("draw", 4, 324), ("go", 329), ("draw", 4, 329),
    ("go", 387), ("draw", 4, 387), ("go", 392), ("draw", 4, 392), ("go", 397), ("draw", 4, 397), ("score", "4"),
    ("lane", 3, 388), ("draw", 3, 388), ("go", 394), ("draw", 3, 394), ("go", 399), ("draw", 3, 399), ("score", "3"),
    ("lane", 5, 193), ("drawnew", 9, 193), ("go", 198), ("draw", 9, 198), ("go", 204), ("draw", 9, 204), ("go", 210),
    ("draw", 9, 210), ("score", "a woman beside the stage"), ("lane", 7, 286), ("edit", "i"), ("score", "7"),
    ("lane", 8, 86), ("edit", "a"), ("score", "an offer of 8"),
]  # fmt: skip
"""Steps: a method of `Annotator` and what it gets."""


class Annotator:
    """Drives the page; `keys` and `pointer` count what a person would press, click and drag."""

    def __init__(self, page: Any, run: Path, truth: list[Any], size: tuple[int, int]) -> None:
        self.page, self.run, self.truth, self.size = page, run, truth, size
        self.keys = self.pointer = 0

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)
            self.keys += 1
        self.page.wait_for_timeout(500)

    def edit(self, *keys: str) -> None:
        edits = self.edits()
        self.press(*keys)
        self.wait(edits)

    def edits(self) -> int:
        return len(read_edits(self.run / "edits.json"))

    def wait(self, edits: int) -> None:
        while self.edits() <= edits:
            self.page.wait_for_timeout(50)
        self.page.wait_for_timeout(150)

    @property
    def frame(self) -> int:
        return int(self.page.get_attribute("#picture", "data-frame"))

    def arrows(self, frame: int) -> None:
        away = frame - self.frame
        arrow = "ArrowRight" if away > 0 else "ArrowLeft"
        self.press(*[f"Shift+{arrow}"] * (abs(away) // 10), *[arrow] * (abs(away) % 10))
        self.page.wait_for_selector(f'#picture[data-frame="{frame}"]')

    def go(self, frame: int) -> None:
        away = abs(frame - self.frame)
        if away // 10 + away % 10 <= 4:
            self.arrows(frame)
        else:
            self.lane(int(self.page.get_attribute(".someone.here", "data-number")), frame)

    def lane(self, person: int, frame: int) -> None:
        """Click on a person's timeline, then arrows where the click missed the frame."""
        lane = self.page.locator(f'.someone[data-number="{person}"] .timeline')
        lane.scroll_into_view_if_needed()
        place = lane.bounding_box()
        self.page.mouse.click(place["x"] + round((frame + 0.2) / FRAMES * place["width"]), place["y"] + 11)
        self.pointer += 1
        self.page.wait_for_timeout(1500)
        self.arrows(frame)

    def box(self, person: int, frame: int) -> list[float]:
        rows = self.truth[frame]
        left, top, right, bottom = rows.xyxy[rows.ids == person][0].tolist()
        return [max(left, 1), max(top, 1), min(right, self.size[0] - 1), min(bottom, self.size[1] - 1)]

    def spare(self, person: int, frame: int) -> None:
        edits = self.edits()
        tags = self.page.query_selector_all(".take")
        gaps = [
            tag.evaluate(
                "(tag, box) => tag.xyxy.reduce((sum, value, at) => sum + Math.abs(value - box[at]), 0)",
                self.box(person, frame),
            )
            for tag in tags
        ]
        tags[gaps.index(min(gaps))].click(force=True)
        self.pointer += 1
        self.wait(edits)

    def draw(self, person: int, frame: int) -> None:
        edits = self.edits()
        self.drag(self.box(person, frame))
        self.wait(edits)

    def drawnew(self, person: int, frame: int) -> None:
        self.drag(self.box(person, frame))
        self.page.wait_for_selector("#prompt[open]")
        self.edit("n")

    def drag(self, box: list[float]) -> None:
        place = self.page.query_selector("#overlay").bounding_box()
        scale = place["width"] / self.size[0]
        x0, y0, x1, y1 = (place["xy"[at % 2]] + value * scale for at, value in enumerate(box))
        self.page.mouse.move(x0, y0)
        self.page.mouse.down()
        self.page.mouse.move((x0 + x1) / 2, (y0 + y1) / 2)
        self.page.mouse.move(x1, y1)
        self.page.mouse.up()
        self.pointer += 1

    def score(self, what: str) -> None:
        idf1 = score_sequence(self.truth, corrected(read_run(self.run)).tracks).idf1
        print(f"{what:30} IDF1 {idf1:.2f}  {self.keys} keys, {self.pointer} uses of the pointer", flush=True)


def label(run: Path, truth: list[Any]) -> None:
    command = [sys.executable, "-m", "tools", "review", str(run), "--no-browser"]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    found = re.search(r"http://\S+/", server.stdout.readline())
    assert found
    facts = read_run(run)
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
            page = browser.new_page(viewport={"width": 1440, "height": 900})
            page.goto(found[0])
            page.wait_for_selector("#picture[data-frame]")
            annotator = Annotator(page, run, truth, (facts.width, facts.height))
            for step, *given in [("score", "as tracked"), *PLAN]:
                getattr(annotator, step)(*given)
            browser.close()
    finally:
        server.send_signal(signal.SIGINT)


if __name__ == "__main__":
    with TemporaryDirectory() as folder:
        again = Path(shutil.copytree(sys.argv[1], Path(folder) / "run"))
        (again / "edits.json").unlink(missing_ok=True)
        label(again, read_truth(Path(sys.argv[2]))[:FRAMES])
