"""What a viewer sees: steady boxes, labels, trails, and a mark on a person found again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import matplotlib
import numpy as np
import pytest

from tracker.drawing import lettering
from tracker.drawing.colours import colour_of
from tracker.drawing.lettering import make_tab, unwritable, writable
from tracker.drawing.render import STYLES, Renderer, RenderOptions
from tracker.types import Frame, FrameTracks, InputError, Recovery

GREY = 90
FPS = 30.0
PERSON = [300.0, 200.0, 400.0, 500.0]
LABELS_ONLY = RenderOptions(boxes=False, trail=0, mark=0)
TRAIL_ONLY = RenderOptions(boxes=False, labels=False, mark=0)


def picture(width: int = 1280, height: int = 720, index: int = 0) -> Frame:
    return Frame(index, index / FPS, np.full((height, width, 3), GREY, np.uint8))


def people(
    xyxy: Sequence[Sequence[float]],
    index: int = 0,
    recovered: bool = False,
    recovery: Recovery | None = None,
    keypoints: np.ndarray | None = None,
    first: int = 1,
) -> FrameTracks:
    count = len(xyxy)
    return FrameTracks(
        index,
        index / FPS,
        np.arange(first, first + count),
        np.array(xyxy).reshape(-1, 4),
        np.ones(count),
        np.full(count, recovered),
        keypoints,
        (recovery,) if recovery else (),
    )


def touched(image: np.ndarray) -> np.ndarray:
    """(H, W) bool: pixels that are no longer the grey of `picture`."""
    return (image != GREY).any(axis=2)


def extent(mask: np.ndarray) -> tuple[int, int]:
    """Width and height of what is set."""
    rows, columns = np.nonzero(mask)
    return int(np.ptp(columns)) + 1, int(np.ptp(rows)) + 1


def test_the_frame_itself_stays_untouched() -> None:
    frame = picture()
    assert frame.image is not None
    frame.image.flags.writeable = False
    drawn = Renderer().draw(frame, people([PERSON]))
    assert drawn.shape == frame.image.shape
    assert drawn.dtype == np.uint8
    assert touched(drawn).any()
    assert not touched(frame.image).any()


def test_an_empty_stage_is_left_as_it_is() -> None:
    assert not touched(Renderer().draw(picture(), FrameTracks.empty(0, 0.0))).any()


def test_a_frame_without_a_picture_is_refused() -> None:
    with pytest.raises(InputError, match="frame 4 has no picture"):
        Renderer().draw(Frame(4, 0.1, None), FrameTracks.empty(4, 0.1))


def test_a_box_stands_in_its_colour_around_its_person() -> None:
    drawn = Renderer(RenderOptions(labels=False, trail=0)).draw(picture(), people([PERSON]))
    for x, y in [(300, 350), (400, 350), (350, 200), (350, 500)]:
        assert np.abs(drawn[y - 1 : y + 2, x - 1 : x + 2].astype(int) - colour_of(1)).sum(axis=2).min() < 30
    assert not touched(drawn)[220:480, 320:380].any()


@pytest.mark.parametrize("size", [(640, 360), (360, 640), (1280, 720), (3840, 2160)])
def test_lines_and_letters_grow_with_the_picture(size: tuple[int, int]) -> None:
    width, height = size
    scale = np.sqrt(width * height) / np.sqrt(1280 * 720)
    box = [[0.4 * width, 0.3 * height, 0.6 * width, 0.6 * height]]
    label = extent(touched(Renderer(LABELS_ONLY).draw(picture(width, height), people(box))))
    reference = extent(touched(Renderer(LABELS_ONLY).draw(picture(), people([PERSON]))))
    assert label[1] == pytest.approx(max(16, reference[1] * scale), rel=0.12)
    lines = Renderer(RenderOptions(labels=False, trail=0)).draw(picture(width, height), people(box))
    smoothing = 3
    thickness = touched(lines)[height // 2 - height // 20].sum() / 2 - smoothing
    assert thickness == pytest.approx(max(4, 4 * scale), abs=1)


def test_labels_cover_no_head_in_the_drawn_picture() -> None:
    crowd = [[100 + 170 * i, 60 + 90 * (i % 3), 240 + 170 * i, 430 + 90 * (i % 3)] for i in range(6)]
    cover = touched(Renderer(LABELS_ONLY).draw(picture(), people(crowd)))
    for left, top, right, bottom in np.array(crowd).astype(int):
        assert not cover[top : top + (bottom - top) // 4, left:right].any()
    assert cover.any()


def test_a_name_takes_the_place_of_the_id() -> None:
    named = RenderOptions(boxes=False, trail=0, names={1: "Rosalinde"})
    wide = extent(touched(Renderer(named).draw(picture(), people([PERSON]))))
    narrow = extent(touched(Renderer(LABELS_ONLY).draw(picture(), people([PERSON]))))
    assert wide[0] > 3 * narrow[0]
    assert wide[1] == narrow[1]


def test_someone_found_again_is_marked_for_a_second_and_no_longer() -> None:
    renderer = Renderer(RenderOptions(labels=False, trail=0))
    plain = touched(Renderer(RenderOptions(labels=False, trail=0)).draw(picture(), people([PERSON])))
    marked = []
    for index in range(45):
        back = Recovery(5, 5 / FPS, 1, away=4.2) if index == 5 else None
        drawn = touched(renderer.draw(picture(index=index), people([PERSON], index, recovery=back)))
        marked.append(drawn.sum() > 1.5 * plain.sum())
    assert marked == [5 <= index < 35 for index in range(45)]


@pytest.mark.parametrize(
    "event",
    [
        Recovery(0, 0.0, 1, away=0.0, similarity=0.8, margin=0.01, exchanged=True),
        Recovery(0, 0.0, 1, away=0.29),
        Recovery(0, 0.0, 1, away=4.2, across_cut=True),
    ],
)
def test_blinks_corrections_and_camera_cuts_are_not_told(event: Recovery) -> None:
    plain = Renderer().draw(picture(), people([PERSON]))
    assert np.array_equal(Renderer().draw(picture(), people([PERSON], 0, True, event)), plain)


def test_the_mark_shows_how_long_the_person_was_away_and_that_there_is_doubt() -> None:
    def label_width(recovery: Recovery | None) -> int:
        options = RenderOptions(boxes=False, trail=0)
        drawn = Renderer(options).draw(picture(), people([[*PERSON]], 0, recovery=recovery))
        below = touched(drawn)[500:530, 300:]
        return extent(below)[0]

    known = Recovery(0, 0.0, 1, away=4.2, similarity=0.8, margin=0.3)
    doubted = Recovery(0, 0.0, 1, away=4.2, similarity=0.8, margin=0.01)
    widths = [label_width(None), label_width(known), label_width(doubted)]
    assert widths == sorted(set(widths))


def test_a_doubtful_recovery_has_a_dashed_box() -> None:
    doubted = Recovery(0, 0.0, 1, away=4.2, similarity=0.8, margin=0.01)
    sure = Recovery(0, 0.0, 1, away=4.2, similarity=0.8, margin=0.3)

    def side(recovery: Recovery) -> np.ndarray:
        drawn = Renderer(RenderOptions(labels=False, trail=0)).draw(picture(), people([PERSON], 0, True, recovery))
        return touched(drawn)[220:480, 298:303].any(axis=1)

    assert side(sure).all()
    assert 0.3 < side(doubted).mean() < 0.8


def test_word_of_a_recovery_that_comes_late_still_counts() -> None:
    renderer = Renderer(RenderOptions(labels=False, trail=0))
    renderer.draw(picture(), people([PERSON], 0, recovered=True))
    late = Recovery(0, 0.0, 1, away=4.2, similarity=0.8, margin=0.01)
    drawn = renderer.draw(picture(index=6), people([PERSON], 6, recovery=late))
    assert 0.3 < touched(drawn)[220:480, 298:303].any(axis=1).mean() < 0.8


def walk(fps: float, seconds: float, options: RenderOptions = TRAIL_ONLY) -> np.ndarray:
    """The last picture of a person walking to the right at 200 pixels a second."""
    renderer = Renderer(options)
    image = np.zeros(0)
    for index in range(round(seconds * fps) + 1):
        time = index / fps
        box = np.array([[100 + 200 * time, 200, 200 + 200 * time, 500]])
        tracks = FrameTracks(index, time, [1], box, [1.0], [False])
        image = renderer.draw(Frame(index, time, np.full((720, 1280, 3), GREY, np.uint8)), tracks)
    return image


@pytest.mark.parametrize("fps", [15.0, 30.0, 60.0])
def test_a_trail_is_a_second_long_whatever_the_frame_rate(fps: float) -> None:
    width, _ = extent(touched(walk(fps, 3.0)))
    assert width == pytest.approx(200, abs=2 * 200 / fps + 6)


def test_a_trail_leads_from_frame_to_frame_however_few_there_are_a_second() -> None:
    """Three frames, 0.6 s apart: both steps of 120 pixels are on a trail of two seconds."""
    trail = touched(walk(1 / 0.6, 1.2, replace(TRAIL_ONLY, trail=2.0)))
    assert extent(trail)[0] == pytest.approx(240, abs=10)


def test_a_trail_fades_with_age() -> None:
    image = walk(30.0, 3.0)
    strength = np.abs(image[500, :, :].astype(int) - GREY).sum(axis=1)  # feet are at x = 750 now
    assert strength[740] > 1.5 * strength[650] > 2 * strength[580] > 0
    assert strength[540] == 0


def test_no_trail_leads_across_an_absence() -> None:
    renderer = Renderer(TRAIL_ONLY)
    renderer.draw(picture(index=0), people([[100, 100, 200, 300]], 0))
    drawn = renderer.draw(picture(index=12), people([[900, 300, 1000, 600]], 12, recovered=True))
    assert not touched(drawn).any()


def test_no_trail_leads_across_a_camera_cut() -> None:
    renderer = Renderer(TRAIL_ONLY)
    for index in range(5):
        renderer.draw(picture(index=index), people([[100 + 30 * index, 100, 200 + 30 * index, 300]], index))
    assert not touched(renderer.draw(picture(index=5), replace(FrameTracks.empty(5, 5 / FPS), cut=True))).any()


def test_no_trail_leads_to_where_a_person_cannot_have_gone() -> None:
    """200 pixels tall: 199 within a frame are a leap, 800 are another person who has the id now."""
    for far, drawn in ((199, True), (800, False)):
        renderer = Renderer(TRAIL_ONLY)
        renderer.draw(picture(index=0), people([[100, 100, 200, 300]], 0))
        picture_then = renderer.draw(picture(index=1), people([[100 + far, 100, 200 + far, 300]], 1))
        assert touched(picture_then).any() == drawn


def test_the_light_is_at_once_on_the_person_who_has_the_id_now() -> None:
    """White before, white where the light falls: it does not glide over the floor between the two places."""
    renderer = Renderer(style="spotlight")
    for index in range(10):
        renderer.draw(picture(index=index), people([[100, 200, 200, 500]], index))
    lit = renderer.draw(picture(index=10), people([[900, 200, 1000, 500]], 10))
    assert (lit[350, 950] == GREY).all()
    assert (lit[350, [150, 500, 700]] < GREY / 2).all()


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize(
    "options", [RenderOptions(), RenderOptions(trail=0, mark=0)], ids=["usual", "no trail, no mark"]
)
def test_a_picture_is_the_same_when_drawing_begins_as_long_before_it_as_the_style_remembers(
    style: str, options: RenderOptions
) -> None:
    """Someone walks across the picture; where light, trail and label are at 5 s does not show where it began."""

    def drawn_from(first: int) -> np.ndarray:
        renderer = Renderer(options, style)
        for index in range(first, 151):
            image = renderer.draw(picture(480, 270, index), people([[60 + 2 * index, 80, 100 + 2 * index, 200]], index))
        return image.astype(int)

    memory = Renderer(options, style).memory
    assert np.abs(drawn_from(0) - drawn_from(150 - round(memory * FPS))).max() <= 2


def test_a_trail_outlives_its_person_for_a_moment() -> None:
    renderer = Renderer(TRAIL_ONLY)
    for index in range(10):
        renderer.draw(picture(index=index), people([[100 + 20 * index, 100, 200 + 20 * index, 300]], index))
    assert touched(renderer.draw(picture(index=15), FrameTracks.empty(15, 0.5))).any()
    assert not touched(renderer.draw(picture(index=60), FrameTracks.empty(60, 2.0))).any()


def test_a_skeleton_connects_the_joints_that_are_seen() -> None:
    joints = np.zeros((1, 17, 3), np.float32)
    joints[0, 11] = [340, 350, 0.9]  # left hip
    joints[0, 13] = [340, 420, 0.9]  # left knee
    joints[0, 15] = [340, 480, 0.2]  # left ankle, unsure
    bare = RenderOptions(boxes=False, labels=False, trail=0, skeleton=True)
    drawn = touched(Renderer(bare).draw(picture(), people([PERSON], keypoints=joints)))
    assert drawn[385, 340]
    assert not drawn[450, 340]
    assert not touched(
        Renderer(RenderOptions(boxes=False, labels=False, trail=0)).draw(picture(), people([PERSON]))
    ).any()


def test_boxes_may_reach_beyond_the_picture() -> None:
    outside = [[-50, -80, 60, 150], [1200, 600, 1400, 900], [2000, 2000, 2100, 2100], [5, 5, 5.2, 5.1]]
    renderer = Renderer()
    for index in range(4):
        renderer.draw(picture(index=index), people(outside, index, recovered=index == 2))


@pytest.mark.parametrize("style", ["spotlight", "blur"])
@pytest.mark.filterwarnings("error")
def test_a_box_of_no_size_has_no_light(style: str) -> None:
    """Such as a detector of others may give; its corner is in the middle of a cell of the mask."""
    image = np.full((80, 80, 3), 200, np.uint8)
    drawn = Renderer(style=style).draw(image, FrameTracks(0, 0.0, [1], [[44, 44, 44, 44]], [0.9], [False]))
    dark = Renderer(style=style).draw(image, FrameTracks.empty(0, 0.0))
    assert np.array_equal(drawn[:32], dark[:32])


def test_letters_are_smooth_and_dark_on_bright() -> None:
    tab = make_tab("8", "", colour_of(1), 40)
    levels = np.unique(tab.ink[tab.ink.shape[0] // 2])
    assert len(levels) > 10  # antialiased: many levels between ink and plate
    assert tab.ink[10:-10, 10:-10].min() < 60 * 255


@pytest.fixture
def dejavu(monkeypatch: pytest.MonkeyPatch) -> str:
    """The only font of the system: DejaVu Sans, which comes with Matplotlib and has Greek and some emoji."""
    file = str(Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf")
    monkeypatch.setattr(lettering, "_system_fonts", lambda: (file,))
    lettering._system_font.cache_clear()
    lettering.writable.cache_clear()
    return file


def test_each_letter_is_written_in_a_font_that_has_it(dejavu: str) -> None:
    pieces = writable("Ada \N{GREEK SMALL LETTER ALPHA}\N{GRINNING FACE}", 20)
    assert [letters for letters, _ in pieces] == ["Ada ", "\N{GREEK SMALL LETTER ALPHA}\N{GRINNING FACE}"]
    assert [font.path for _, font in pieces][1:] == [dejavu]
    assert unwritable("Ada \N{GRINNING FACE}\N{VARIATION SELECTOR-16}") == ""


def test_words_from_right_to_left_stand_in_one_piece_and_so_in_their_order(dejavu: str) -> None:
    """Cut at the space, the first word would stand on the left of the second."""
    for name in ("\u0634\u0631\u0647 \u0643\u0647\u0646", "Zo\xe9 \u0645\u062d\u0645\u062f \u0639\u0644\u064a"):
        ((letters, font),) = writable(name, 20)
        assert (letters, font.path) == (name, dejavu)


def test_what_no_font_has_loses_its_accents_or_is_told(dejavu: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert unwritable("\u674e Ada \u674e\u738b") == "\u674e\u738b"
    assert unwritable("\ubc15") == "\ubc15"  # a Korean syllable, not the letters it is made of
    monkeypatch.setattr(lettering, "_system_fonts", tuple)
    lettering._system_font.cache_clear()
    lettering.writable.cache_clear()
    assert "".join(letters for letters, _ in writable("V\N{LATIN SMALL LETTER U WITH HORN AND ACUTE}", 20)) == "Vu"
    assert unwritable("Zo\xe9") == ""


def test_a_name_that_cannot_be_written_gives_way_to_the_id(dejavu: str) -> None:
    tracks = people([PERSON])
    drawn = [Renderer(RenderOptions(names=names)).draw(picture(), tracks) for names in ({1: "\u674e"}, {}, {1: "Li"})]
    assert np.array_equal(drawn[0], drawn[1])
    assert not np.array_equal(drawn[0], drawn[2])


def test_options_that_make_no_sense_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="trail must be 0 or more seconds, not -1"):
        RenderOptions(trail=-1)
    with pytest.raises(InputError, match="scale must be more than 0, not 0"):
        RenderOptions(scale=0)
    (tmp_path / "letter.ttf").write_text("no font")
    with pytest.raises(InputError, match=r"letter\.ttf cannot be read as a font"):
        RenderOptions(font=tmp_path / "letter.ttf")
