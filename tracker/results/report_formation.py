"""The formation from above in report.html: a dot a person on the floor, at the time of the video."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape

import numpy as np

from ..drawing.colours import colour_of, css, text_colour
from .formation import Formation, Shot, Walk
from .report_people import section

UNIT = 50
"""Steps of a body height in which places are written."""
MOST_PEOPLE = 60
_MARGIN = 0.6
_SHAPE = (0.34, 0.72)
"""Least and greatest height of the floor by its width."""
_WITHOUT = "In this shot no floor could be found."
_ONE_DEPTH = "In this shot all stood at one depth or nearly: only left and right is measured."


def formation_panel(formation: Formation | None, names: Mapping[int, str]) -> str:
    """The section of the page; nothing where no shot shows a floor."""
    if formation is None:
        return ""
    view = _View.of(formation)
    seen = Counter[int]()
    for walk in formation.walks:
        seen[walk.id] += len(walk.places)
    people = sorted(id for id, _ in seen.most_common(MOST_PEOPLE))
    dots = "\n".join(_dot(id, formation, view, names) for id in people)
    trails = "".join(f'<polyline style="--colour:{css(colour_of(id))}"/>' for id in people)
    shots = [[round(shot.start, 2), _said(shot)] for shot in formation.shots]
    floor = (
        f'<div class="floor" role="img" aria-label="Where everyone stood at the time of the video, seen from above" '
        f'style="--wide:{view.wide:.2f};--deep:{view.deep:.2f}" data-step="{formation.step:g}" '
        f'data-shots="{escape(json.dumps(shots))}" data-unit="{UNIT}">'
        f'<svg viewBox="0 0 {view.wide:.2f} {view.deep:.2f}" preserveAspectRatio="none">{trails}</svg>\n{dots}\n'
        '<p class="unknown" hidden></p></div><p class="camera" aria-hidden="true">camera</p>'
    )
    most = f" The {MOST_PEOPLE} people seen longest are shown." if len(seen) > MOST_PEOPLE else ""
    legend = (
        "A square is a body height. Estimated from feet and heights in the picture; the lens is assumed, so depth may "
        f"be stretched.{most}"
    )
    return section("above", "Formation from above", f'{floor}<p class="legend">{legend}</p>')


@dataclass(frozen=True)
class _View:
    """The part of the floor that is shown, in body heights; its middle is that of each shot's people."""

    wide: float
    deep: float
    middles: tuple[np.ndarray, ...]
    """Of each shot with people, (2,); NaN of another."""

    @classmethod
    def of(cls, formation: Formation) -> _View:
        """Where all but a few of each shot's places are in, with a margin, in a shape that suits a page."""
        bounds = np.array([_bounds(shot) for shot in formation.shots])
        wide, deep = np.nanmax(bounds[:, 1] - bounds[:, 0], axis=0) + 2 * _MARGIN
        least, greatest = _SHAPE
        wide = max(wide, deep / greatest)
        return cls(float(wide), float(max(deep, least * wide)), tuple(bounds.mean(axis=1)))

    def placed(self, walk: Walk, shot: int) -> np.ndarray:
        """Columns and rows (N, 2) int, in `UNIT`s from the upper left, where the camera is below."""
        offset = (walk.places - self.middles[shot]) * [1, -1] + [self.wide / 2, self.deep / 2]
        return np.rint(np.clip(offset, 0, [self.wide, self.deep]) * UNIT).astype(int)


def _bounds(shot: Shot) -> np.ndarray:
    """Of nearly all places of the shot, (2, 2): least, greatest; NaN where there is none."""
    if not shot.walks:
        return np.full((2, 2), np.nan)
    return np.quantile(np.concatenate([walk.places for walk in shot.walks]), [0.005, 0.995], axis=0)


def _said(shot: Shot) -> str:
    """What is to be said of a shot, if anything."""
    if shot.plane is None:
        return _WITHOUT
    return "" if shot.plane.slope else _ONE_DEPTH


def _dot(id: int, formation: Formation, view: _View, names: Mapping[int, str]) -> str:
    """A person's dot, with the walks: the shot, the first sample, columns and rows, each as differences."""
    walks = [
        [number, walk.first, *(np.diff(line, prepend=0).tolist() for line in view.placed(walk, number).T)]
        for number, shot in enumerate(formation.shots)
        for walk in shot.walks
        if walk.id == id
    ]
    colour = colour_of(id)
    name = f"<bdi>{escape(names[id])}</bdi>" if id in names else ""
    return (
        f'<div class="dot" style="--colour:{css(colour)};--on:{css(text_colour(colour))}" data-id="{id}" '
        f'data-paths="{json.dumps(walks, separators=(",", ":"))}" hidden><i>{id}</i>{name}</div>'
    )


