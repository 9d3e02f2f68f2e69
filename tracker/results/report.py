"""report.html: one self-contained page with a timeline of people beside the video."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from urllib.parse import quote

from ..drawing.colours import colour_of, css
from ..types import Recovery
from .clock import clock, span
from .formation import Formation
from .portraits import Portrait
from .presence import Person, Summary
from .report_formation import SCRIPT as FORMATION_SCRIPT
from .report_formation import STYLE as FORMATION_STYLE
from .report_formation import formation_panel
from .report_page import PAGE, SCRIPT, STYLE
from .report_people import data_address, face, named, people_cards, section, who
from .whole_files import replace_text

_MAX_TICKS = 6
_ROUND_SECONDS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600)


@dataclass(frozen=True)
class DoubtfulMoment:
    """From `time` to `until` seconds the ids of these people may be wrong; `words` is a sentence that says how."""

    time: float
    until: float
    people: tuple[int, ...]
    words: str


def write_report(
    path: Path,
    summary: Summary,
    *,
    title: str = "Followspot",
    video: str | None = "video.mp4",
    facts: Mapping[str, object] | None = None,
    names: Mapping[int, str] | None = None,
    portraits: Mapping[int, Portrait] | None = None,
    poster: bytes | None = None,
    formation: Formation | None = None,
    moments: Sequence[DoubtfulMoment] = (),
    notes: Sequence[str] = (),
) -> None:
    """Write the page of a run.

    title: usually the source's name. video: path of the drawn video relative to the page, None where there is none.
    facts: shown at the end, such as source, size, weights and versions. names: to show instead of ids. portraits:
    pictures of the people, by id. poster: JPEG to show before the video plays. formation: where people stood, None
    where that is not known. moments: what is worth a look, in the order of time. notes: sentences on what is missing,
    shown at the top.

    Raises InputError where the page cannot be written.
    """
    names, portraits = names or {}, portraits or {}
    duration = max(summary.duration, 1e-3)
    page = PAGE.substitute(
        title=escape(title),
        style=STYLE + FORMATION_STYLE,
        script=FORMATION_SCRIPT + SCRIPT,
        notes="".join(f'<p class="note" role="note">{escape(note)}</p>' for note in notes),
        facts=_made_by(facts or {}),
        figures=_figures(summary),
        player=_player(video, poster),
        duration=f"{duration:.3f}",
        timeline=_timeline(summary, duration, names, portraits, moments),
        legend=_legend(summary, video, moments),
        formation=formation_panel(formation, names),
        people=people_cards(summary.people, names, portraits),
        moments=_doubtful_moments(moments),
        recoveries=_recovery_table(summary.told, names),
    )
    replace_text(Path(path), page)


def _player(video: str | None, poster: bytes | None) -> str:
    if not video:
        return ""
    shown = f' poster="{data_address(poster)}"' if poster else ""
    return f'<video controls playsinline preload="metadata" src="{escape(quote(video))}"{shown}></video>'


def _made_by(facts: Mapping[str, object]) -> str:
    """How the results were made, at the end of the page."""
    if not facts:
        return ""
    rows = "".join(f"<div><dt>{escape(key)}</dt><dd>{escape(str(value))}</dd></div>" for key, value in facts.items())
    return (
        f'<section aria-labelledby="made"><h2 id="made">How this was made</h2><dl class="facts">{rows}</dl></section>'
    )


def _figures(summary: Summary) -> str:
    figures = {
        "People": str(len(summary.people)),
        **({"From the cast file": str(len(summary.remembered))} if summary.remembered else {}),
        "Recoveries": str(len(summary.returns)),
        "Longest absence": span(summary.longest_absence) if summary.longest_absence else "none",
        **({"Camera cuts": str(len(summary.cuts))} if summary.cuts else {}),
        "Length": clock(summary.duration),
        "Frames": str(summary.frames),
        "Speed": f"{summary.frames_per_second:.1f} <small>frames/s</small>",
    }
    return "".join(f"<div><dt>{name}</dt><dd>{value}</dd></div>" for name, value in figures.items())


def _timeline(
    summary: Summary,
    duration: float,
    names: Mapping[int, str],
    portraits: Mapping[int, Portrait],
    moments: Sequence[DoubtfulMoment],
) -> str:
    cuts = "".join(
        f'<span class="cut" title="camera cut at {clock(cut)}" style="left:{100 * cut / duration:.3f}%"></span>'
        for cut in summary.cuts
    )
    rows = "\n".join(
        _row(person, duration, names, portraits.get(person.id), moments, cuts) for person in summary.people
    )
    if not rows:
        return "<p>No person was seen.</p>"
    scrubber = (
        f'<input class="scrubber" type="range" min="0" max="{duration:.3f}" step="0.04" value="0" aria-label="Time">'
    )
    return f"{rows}\n{_axis(duration)}\n{scrubber}"


def _row(
    person: Person,
    duration: float,
    names: Mapping[int, str],
    portrait: Portrait | None,
    moments: Sequence[DoubtfulMoment],
    cuts: str,
) -> str:
    stays = [(round(start, 2), round(end, 2)) for start, end in person.stays]
    bars = "".join(
        f'<span class="bar" title="on stage {clock(start)} to {clock(end)}" '
        f'style="left:{100 * start / duration:.3f}%;width:{100 * (end - start) / duration:.3f}%"></span>'
        for start, end in person.stays
    )
    doubts = "".join(_doubt(moment, duration) for moment in moments if person.id in moment.people)
    marks = "".join(_mark(recovery, duration, names) for recovery in person.recoveries if recovery.is_told)
    colour = css(colour_of(person.id))
    return (
        f'<div class="name" style="--colour:{colour}" data-stays="{escape(json.dumps(stays))}">'
        f"{face(portrait)}{who(person.id, names)}<small>{span(person.seconds)}</small></div>"
        f'<div class="lane" style="--colour:{colour}">{bars}{cuts}{doubts}{marks}</div>'
    )


def _doubt(moment: DoubtfulMoment, duration: float) -> str:
    start, wide = 100 * moment.time / duration, 100 * (moment.until - moment.time) / duration
    return f'<span class="doubt" title="{escape(moment.words)}" style="left:{start:.3f}%;width:{wide:.3f}%"></span>'


def _mark(recovery: Recovery, duration: float, names: Mapping[int, str]) -> str:
    at = 100 * recovery.time / duration
    tip = escape("\n".join(_facts(recovery, names)))
    return (
        f'<button class="mark" style="left:{at:.3f}%;--at:{at:.0f}" data-time="{recovery.time:.3f}" '
        f'data-tip="{tip}" aria-label="{tip}"></button>'
    )


def _facts(recovery: Recovery, names: Mapping[int, str]) -> list[str]:
    """What is known of a recovery, a line each."""
    name = named(recovery.id, names)
    facts = [
        f"{name} known from the cast file at {clock(recovery.time)}"
        if recovery.remembered
        else f"{name} back at {clock(recovery.time)} after {span(recovery.away)} away"
    ]
    if recovery.similarity is not None:
        facts.append(f"likeness {recovery.similarity:.2f} of 1")
    return facts


def _axis(duration: float) -> str:
    step = next((step for step in _ROUND_SECONDS if duration / step <= _MAX_TICKS), _ROUND_SECONDS[-1])
    step *= max(1, math.ceil(duration / step / _MAX_TICKS))
    ticks = "".join(
        f'<span style="left:{100 * second / duration:.3f}%">{clock(second)[:-2]}</span>'
        for second in range(0, math.ceil(0.97 * duration), step)
    )
    return f'<div class="axis" aria-hidden="true">{ticks}</div>'


def _legend(summary: Summary, video: str | None, moments: Sequence[DoubtfulMoment]) -> str:
    sentences = ["Click a row to go there in the video."] if video else []
    if summary.told:
        known = ", or known from the cast file" if summary.remembered else ""
        sentences.append(f"A diamond marks a person found again{known}.")
    if moments:
        sentences.append("An amber line marks a doubtful moment.")
    if summary.cuts:
        sentences.append("A dashed line is a camera cut.")
    return f'<p class="legend">{" ".join(sentences)}</p>'


def _doubtful_moments(moments: Sequence[DoubtfulMoment]) -> str:
    """What is worth a look first: a list that seeks."""
    if not moments:
        return ""
    items = "".join(
        f'<li><button data-time="{moment.time:.3f}">{clock(moment.time)}</button>'
        f"<span>{escape(moment.words)}</span></li>"
        for moment in moments
    )
    advice = '<p class="legend">Where one of them is wrong, <code>followspot review</code> puts it right.</p>'
    return section("doubtful", "Worth a look", f'<ul class="moments">{items}</ul>{advice}')


def _recovery_table(recoveries: list[Recovery], names: Mapping[int, str]) -> str:
    if not recoveries:
        return ""
    rows = "\n".join(
        f'<tr><td><button data-time="{recovery.time:.3f}">{clock(recovery.time)}</button></td>'
        f'<td><div class="name" style="--colour:{css(colour_of(recovery.id))}">{who(recovery.id, names)}</div></td>'
        f"<td>{'from the cast file' if recovery.remembered else span(recovery.away)}</td>"
        f"<td>{_number(recovery.similarity)}</td></tr>"
        for recovery in recoveries
    )
    heads = "".join(f"<th>{head}</th>" for head in ("Time", "Who", "Away", "Likeness, 0 to 1"))
    table = f"<table><thead><tr>{heads}</tr></thead><tbody>\n{rows}\n</tbody></table>"
    return section("found", "Found again", f'<div class="scroll" tabindex="0">{table}</div>')


def _number(value: float | None) -> str:
    return "&ndash;" if value is None else f"{value:.2f}"
