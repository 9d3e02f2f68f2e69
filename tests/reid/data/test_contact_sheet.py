import cv2
import numpy as np

from reid.data.contact_sheet import CAPTION, GAP, TILE, contact_sheet
from reid.data.crops import Crop


def test_a_sheet_has_a_row_a_person_with_crops_along_time_and_joints(tmp_path):
    def crop(person, frame):
        path = tmp_path / f"{person}_{frame}.png"
        cv2.imwrite(str(path), np.full((64, 32, 3), 20 * frame, np.uint8))
        joints = np.full((17, 2), np.nan)
        joints[0] = 16, 10
        return Crop(path, person, -1, "a", frame, frame / 25, joints if person == 1 else None)

    crops = [crop(person, frame) for person in (1, 2, 5) for frame in (10, 0, 2, 6)]
    sheet = contact_sheet(crops, rows=2, columns=3)
    wide = TILE[1] + GAP
    assert sheet.shape == (2 * (TILE[0] + GAP), CAPTION + 3 * wide, 3)
    middles = [CAPTION + column * wide + TILE[1] // 2 for column in range(3)]
    assert [int(sheet[100, x, 0]) for x in middles] == [0, 120, 200]  # frames 0, 6, 10 of 0, 2, 6, 10
    assert sheet[30, middles[0]].tolist() == [255, 255, 255]  # the joint, three times as large
    below = TILE[0] + GAP
    assert sheet[below + 30, middles[0]].tolist() == [0, 0, 0]  # person 5 has no landmarks
    assert contact_sheet(crops[:2], rows=5, columns=9).shape[1] == CAPTION + 2 * wide


def test_wide_pictures_keep_their_proportions_and_unreadable_ones_are_crossed_out(tmp_path):
    cv2.imwrite(str(tmp_path / "wide.png"), np.full((50, 100, 3), 90, np.uint8))
    crops = [Crop(tmp_path / name, 1, -1, "a", frame, 0.0) for frame, name in enumerate(["wide.png", "gone.png"])]
    sheet = contact_sheet(crops)
    column = sheet[: TILE[0], CAPTION + 10, 0]
    assert (column == 90).sum() == 48  # 50 x 96 / 100
    crossed = sheet[: TILE[0], CAPTION + TILE[1] + GAP :]
    assert crossed.min() < 200
