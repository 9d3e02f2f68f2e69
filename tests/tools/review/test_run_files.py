"""A run without its page: what edits make of its tracks, doubtful moments, spare boxes, and files that are none."""

from __future__ import annotations

import json
import os
import socket
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tools.convert import ConvertCommand
from tools.review.corrections import corrected, write_corrected
from tools.review.edit_file import Review
from tools.review.learning import write_people
from tools.review.offers import SpareBoxes, offers
from tools.review.place_table import PlaceTable
from tools.review.run_answers import RunAnswers
from tools.review.run_tracks import read_run_tracks
from tools.review_run import ReviewCommand
from tools.run.doubtful_moments import found_in, told
from tools.run.run_events import tracks_with_events
from tools.run.tracked_run import read_run
from tools.scoring.score_files import POOLED, evaluate
from tracker.results.cast_file import read_cast
from tracker.results.moments import Moment, MomentFinder
from tracker.results.mot_files import read_tracks
from tracker.types import FrameTracks, InputError

TWO = {1: [(0, 0, 29)], 2: [(1, 0, 29)]}


def edited(run: Path, *edits: dict[str, Any]) -> Path:
    (run / "edits.json").write_text(json.dumps({"version": 1, "edits": list(edits)}), encoding="utf-8")
    return run


def found(run: Path) -> list[Moment]:
    return MomentFinder(read_run_tracks(read_run(run)).rows).found()


def recovery(frame: int, **facts: Any) -> dict[str, Any]:
    usual = {"away": 0.0, "margin": 0.3, "exchanged": False, "remembered": False}
    return {"recoveries": [{**usual, "frame": frame, "time": frame / 30, **facts}]}


def test_without_edits_the_run_stays_as_it_was_tracked(tmp_path: Path, make_run: Callable[..., Path]):
    run = make_run(tmp_path / "run", TWO, id2={"name": "Bea"})
    result = corrected(read_run(run))
    assert [rows.ids.tolist() for rows in result.tracks] == [[1, 2]] * 30
    assert result.names == {2: "Bea"}


def test_frames_keep_their_times_and_camera_cuts_explain_absences(tmp_path: Path, make_run: Callable[..., Path]):
    """Frame n is at n / 10 s where the mean rate says n / 30; 1 is away for 0.9 s, across a cut, and 2 for 0.6."""
    run = make_run(tmp_path / "run", {1: [(0, 0, 9), (0, 18, 29)], 2: [(1, 0, 20), (1, 26, 29)]})
    (run / "tracks.csv").write_text("".join(f"{frame},{frame / 10:.3f},1,\n" for frame in range(30)))
    overview = json.loads((run / "tracks.json").read_text())
    (run / "tracks.json").write_text(json.dumps({**overview, "camera_cuts": [1.1], "camera_cut_frames": [11]}))
    data = read_run_tracks(read_run(run))
    out = write_corrected(data, Review(data), 0.0)
    rows = [line.split(",") for line in (out / "tracks.csv").read_text().splitlines()[1:]]
    assert all(float(row[1]) == pytest.approx(int(row[0]) / 10) for row in rows)
    written = json.loads((out / "tracks.json").read_text())
    assert (written["camera_cuts"], written["camera_cut_frames"]) == ([1.1], [11])
    assert written["summary"]["recoveries"] == 1  # of 2 alone
    answers = RunAnswers(data, Review(data), fill_gaps=0.0)
    assert answers.described_data()["times"][:3] == [0.0, 0.1, 0.2]
    assert [person["seconds"] for person in answers.described_people()["people"]] == pytest.approx([2.0, 2.3])


def test_who_is_in_every_frame_never_comes_back(tmp_path: Path, make_run: Callable[..., Path]):
    """Frames are a second apart; 2 alone is missing in one of them, frame 20."""
    run = make_run(tmp_path / "run", {1: [(0, 0, 29)], 2: [(1, 0, 19), (1, 21, 29)]})
    (run / "tracks.csv").write_text("".join(f"{frame},{frame:.3f},1,\n" for frame in range(30)))
    events = [event for rows in corrected(read_run(run), fill_gaps=0.0).tracks for event in rows.recoveries]
    assert [(event.id, event.frame, event.away) for event in events] == [(2, 21, 2.0)]


