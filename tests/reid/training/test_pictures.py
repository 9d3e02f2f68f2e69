from pathlib import Path

import cv2
import numpy as np
import torch

from reid.data.crops import Crop
from reid.evaluation.protocols import PROTOCOLS, Embedded, Labels
from reid.training.pictures import (
    BORDER,
    MARGIN,
    RIGHT,
    SEEN_HEIGHT,
    TILE,
    WRONG,
    loss_curves,
    picture_grid,
    retrieval_sheet,
)


def test_a_grid_holds_an_enlarged_line_in_bgr_for_each_row_and_its_name_beside_it():
    red, blue = torch.zeros(3, 3, 8, 4), torch.zeros(3, 3, 8, 4)
    red[:, 0], blue[:, 2] = 1, 2  # out of range values are clipped
    grid = picture_grid({"red": red, "": blue}, columns=2)
    assert grid.shape == (2 * SEEN_HEIGHT, MARGIN + SEEN_HEIGHT, 3)
    assert grid[0, MARGIN].tolist() == [0, 0, 255]
    assert grid[-1, -1].tolist() == [255, 0, 0]
    margin = grid[:, :MARGIN]
    assert (margin[:SEEN_HEIGHT] < 128).any()
    assert (margin[SEEN_HEIGHT:] == 255).all()


def test_pictures_that_are_large_already_are_not_enlarged():
    assert picture_grid({"large": torch.zeros(1, 3, 256, 128)}).shape == (256, MARGIN + 128, 3)


def test_a_retrieval_sheet_frames_right_and_wrong_and_skips_what_does_not_count(tmp_path: Path):
    def crop(person, camera, grey):
        path = tmp_path / f"{person}_{camera}.png"
        cv2.imwrite(str(path), np.full((20, 10, 3), grey, np.uint8))
        return Crop(path, person, camera, f"c{camera}", 0, 0.0)

    query = [crop(1, 1, 50)]
    gallery = [crop(2, 3, 100), crop(1, 2, 150), crop(1, 1, 200)]
    angles = np.radians([[0], [10], [20], [1]])
    rows = np.hstack([np.cos(angles), np.sin(angles)]).astype(np.float32)
    sheet = retrieval_sheet(
        (query, gallery),
        (Embedded(rows[:1], Labels.of(query)), Embedded(rows[1:], Labels.of(gallery))),
        PROTOCOLS["market1501"],
        5,
    )
    wide = TILE[1] + 2 * BORDER
    assert sheet.shape == (TILE[0] + 2 * BORDER, 11 * wide, 3)
    assert sheet[0, wide].tolist() == list(WRONG)
    assert sheet[60, wide + 30].tolist() == [100, 100, 100]
    assert sheet[0, 2 * wide].tolist() == list(RIGHT)
    assert (sheet[:, 3 * wide :] == 255).all()


def test_curves_have_a_panel_a_kind(tmp_path):
    rows = [{"step": step, "loss/triplet": 1 / step, "logit/pose/real": step} for step in range(1, 200)]
    figure = loss_curves([*rows, {"step": 199, "score/mAP": 0.5, "time/epoch": 3.0}])
    assert [axes.get_ylabel() for axes in figure.axes] == ["logit", "loss", "score"]
    figure.savefig(tmp_path / "curves.png")
