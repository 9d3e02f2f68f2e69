"""When the frames of a run were."""

from pathlib import Path

import pytest

from tools.run.frame_times import frame_times

HEAD = "frame,time,id,name,x1,y1,x2,y2,score,recovered\n"


def written(folder: Path, *rows: str) -> Path:
    table = folder / "tracks.csv"
    table.write_text(HEAD + "".join(f"{row},1,,0,0,9,9,0.9,0\n" for row in rows))
    return table


def test_times_are_those_of_the_table_and_between_them_on_straight_lines(tmp_path: Path):
    """Ten a second, but for a pause of 0.8 s before frame 3; of frame 2, 4 and 5 the table knows nothing."""
    table = written(tmp_path, "0,0.000", "0,0.000", "1,0.100", "3,1.100")
    assert frame_times(table, 6, 1, 10.0).tolist() == pytest.approx([0.0, 0.1, 0.6, 1.1, 1.2, 1.3])


def test_the_first_frame_is_at_the_beginning_and_every_other_one_may_be_tracked(tmp_path: Path):
    """Twenty a second in the source, of which every second one was tracked."""
    table = written(tmp_path, "4,0.400", "6,0.500")
    assert frame_times(table, 5, 2, 10.0).tolist() == pytest.approx([0.0, 0.2, 0.4, 0.5, 0.6])


@pytest.mark.parametrize("rows", [(), ("2,0.5", "3,0.4"), ("two,0.5",)])
def test_without_times_that_rise_the_frame_rate_is_constant(tmp_path: Path, rows: tuple[str, ...]):
    assert frame_times(written(tmp_path, *rows), 3, 1, 10.0).tolist() == pytest.approx([0.0, 0.1, 0.2])
    assert frame_times(tmp_path / "nothing.csv", 2, 1, 10.0).tolist() == pytest.approx([0.0, 0.1])