def test_a_return_that_no_edit_touched_keeps_its_similarity(tmp_path: Path, make_run: Callable[..., Path]):
    """Three come back in frame 28. 1 and 2 come back as each other, so the tracker's word holds for 3 alone, who is
    4 by now. Corrected files and what `render` draws tell the same."""
    pieces = {id: [(id - 1, 0, 9), (id - 1, 28, 29)] for id in (1, 2, 3)}
    run = make_run(tmp_path / "run", pieces, **{f"id{id}": recovery(28, away=0.6, similarity=0.9) for id in pieces})
    edited(
        run,
        {"do": "swap", "video": "dance", "people": [1, 2], "from_frame": 20},
        {"do": "give", "video": "dance", "person": 3, "to": "new", "from_frame": 0},
    )
    data = read_run_tracks(read_run(run))
    write_corrected(data, Review(data), 0.0)
    for tracks in (corrected(read_run(run)).tracks, tracks_with_events(read_run(run).corrected(), 0.5)):
        events = [event for rows in tracks for event in rows.recoveries]
        assert [(event.id, event.frame) for event in events] == [(1, 28), (2, 28), (4, 28)]
        assert [(event.similarity, event.margin) for event in events] == [(None, None), (None, None), (0.9, 0.3)]


def test_who_is_known_from_the_cast_file_is_so_in_the_corrected_files_unless_given_away(
    tmp_path: Path, make_run: Callable[..., Path]
):
    """1, 2 and 3 are recognised in frame 2. 1 begins earlier by now, 2 is someone new, and 3 is as it was; corrected
    files and what `render` draws tell the same."""
    pieces = {1: [(0, 2, 29)], 2: [(1, 2, 29)], 3: [(2, 2, 29)], 4: [(0, 0, 1)]}
    told = recovery(2, away=0.0, similarity=0.9, remembered=True)
    run = make_run(tmp_path / "run", pieces, id1=told, id2=told, id3=told)
    edited(
        run,
        {"do": "merge", "people": [1, 4]},
        {"do": "give", "video": "dance", "person": 2, "to": "new", "from_frame": 0},
    )
    data = read_run_tracks(read_run(run))
    out = write_corrected(data, Review(data), 0.0)
    assert json.loads((out / "tracks.json").read_text())["summary"]["remembered"] == 2
    for tracks in (corrected(read_run(run)).tracks, tracks_with_events(read_run(run).corrected(), 0.5)):
        events = [event for rows in tracks for event in rows.recoveries]
        assert [(event.id, event.frame, event.time, event.similarity) for event in events] == [
            (1, 0, 0.0, 0.9),
            (3, 2, pytest.approx(2 / 30), 0.9),
        ]
        assert all(event.remembered for event in events)
        assert not any(rows.recovered.any() for rows in tracks)


def test_what_was_filled_in_while_tracking_is_no_box_to_the_review(tmp_path: Path, make_run: Callable[..., Path]):
    """Its rows have the score 0; the review fills the gap itself, or leaves it where that was not wanted."""
    run = make_run(tmp_path / "run", TWO)
    rows = [line.split(",") for line in (run / "tracks.txt").read_text().splitlines()]
    for row in rows:
        row[6] = "0" if row[1] == "2" and row[0] in ("11", "12") else row[6]
    (run / "tracks.txt").write_text("".join(",".join(row) + "\n" for row in rows))
    data = read_run_tracks(read_run(run))
    assert (len(data.columns.person), len(data.rows.person)) == (58, 58)
    assert corrected(read_run(run)).tracks[10].score.tolist() == [pytest.approx(0.9), 0.0]
    assert len(corrected(read_run(run), fill_gaps=0.0).tracks[10]) == 1


