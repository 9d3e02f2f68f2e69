"""report.html: one self-contained page with a timeline of people beside the video."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path

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
from .report_people import data_address, face, people_cards, section, who
from .whole_files import replace_text

_MAX_TICKS = 6
_ROUND_SECONDS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600)


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
    notes: Sequence[str] = (),
    doubt: float = 0.05,
) -> None:
    """Write the page of a run.

    title: usually the source's name. video: path of the drawn video relative to the page, None where there is none.
    facts: shown at the end, such as source, size, weights and versions. names: to show instead of ids. portraits:
    pictures of the people, by id. poster: JPEG to show before the video plays. formation: where people stood, None
    where that is not known. notes: sentences on what is missing, shown at the top. doubt: recoveries whose margin is
    below this are marked as doubtful.

    Raises InputError where the page cannot be written.
    """
    names, portraits = names or {}, portraits or {}
    duration = max(summary.duration, 1e-3)
    page = PAGE.substitute(
        title=escape(title),
        style=STYLE + FORMATION_STYLE,
        script=FORMATION_SCRIPT + SCRIPT,
        notes="".join(f'<p class="note" role="note">{escape(sentence)}</p>' for sentence in notes),
        facts=_made_by(facts or {}),
        figures=_figures(summary),
        player=_player(video, poster),
        duration=f"{duration:.3f}",
        timeline=_timeline(summary, duration, names, portraits, doubt),
        legend=_legend(summary, video),
        formation=formation_panel(formation, names),
        people=people_cards(summary.people, names, portraits),
        moments=_doubtful_moments(summary.told, names, doubt),
        recoveries=_recovery_table(summary.told, names, doubt),
    )
    replace_text(Path(path), page)


def _player(video: str | None, poster: bytes | None) -> str:
    if not video:
        return ""
    shown = f' poster="{data_address(poster)}"' if poster else ""
    return f'<video controls playsinline preload="metadata" src="{escape(video)}"{shown}></video>'


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
        "Frames a second": f"{summary.frames_per_second:.1f}",
    }
    return "".join(f"<div><dt>{name}</dt><dd>{value}</dd></div>" for name, value in figures.items())


def _timeline(
    summary: Summary, duration: float, names: Mapping[int, str], portraits: Mapping[int, Portrait], doubt: float
) -> str:
    cuts = "".join(
        f'<span class="cut" title="camera cut at {clock(cut)}" style="left:{100 * cut / duration:.3f}%"></span>'
        for cut in summary.cuts
    )
    rows = "\n".join(_row(person, duration, names, portraits.get(person.id), doubt, cuts) for person in summary.people)
    if not rows:
        return "<p>No person was seen.</p>"
    scrubber = (
        f'<input class="scrubber" type="range" min="0" max="{duration:.3f}" step="0.04" value="0" aria-label="Time">'
    )
    return f"{rows}\n{_axis(duration)}\n{scrubber}"


def _row(
    person: Person, duration: float, names: Mapping[int, str], portrait: Portrait | None, doubt: float, cuts: str
) -> str:
    stays = [(round(start, 2), round(end, 2)) for start, end in person.appearances]
    bars = "".join(
        f'<span class="bar" title="on stage {clock(start)} to {clock(end)}" '
        f'style="left:{100 * start / duration:.3f}%;width:{100 * (end - start) / duration:.3f}%"></span>'
        for start, end in person.appearances
    )
    marks = "".join(_mark(recovery, duration, names, doubt) for recovery in person.recoveries if recovery.is_told)
    colour = css(colour_of(person.id))
    return (
        f'<div class="name" style="--colour:{colour}" data-stays="{escape(json.dumps(stays))}">'
        f"{face(portrait)}{who(person.id, names)}<small>{span(person.seconds)}</small></div>"
        f'<div class="lane" style="--colour:{colour}">{bars}{cuts}{marks}</div>'
    )


def _mark(recovery: Recovery, duration: float, names: Mapping[int, str], doubt: float) -> str:
    at = 100 * recovery.time / duration
    tip = escape("\n".join(_facts(recovery, names, doubt)))
    kind = "mark doubtful" if _doubtful(recovery, doubt) else "mark"
    return (
        f'<button class="{kind}" style="left:{at:.3f}%;--at:{at:.0f}" data-time="{recovery.time:.3f}" '
        f'data-tip="{tip}" aria-label="{tip}"></button>'
    )


def _facts(recovery: Recovery, names: Mapping[int, str], doubt: float) -> list[str]:
    """What is known of a recovery, a line each."""
    who = names.get(recovery.id, str(recovery.id))
    facts = [
        f"{who} known from the cast file at {clock(recovery.time)}"
        if recovery.remembered
        else f"{who} back at {clock(recovery.time)} after {span(recovery.away)} away"
    ]
    if recovery.similarity is not None:
        facts.append(f"similarity {recovery.similarity:.2f}")
    if recovery.margin is not None:
        facts.append(_lead(recovery.margin))
    if _doubtful(recovery, doubt):
        facts.append("doubtful: another person looked almost as likely")
    return facts


def _doubtful(recovery: Recovery, doubt: float) -> bool:
    return recovery.margin is not None and recovery.margin < doubt


def _axis(duration: float) -> str:
    step = next((step for step in _ROUND_SECONDS if duration / step <= _MAX_TICKS), _ROUND_SECONDS[-1])
    step *= max(1, math.ceil(duration / step / _MAX_TICKS))
    ticks = "".join(
        f'<span style="left:{100 * second / duration:.3f}%">{clock(second)[:-2]}</span>'
        for second in range(0, math.ceil(0.97 * duration), step)
    )
    return f'<div class="axis" aria-hidden="true">{ticks}</div>'


def _legend(summary: Summary, video: str | None) -> str:
    sentences = ["Click a row to go there in the video."] if video else []
    if summary.told:
        known = ", or known from the cast file" if summary.remembered else ""
        sentences.append(f"A diamond marks a person found again{known}; an amber one is doubtful.")
    if summary.cuts:
        sentences.append("A dashed line is a camera cut.")
    return f'<p class="legend">{" ".join(sentences)}</p>'


def _doubtful_moments(recoveries: list[Recovery], names: Mapping[int, str], doubt: float) -> str:
    """What is worth a look first: a list that seeks."""
    moments = "".join(
        f'<li><button data-time="{recovery.time:.3f}">{clock(recovery.time)}</button>'
        f'<span class="name" style="--colour:{css(colour_of(recovery.id))}">{who(recovery.id, names)}</span>'
        f"<span>{_why(recovery)}</span></li>"
        for recovery in recoveries
        if _doubtful(recovery, doubt)
    )
    if not moments:
        return ""
    return section("doubtful", "Worth a look", f'<ul class="moments">{moments}</ul>')


def _why(recovery: Recovery) -> str:
    lead = _lead(recovery.margin or 0.0)
    return f"known from the cast file, {lead}" if recovery.remembered else f"back after {span(recovery.away)}, {lead}"


def _lead(margin: float) -> str:
    return f"{margin:.2f} ahead of the next best" if margin >= 0 else f"{-margin:.2f} behind the best"


def _recovery_table(recoveries: list[Recovery], names: Mapping[int, str], doubt: float) -> str:
    if not recoveries:
        return ""
    rows = "\n".join(
        f'<tr><td><button data-time="{recovery.time:.3f}">{clock(recovery.time)}</button></td>'
        f'<td><div class="name" style="--colour:{css(colour_of(recovery.id))}">{who(recovery.id, names)}</div></td>'
        f"<td>{'from the cast file' if recovery.remembered else span(recovery.away)}</td>"
        f"<td>{_number(recovery.similarity)}</td><td>{_number(recovery.margin)}</td>"
        f"<td>{'doubtful' if _doubtful(recovery, doubt) else ''}</td></tr>"
        for recovery in recoveries
    )
    heads = "".join(f"<th>{head}</th>" for head in ("Time", "Who", "Away", "Similarity", "Margin", "Doubt"))
    table = f"<table><thead><tr>{heads}</tr></thead><tbody>\n{rows}\n</tbody></table>"
    return section("found", "Found again", f'<div class="scroll" tabindex="0">{table}</div>')


def _number(value: float | None) -> str:
    return "&ndash;" if value is None else f"{value:.2f}"