STYLE = """
.floor { position: relative; width: min(100%, 46vh * var(--wide) / var(--deep)); margin: 0 auto; overflow: hidden;
  aspect-ratio: var(--wide) / var(--deep); background-color: var(--card); border: 1px solid var(--line);
  border-radius: 10px; background-image: linear-gradient(var(--line) 1px, transparent 1px),
    linear-gradient(90deg, var(--line) 1px, transparent 1px); background-position: center;
  background-size: calc(100% / var(--wide)) calc(100% / var(--deep)); }
.floor svg { position: absolute; inset: 0; width: 100%; height: 100%; }
.floor polyline { fill: none; stroke: var(--colour); stroke-width: 3px; stroke-opacity: .55; stroke-linecap: round;
  stroke-linejoin: round; vector-effect: non-scaling-stroke; }
.dot { position: absolute; width: 0; height: 0; }
.dot i { position: absolute; left: -12px; top: -12px; width: 24px; height: 24px; border-radius: 50%; font: 600 12px/24px
  system-ui, sans-serif; text-align: center; background: var(--colour); color: var(--on); box-shadow: 0 0 0 1px #0006; }
.dot bdi { position: absolute; top: 13px; width: 90px; left: -45px; overflow: hidden; text-overflow: ellipsis;
  white-space: nowrap; text-align: center; font-size: 12px; line-height: 15px; text-shadow: 0 0 3px var(--card); }
.unknown { position: absolute; inset: auto 0 0; margin: 0; padding: 6px 12px; text-align: center; color: var(--soft);
  font-size: 13px; }
.camera { margin: 4px 0 0; text-align: center; color: var(--soft); font-size: 13px; }
.camera::before { content: "\\25b2"; display: block; font-size: 10px; line-height: 1; }
@media (max-width: 480px) {
  .dot i { left: -10px; top: -10px; width: 20px; height: 20px; font-size: 11px; line-height: 20px; }
  .dot bdi { width: 64px; left: -32px; top: 11px; font-size: 11px; }
}
@media (prefers-reduced-motion: reduce) { .floor svg { display: none; } }
"""

SCRIPT = """
const TRAIL = 2;
const summed = steps => { let at = 0; return steps.map(step => at += step); };
const onFloor = floor => {
  const step = Number(floor.dataset.step), unit = Number(floor.dataset.unit);
  const wide = Number(floor.style.getPropertyValue("--wide")), deep = Number(floor.style.getPropertyValue("--deep"));
  const shots = JSON.parse(floor.dataset.shots), unknown = floor.querySelector(".unknown");
  const trails = [...floor.querySelectorAll("polyline")];
  const people = [...floor.querySelectorAll(".dot")].map(dot => ({ dot, paths: JSON.parse(dot.dataset.paths).map(
    ([shot, first, x, y]) => ({ shot, first, last: first + x.length - 1, x: summed(x), y: summed(y) })) }));
  return time => {
    const shot = Math.max(0, shots.findLastIndex(([start]) => start <= time + 0.001)), sample = time / step;
    unknown.textContent = shots[shot][1];
    unknown.hidden = !shots[shot][1];
    people.forEach(({ dot, paths }, row) => {
      const path = paths.find(each => each.shot === shot && each.first - 0.6 <= sample && sample <= each.last + 0.6);
      dot.hidden = !path;
      trails[row].setAttribute("points", "");
      if (!path) return;
      const now = Math.min(path.last - path.first, Math.max(0, sample - path.first)), before = Math.floor(now);
      const at = line => (line[before] + (now - before) * ((line[before + 1] ?? line[before]) - line[before])) / unit;
      const x = at(path.x), y = at(path.y), points = [];
      dot.style.left = 100 * x / wide + "%";
      dot.style.top = 100 * y / deep + "%";
      for (let old = Math.max(0, Math.ceil(now - TRAIL / step)); old <= before; old++)
        points.push(path.x[old] / unit + "," + path.y[old] / unit);
      trails[row].setAttribute("points", points.concat(x + "," + y).join(" "));
    });
  };
};
"""