def test_edits_change_ids_names_and_boxes_and_short_gaps_are_filled(tmp_path: Path, make_run: Callable[..., Path]):
    run = make_run(tmp_path / "run", {1: [(0, 0, 9), (0, 14, 29)], 5: [(1, 0, 29)], 6: [(2, 3, 4)]})
    edited(
        run,
        {"do": "delete", "people": [6]},
        {"do": "rename", "person": 5, "name": "Zoé"},
        {"do": "give", "video": "dance", "person": 5, "to": "new", "from_frame": 20},
    )
    result = corrected(read_run(run), fill_gaps=0.2)  # 6 frames
    assert [rows.ids.tolist() for rows in result.tracks] == [[1, 5]] * 20 + [[1, 7]] * 10
    assert result.names == {5: "Zoé"}
    filled = result.tracks[12]
    assert filled.score.tolist() == [0.0, pytest.approx(0.9)]
    assert filled.xyxy[0].tolist() == [34, 40, 64, 140]  # two pixels a frame from 10
    assert len(corrected(read_run(run), fill_gaps=0.1).tracks[12]) == 1


def test_stretches_change_hands_at_once(tmp_path: Path, make_run: Callable[..., Path]):
    run = make_run(tmp_path / "run", {id: [(id - 1, 0, 29)] for id in (1, 2, 3)})
    cycle = [{"person": one, "to": to, "from_frame": 5, "to_frame": 9} for one, to in ((1, 2), (2, 3), (3, 1))]
    edited(run, {"do": "reassign", "video": "dance", "stretches": cycle})
    tracks = corrected(read_run(run)).tracks
    assert tracks[7].xyxy[:, 0].tolist() == [10 + 140 + 14, 10 + 14, 10 + 70 + 14]  # where 3, 1 and 2 were


def test_who_is_named_twice_in_a_merge_does_not_give_way_to_themselves(tmp_path: Path, make_run: Callable[..., Path]):
    run = make_run(tmp_path / "run", TWO)
    edited(run, {"do": "merge", "people": [1, 2, 1]})
    assert [rows.xyxy[:, 0].tolist() for rows in corrected(read_run(run)).tracks] == [[10 + 2 * at] for at in range(30)]


def test_a_moment_is_looked_at_once_and_one_that_there_is_not_never(tmp_path: Path, make_run: Callable[..., Path]):
    people = {1: [(0, 0, 9), (1, 11, 18), (0, 19, 29)], 2: [(1, 0, 9), (1, 20, 29)]}
    run = make_run(tmp_path / "run", people)
    review = Review(read_run_tracks(read_run(run)))
    (moment,) = review.data.moments
    review.add(look := {"do": "look", "moments": [moment.key]})
    assert Review(read_run_tracks(read_run(run))).labelled.looked == {moment.key}
    with pytest.raises(InputError, match="that is so already"):
        review.add(look)
    with pytest.raises(InputError, match="that is so already"):
        review.add({"do": "look", "moments": [moment.key, "zork"]})


def test_those_who_had_been_away_came_back_and_those_out_of_sight_for_a_blink_did_not(
    tmp_path: Path, make_run: Callable[..., Path]
):
    blink, gone = recovery(5, away=0.2), recovery(20, away=0.5)
    run = make_run(tmp_path / "run", TWO, id1={"recoveries": blink["recoveries"] + gone["recoveries"]})
    data = read_run_tracks(read_run(run))
    first, second = RunAnswers(data, Review(data)).described_people()["people"]
    assert (first["returns"], second["returns"]) == ([[20, 0.5, 0.3]], [])


def test_an_exchange_found_late_is_doubtful_back_to_where_the_box_left_the_person(
    tmp_path: Path, make_run: Callable[..., Path]
):
    people = {1: [(0, 0, 9), (1, 10, 19), (0, 20, 29)], 2: [(1, 0, 9), (1, 20, 29)]}
    run = make_run(tmp_path / "run", people, id2=recovery(20, exchanged=True))
    data = read_run_tracks(read_run(run))
    (moment,) = found(run)
    (stretch,) = moment.fix
    assert (moment.kind, moment.frame, moment.to) == ("exchange", 10, 20)
    assert data.columns.frame[stretch.rows].tolist() == list(range(10, 20))
    assert data.columns.person[stretch.belongs] == 2


