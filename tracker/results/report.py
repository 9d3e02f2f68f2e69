"""report.html: one self-contained page with a timeline of people beside the video."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from html import escape
from pathlib import Path

from ..drawing.colours import colour_of, css
from ..types import Recovery
from .presence import Person, Summary
from .report_page import PAGE, SCRIPT, STYLE
from .writers import writing

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
    doubt: float = 0.05,
) -> None:
    """Write the page of a finished run.

    title: usually the source's name. video: path of the drawn video relative to the page, None where there is none.
    facts: shown below the title, such as source, size and weights. names: to show instead of ids. doubt: recoveries
    whose margin is below this are marked as doubtful.

    Raises InputError where the page cannot be written.
    """
    names = names or {}
    duration = max(summary.duration, 1e-3)
    page = PAGE.substitute(
        title=escape(title),
        style=STYLE,
        script=SCRIPT,
        facts=escape(" · ".join(f"{key} {value}" for key, value in (facts or {}).items())),
        figures=_figures(summary),
        player=f'<video controls playsinline preload="metadata" src="{escape(video)}"></video>' if video else "",
        duration=f"{duration:.3f}",
        timeline=_timeline(summary, duration, names, doubt),
        legend=_legend(summary, video),
        recoveries=_recovery_table(summary.told, names, doubt),
    )
    with writing(path):
        Path(path).write_text(page, encoding="utf-8")


def clock(seconds: float) -> str:
    """`m:ss.t`, or `h:mm:ss.t` from an hour on."""
    tenths = round(10 * seconds)
    minutes, tenths = divmod(tenths, 600)
    hours, minutes = divmod(minutes, 60)
    rest = f"{tenths // 10:02d}.{tenths % 10}"
    return f"{hours}:{minutes:02d}:{rest}" if hours else f"{minutes}:{rest}"


def span(seconds: float) -> str:
    """How long something took: seconds below a minute, as on a clock from there on."""
    return f"{seconds:.1f} s" if seconds < 60 else clock(seconds)


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


def _timeline(summary: Summary, duration: float, names: Mapping[int, str], doubt: float) -> str:
    cuts = "".join(
        f'<span class="cut" title="camera cut at {clock(cut)}" style="left:{100 * cut / duration:.3f}%"></span>'
        for cut in summary.cuts
    )
    rows = "\n".join(_row(person, duration, names, doubt, cuts) for person in summary.people)
    if not rows:
        return "<p>No person was seen.</p>"
    return f"{rows}\n{_axis(duration)}"


def _row(person: Person, duration: float, names: Mapping[int, str], doubt: float, cuts: str) -> str:
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
        f"{_who(person.id, names)}<small>{span(person.seconds)}</small></div>"
        f'<div class="lane" style="--colour:{colour}">{bars}{cuts}{marks}</div>'
    )


def _who(identity: int, names: Mapping[int, str]) -> str:
    return f"<i></i><b>{escape(names.get(identity, str(identity)))}</b>"


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
        facts.append(f"{recovery.margin:.2f} ahead of the next best")
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


def _recovery_table(recoveries: list[Recovery], names: Mapping[int, str], doubt: float) -> str:
    if not recoveries:
        return ""
    rows = "\n".join(
        f'<tr><td><button data-time="{recovery.time:.3f}">{clock(recovery.time)}</button></td>'
        f'<td><div class="name" style="--colour:{css(colour_of(recovery.id))}">{_who(recovery.id, names)}</div></td>'
        f"<td>{'from the cast file' if recovery.remembered else span(recovery.away)}</td>"
        f"<td>{_number(recovery.similarity)}</td><td>{_number(recovery.margin)}</td>"
        f"<td>{'doubtful' if _doubtful(recovery, doubt) else ''}</td></tr>"
        for recovery in recoveries
    )
    return (
        '<section aria-labelledby="found"><h2 id="found">Found again</h2><div class="scroll"><table><thead><tr>'
        "<th>Time</th><th>Who</th><th>Away</th><th>Similarity</th><th>Margin</th><th></th>"
        f"</tr></thead><tbody>\n{rows}\n</tbody></table></div></section>"
    )


def _number(value: float | None) -> str:
    return "&ndash;" if value is None else f"{value:.2f}"