def test_a_box_on_the_line_of_somebody_unseen_is_doubtful(tmp_path: Path, make_run: Callable[..., Path]):
    people = {1: [(0, 0, 9), (1, 11, 18), (0, 19, 29)], 2: [(1, 0, 9), (1, 20, 29)]}
    (moment,) = found(make_run(tmp_path / "run", people))
    assert (moment.kind, moment.frame, moment.to) == ("taken", 11, 18)


def test_hardly_a_lead_counts_at_a_cut_only(tmp_path: Path, make_run: Callable[..., Path]):
    run = make_run(tmp_path / "run", TWO, id1=recovery(15, margin=0.01), id2=recovery(15, margin=0.2))
    assert found(run) == []
    overview = json.loads((run / "tracks.json").read_text())
    (run / "tracks.json").write_text(json.dumps(overview | {"camera_cuts": [0.5]}))
    assert [(moment.kind, moment.frame) for moment in found(run)] == [("return", 15)]


def test_the_page_of_a_run_and_the_review_tell_the_same_moments_in_the_same_words(
    tmp_path: Path, make_run: Callable[..., Path]
):
    people = {1: [(0, 0, 9), (1, 11, 18), (0, 19, 29)], 2: [(1, 0, 9), (1, 20, 29)]}
    run = make_run(tmp_path / "run", people, id2={"name": "Bea"})
    data = read_run_tracks(read_run(run))
    (shown,) = RunAnswers(data, Review(data)).described_people()["moments"]
    (listed,) = told(found_in(run), {2: "Bea"}, lambda frame: frame / 30)
    assert shown["told"] == listed.words == "Until 0:00.6, the box of person 1 may be around \u2068Bea\u2069."
    assert (listed.time, listed.until, listed.people) == (11 / 30, 18 / 30, (1, 2))
    edited(run, {"do": "reassign", "video": "dance", "stretches": shown["fix"]})
    (mended,) = RunAnswers(data, Review(data)).described_people()["moments"]
    assert mended["mended"]
    assert mended["told"] == "\u2068Bea\u2069 may have been mixed up until 0:00.6."


def test_unused_boxes_are_offered_as_far_as_they_go_on_and_nobody_has_them(
    tmp_path: Path, make_run: Callable[..., Path]
):
    people = {1: [(0, 0, 5), (0, 20, 29)], 2: [(1, 0, 29)]}
    data = read_run_tracks(read_run(make_run(tmp_path / "run", people, [(0, 6, 9), (1, 10, 12), (0, 17, 19)])))
    places = PlaceTable("dance", 0, 1).take(Review(data).labelled)
    spare = SpareBoxes(data.unused)
    spare.leave_out(places)
    assert [offer.frame.tolist() for offer in offers(places[1], spare, 1, 29)] == [[6, 7, 8, 9, 17, 18, 19]]
    assert spare.at(11).tolist() == []
    assert spare.at(8)[0].tolist() == [26, 40, 56, 140]


def test_what_somebody_else_takes_is_offered_no_more_until_it_is_given_back(
    tmp_path: Path, make_run: Callable[..., Path]
):
    people = {1: [(0, 0, 5), (0, 20, 29)], 2: [(1, 0, 29)]}
    data = read_run_tracks(read_run(make_run(tmp_path / "run", people, [(0, 6, 9)])))
    review = Review(data)
    answers = RunAnswers(data, review)
    offered = answers.offered()[1]
    assert [offer.frame.tolist() for offer in offered] == [[6, 7, 8, 9]]
    taken = {"frames": [6, 7, 8, 9], "xyxy": offered[0].xyxy.tolist()}
    review.add({"do": "boxes", "video": "dance", "person": 2, **taken})
    assert answers.offered() == {1: [], 2: []}
    review.undo()
    assert [offer.frame.tolist() for offer in answers.offered()[1]] == [[6, 7, 8, 9]]


def test_the_export_is_mot_truth_also_a_second_time(tmp_path: Path, make_run: Callable[..., Path], capsys: Any):
    run = make_run(tmp_path / "run", TWO)
    for people in ([1, 2], [2]):
        edited(run, {"do": "keep", "people": people})
        ReviewCommand(run, export=True).run()
        assert capsys.readouterr().out == f"{run / 'corrected'}\n"
        assert [rows.ids.tolist() for rows in read_tracks(run / "corrected" / "gt" / "gt.txt")] == [people] * 30
    assert sorted(path.name for path in run.iterdir() if path.name.startswith(".")) == []
    with pytest.raises(InputError, match=r"there is no .*gone\.mp4: --video says where the run's video is now"):
        ReviewCommand(run, video=tmp_path / "gone.mp4", export=True).run()


def test_a_folder_of_crops_is_cut_from_the_video(tmp_path: Path, make_run: Callable[..., Path]):
    run = make_run(tmp_path / "run", TWO)
    data = read_run_tracks(read_run(run))
    assert write_people(data, Review(data), tmp_path / "people") == 12  # every fifth of 30 frames, two people
    assert len(list((tmp_path / "people" / "images").iterdir())) == 12
    with pytest.raises(InputError, match="holds these people already: name a new folder"):
        write_people(data, Review(data), tmp_path / "people")
    assert (tmp_path / "people" / "crops.csv").read_text().count("\n") == 13


def test_boxes_on_a_line_that_was_asked_for_give_no_crops(tmp_path: Path, make_run: Callable[..., Path]):
    run = make_run(tmp_path / "run", TWO)
    edited(run, {"do": "between", "video": "dance", "person": 1, "from_frame": 3, "to_frame": 12})  # over 5 and 10
    data = read_run_tracks(read_run(run))
    assert write_people(data, Review(data), tmp_path / "people") == 10


def test_the_people_put_right_become_the_cast_of_the_next_video(
    tmp_path: Path, make_run: Callable[..., Path], capsys: Any
):
    run = make_run(tmp_path / "run", {1: [(0, 0, 29)], 2: [(1, 0, 29)], 3: [(2, 0, 9)], 4: [(2, 10, 29)]})
    overview = json.loads((run / "tracks.json").read_text())
    overview["video"]["fps"] = 10
    (run / "tracks.json").write_text(json.dumps(overview))
    edited(run, {"do": "merge", "people": [3, 4]}, {"do": "rename", "person": 2, "name": "Zoé"})
    ReviewCommand(run, save_cast=tmp_path / "group.cast", reid="histogram").run()
    assert capsys.readouterr().out == f"cast of 3 saved in {tmp_path / 'group.cast'}\n"
    members = read_cast(tmp_path / "group.cast").members
    assert [(member.id, member.name) for member in members] == [(1, ""), (2, "Zoé"), (3, "")]
    # every fifth frame of 10 a second: views at 0, 0.5, ... 2.5 s, those of the two pieces together
    assert [len(member.embeddings) for member in members] == [6, 6, 6]
    with pytest.raises(InputError, match=r"group\.cast exists"):
        ReviewCommand(run, save_cast=tmp_path / "group.cast", reid="histogram").run()


BROKEN = {
    "tracks.txt": ["1,1,5,5,0,9,1", "1,x,5,5,9,9,1", "31,1,5,5,9,9,1", "1,1,5,5,9,1e30,1", "1,10000000,5,5,9,9,1"],
    "unused.txt": ["no,numbers", "1,-1,nan,5,9,9,1"],
    "tracks.json": [
        "{}",
        '{"video": {"source": "d", "fps": 30, "width": 9, "height": 9, "tracking": "online"}, '
        '"summary": {"frames": 1000000000000}, "people": []}',
        '{"video": {"source": "d", "fps": NaN, "width": 9, "height": 9, "tracking": "online"}, '
        '"summary": {"frames": 30}, "people": []}',
        '{"video": {"source": "d", "fps": 30, "width": 9, "height": 9, "tracking": "online"}, '
        '"summary": {"frames": 30}, "people": [{"id": 1, "recoveries": [{}]}]}',
        '{"video": {"source": "d", "fps": 30, "width": 9, "height": 9, "tracking": "online"}, '
        '"summary": {"frames": 30}, "people": 7}',
    ],
    "edits.json": [
        "[]",
        '{"version": 1, "edits": [{"do": "swap", "video": "dance", "people": [1, 9], "from_frame": 0}]}',
        '{"version": 1, "edits": [{"do": "rename", "person": 1, "name": ["Ada"]}]}',
        '{"version": 1, "edits": [{"do": "rename", "person": 1, "name": "a\\u0000b"}]}',
        '{"version": 1, "edits": [{"do": "boxes", "video": "dance", "person": 1, "frames": [1, 1], '
        '"xyxy": [[0, 0, 9, 9], [0, 0, 9, 9]]}]}',
        '{"version": 1, "edits": [{"do": "reassign", "video": "dance", "stretches": [7]}]}',
        '{"version": 1, "edits": [{"do": "rename", "person": 1, "name": "a\\u202eb"}]}',
        '{"version": 1, "edits": [{"do": "look", "moments": "all"}]}',
        '{"version": 1, "edits": [{"do": "keep", "people": []}]}',
    ],
}


@pytest.mark.parametrize(("file", "text"), [(file, text) for file, texts in BROKEN.items() for text in texts])
def test_a_file_that_is_none_ends_in_a_sentence_that_names_it(
    tmp_path: Path, make_run: Callable[..., Path], file: str, text: str
):
    run = make_run(tmp_path / "run", TWO)
    (run / file).write_text(text)
    with pytest.raises(InputError, match=file if file != "tracks.json" else "run") as caught:
        ReviewCommand(run, export=True).run()
    assert "\n" not in str(caught.value)
    assert not (run / "corrected").exists()


def test_two_people_cannot_have_one_name(tmp_path: Path, make_run: Callable[..., Path]):
    run = make_run(tmp_path / "run", TWO, id1={"name": "Ada"})
    with pytest.raises(InputError, match="'Ada' is person 1 already"):
        Review(read_run_tracks(read_run(edited(run, {"do": "rename", "person": 2, "name": " Ada "}))))


def test_links_out_of_the_run_are_not_followed(tmp_path: Path, make_run: Callable[..., Path]):
    run = make_run(tmp_path / "run", TWO)
    (tmp_path / "edits.json").write_text('{"version": 1, "edits": []}')
    (run / "edits.json").symlink_to(tmp_path / "edits.json")
    with pytest.raises(InputError, match="leads out of"):
        corrected(read_run(run))
    (run / "edits.json").unlink()
    (tmp_path / "elsewhere").mkdir()
    (run / "corrected").symlink_to(tmp_path / "elsewhere")
    data = read_run_tracks(read_run(run))
    with pytest.raises(InputError, match="move it away"):
        write_corrected(data, Review(data), 0.2)
    (run / "corrected").unlink()
    (run / "corrected").mkdir()
    (run / "corrected" / "gt").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(InputError, match="move it away"):
        write_corrected(data, Review(data), 0.2)
    assert os.listdir(tmp_path / "elsewhere") == []


def test_a_link_in_place_of_an_unfinished_file_is_not_written_through(tmp_path: Path, make_run: Callable[..., Path]):
    run = make_run(tmp_path / "run", TWO)
    outside = tmp_path / "outside"
    outside.write_text("mine")
    for name in (".edits.json.part", "coco.json.part"):
        (run / name).symlink_to(outside)
    Review(read_run_tracks(read_run(run))).add({"do": "rename", "person": 1, "name": "Ada"})
    ConvertCommand(run, ("coco",)).run()
    assert outside.read_text() == "mine"
    assert not (run / "edits.json").is_symlink()
    assert not (run / "coco.json").is_symlink()


def test_corrected_files_leave_others_alone_and_say_what_the_run_lacks(tmp_path: Path, make_run: Callable[..., Path]):
    run = make_run(tmp_path / "run", TWO)
    overview = json.loads((run / "tracks.json").read_text())
    (run / "tracks.json").write_text(json.dumps({**overview, "complete": False, "notes": ["stopped on request"]}))
    (run / "corrected").mkdir()
    (run / "corrected" / "drawn.mp4").write_text("a video")
    data = read_run_tracks(read_run(run))
    write_corrected(data, Review(data), 0.2)
    assert (run / "corrected" / "drawn.mp4").read_text() == "a video"
    told = json.loads((run / "corrected" / "tracks.json").read_text())
    assert (told["complete"], told["notes"]) == (False, ["stopped on request"])
    assert [path.name for path in run.iterdir() if path.name.endswith(".part")] == []


def test_the_runs_own_tracks_are_scored_against_the_corrected_ones(tmp_path: Path, make_run: Callable[..., Path]):
    run = make_run(tmp_path / "run", TWO)
    data = read_run_tracks(read_run(edited(run, {"do": "delete", "people": [2]})))
    write_corrected(data, Review(data), 0.2)
    score = evaluate(run / "corrected", run)[POOLED]
    assert (score.false_positives, score.false_negatives) == (30, 0)


STRANGE = [
    "/frame?video=%2Fetc%2Fpasswd&frame=0",
    "/frame?video=dance&frame=99",
    "/likeness?person=1&frame=0&x0=nan&y0=0&x1=9&y1=9",
    "/likeness?person=1&frame=0&x0=9&y0=0&x1=1&y1=9",
    "/likeness?person=1&frame=999999999999&x0=0&y0=0&x1=9&y1=9",
    "/api/boxes?from=0&to=100000",
    "/api/boxes?from=-1&to=0",
]


def test_the_server_is_on_loopback_only_and_answers_strange_requests_in_a_sentence(served_run: Any):
    addresses = {found[4][0] for found in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)}
    for address in {str(one) for one in addresses} - {"127.0.0.1"}:
        with pytest.raises(OSError):  # noqa: PT011 (refused here, unreachable there)
            socket.create_connection((address, served_run.port), timeout=2)
    for path in STRANGE:
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(served_run.url.rstrip("/") + path)
        assert refused.value.code == 400
        assert json.loads(refused.value.read())["error"]


@pytest.mark.parametrize("frame", ["[6]", '"6"', "{}"])
def test_boxes_are_taken_from_a_frame_by_its_number_only(served_run: Any, frame: str):
    with urllib.request.urlopen(f"{served_run.url}api/data") as answer:
        key = json.load(answer)["key"]
    wish = f'{{"key": "{key}", "revision": 0, "person": 1, "frame": {frame}}}'.encode()
    request = urllib.request.Request(f"{served_run.url}api/offer", wish, {"Content-Type": "application/json"})
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request)
    assert refused.value.code == 400
    assert "frame must be the number of a frame" in json.loads(refused.value.read())["error"]


def test_a_likeness_has_the_surroundings_and_the_box_and_is_not_squashed(served_run: Any):
    import cv2

    path = "likeness?person=1&frame=10&x0=30&y0=40&x1=60&y1=140"
    with urllib.request.urlopen(served_run.url + path) as answer:
        picture = cv2.imdecode(np.frombuffer(answer.read(), np.uint8), cv2.IMREAD_COLOR)
    assert picture.shape == (112, 84, 3)
    # 135 pixels of the video are 112 high here: the dancer is 83 by 25, amid grey
    dancer = (np.abs(picture.astype(int) - (60, 60, 220)).sum(axis=2) < 60).sum(axis=0)
    assert 17 <= (dancer > 40).sum() <= 27
    assert abs(int(picture[8, 8].mean()) - 40) < 12


@pytest.mark.parametrize(
    ("pieces", "unsure", "moments"),
    [
        ([(0, 0, 5), (0, 10, 29)], [[10, 29]], [(10, 29)]),  # never confirmed
        ([(0, 0, 5), (0, 10, 29)], [[10, 24]], []),  # confirmed within half a second
        ([(0, 0, 5), (0, 10, 24)], [[10, 24]], [(10, 24)]),  # and gone before it was
        ([(0, 0, 5), (0, 10, 12), (0, 20, 23)], [[10, 12], [20, 23]], [(10, 23)]),  # two that are one
        ([(0, 0, 5), (0, 10, 13)], [[10, 13]], []),  # four boxes
        ([(0, 10, 29)], [[10, 29]], []),  # nothing before it
    ],
)
def test_a_return_that_was_not_confirmed_is_doubtful(
    tmp_path: Path,
    make_run: Callable[..., Path],
    pieces: list[tuple[int, int, int]],
    unsure: list[list[int]],
    moments: list[tuple[int, int]],
):
    run = make_run(tmp_path / "run", {1: pieces, 2: [(1, 0, 29)]}, id1={"unsure_frames": unsure})
    assert [(each.kind, each.frame, each.to) for each in found(run)] == [("unsure", *each) for each in moments]


def test_what_an_exchange_tells_is_not_told_as_unsure_once_more(tmp_path: Path, make_run: Callable[..., Path]):
    people = {1: [(0, 0, 5), (1, 10, 19), (0, 20, 29)], 2: [(1, 0, 5), (0, 10, 19), (1, 20, 29)]}
    late = {"recoveries": recovery(20, exchanged=True)["recoveries"], "unsure_frames": [[10, 19]]}
    run = make_run(tmp_path / "run", people, id1=late, id2=late)
    assert {each.kind for each in found(run)} == {"exchange"}


def test_of_two_who_were_there_together_one_track_stays_and_not_now_this_and_now_that(
    tmp_path: Path, make_run: Callable[..., Path]
):
    """From frame 10 on 1 is really 2, who is there, too: the box that was pointed at counts. In a merge the first's."""
    given = {"do": "give", "video": "dance", "person": 1, "to": 2, "from_frame": 10}
    run = edited(make_run(tmp_path / "run", TWO), given)
    assert [dancer(rows, 2) for rows in corrected(read_run(run)).tracks] == [1] * 10 + [0] * 20
    assert [rows.ids.tolist() for rows in corrected(read_run(run)).tracks] == [[1, 2]] * 10 + [[2]] * 20
    run = edited(make_run(tmp_path / "merged", {1: [(0, 0, 19)], 2: [(1, 10, 29)]}), {"do": "merge", "people": [1, 2]})
    assert [dancer(rows, 1) for rows in corrected(read_run(run)).tracks] == [0] * 20 + [1] * 10


def test_who_keeps_a_box_where_a_stretch_is_given_gives_way(tmp_path: Path, make_run: Callable[..., Path]):
    """From frame 10 to 19 1's and then 3's box are 2's, who is there, too, and keeps a box: one box a frame is left,
    that of the last stretch that names the frame."""
    stretches = [
        {"person": 1, "to": 2, "from_frame": 10, "to_frame": 19},
        {"person": 3, "to": 2, "from_frame": 15, "to_frame": 19},
    ]
    people = {id: [(id - 1, 0, 29)] for id in (1, 2, 3)}
    edit = {"do": "reassign", "video": "dance", "stretches": stretches}
    review = edited(make_run(tmp_path / "run", people), edit)
    tracks = corrected(read_run(review)).tracks
    assert [dancer(rows, 2) for rows in tracks] == [1] * 10 + [0] * 5 + [2] * 5 + [1] * 10
    labelled = Review(read_run_tracks(read_run(review))).labelled
    assert sorted(labelled.frame[labelled.rows_of(2)].tolist()) == list(range(30))


def dancer(rows: FrameTracks, id: int) -> int:
    """Whose box a person has; see conftest's `box_of`."""
    return round((float(rows.xyxy[rows.ids == id][0, 0]) - 10 - 2 * rows.frame) / 70)
