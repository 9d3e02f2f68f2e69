"""Moments of a run where identities may be wrong, from what the tracker knew, and what would put each right.

- `exchange`: the tracker found out late that people had exchanged their ids. What it reported before is wrong, back to
  the moment where the box of one id left the person: after a gap, in a jump, or in contact with the other.
- `return`: at a camera cut, where appearance alone decides, a person was recognised with hardly any lead over another.
- `taken`: while a person was not seen, somebody else's box lay where that person must have been, and off its own way.
- `unsure`: a person came back into sight by motion alone, and appearance did not confirm it soon.
- `birth`: a new id begins inside the picture, or at a camera cut, while somebody else is lost.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from ..association import match
from ..boxes import in_contact, iou
from ..doubt import DoubtOptions
from ..recovery import RecoveryOptions, at_edge
from ..types import Recovery


@dataclass(frozen=True)
class MomentOptions:
    """When a moment is doubtful; times in seconds."""

    margin: float = 0.03
    """Lead in similarity over the next best person up to which a recognition is doubtful."""
    nearby: float = 0.5
    """Minimum time after a moment for which a person who is lost then is not seen; a camera cut up to so long before a
    moment is near it."""
    step: float = 0.1
    """Maximum time between a box and the one that continues it."""
    overlap: float = 0.3
    """Minimum IoU of a box and the one that continues it."""
    look_back: float = 5.0
    """Maximum time between an exchange and the moment in which it was found out."""
    least_exchanged: int = 4
    """Minimum number of boxes under another id before that; the last ones are put right by `merge_backfill`."""
    stay: float = 0.3
    """Maximum length of a piece of track that is seen amid an absence and does not end it."""
    break_gap: float = 0.1
    """Time unseen after which a track may have gone on with another person."""
    step_aside: float = 0.17
    """Movement from frame to frame, body heights, above which a box went over to another person there, and not when
    that person was lost."""
    gap: float = 3.0
    """Maximum absence in which another id's boxes may be the missing person's."""
    least_taken: int = 4
    """Minimum number of such boxes."""
    on_line: float = 0.45
    """Minimum IoU of them and the line across the gap."""
    off_line: float = 0.1
    """Minimum lead of that over their IoU with their own line."""
    unsure: float = 0.5
    """Minimum time for which appearance has not confirmed a person who came back; stretches with shorter pauses are
    one."""
    least_unsure: int = 5
    """Minimum number of boxes of such a stretch."""
    jump: float = 0.35
    """Maximum movement of a person's centre from one frame to the next, body heights."""


@dataclass(frozen=True)
class TrackedRows:
    """The rows of finished tracks in the order of time, N of them, and what the tracker told beside them.

    person (N,) int, frame (N,) int from 0 along the source, xyxy (N, 4) pixels; `cuts` are frames that begin a shot,
    `fps` those of the source in a second, every `stride`-th was tracked; `size` is width and height of the picture.
    `unsure` are (id, first frame, last frame) where ids are not sure (`FrameTracks.unsure`).
    """

    person: np.ndarray
    frame: np.ndarray
    xyxy: np.ndarray
    recoveries: tuple[Recovery, ...]
    cuts: tuple[int, ...]
    fps: float
    stride: int
    size: tuple[int, int]
    unsure: tuple[tuple[int, int, int], ...] = ()


@dataclass(frozen=True)
class Reassignment:
    """The boxes `rows` of one id (indices of `TrackedRows`, in time), which may be the person of another row."""

    rows: np.ndarray
    belongs: int


@dataclass(frozen=True)
class Moment:
    """A doubtful moment of the video. `rows` are boxes of those it is about, as indices of `TrackedRows`."""

    kind: str
    frame: int
    to: int
    rows: tuple[int, ...]
    doubt: float
    """From 0 to 1: the larger, the likelier it is wrong."""
    fix: tuple[Reassignment, ...] = field(default=(), repr=False)
    """What would put it right."""

    @property
    def key(self) -> str:
        """Names it among the run's moments."""
        return f"{self.kind} {self.frame} {self.rows[0]}"


class MomentFinder:
    """The moments of a run."""

    options = MomentOptions()

    def __init__(self, columns: TrackedRows) -> None:
        self.columns = columns
        self.fps = columns.fps
        self.people = {int(id): np.flatnonzero(columns.person == id) for id in np.unique(columns.person)}

    def found(self) -> list[Moment]:
        """In the order of time."""
        exchanges, taken = list(self.exchanges()), list(self.taken())
        sharper = {(self._id(one.fix[0].rows), self._id(one.fix[0].belongs)): one for one in taken}
        exchanges = [self._sharpened(moment, sharper) for moment in exchanges]
        known = {int(stretch.rows[0]) for moment in exchanges for stretch in moment.fix}
        taken = [one for one in taken if int(one.fix[0].rows[0]) not in known]
        every = [*exchanges, *taken, *self.returns(), *self.births()]
        every += list(self.unsure(every))
        return sorted(every, key=lambda moment: (moment.frame, moment.rows))

    def _id(self, rows: np.ndarray | int) -> int:
        return int(self.columns.person[rows if isinstance(rows, int) else rows[0]])

    def _sharpened(self, moment: Moment, taken: dict[tuple[int, int], Moment]) -> Moment:
        """An exchange whose stretches begin where the box was seen to be taken, if it was."""
        stretches = []
        for stretch in moment.fix:
            seen = taken.get((self._id(stretch.rows), self._id(stretch.belongs)))
            start = int(seen.fix[0].rows[0]) if seen is not None else -1
            later = stretch.rows[stretch.rows >= start] if start in stretch.rows else stretch.rows
            stretches.append(Reassignment(later, stretch.belongs))
        frame = min(int(self.columns.frame[stretch.rows[0]]) for stretch in stretches)
        return replace(moment, frame=frame, fix=tuple(stretches))

    def exchanges(self) -> Iterator[Moment]:
        """A moment for each frame in which exchanges were found out."""
        frames = sorted({recovery.frame for recovery in self.columns.recoveries if recovery.exchanged})
        for frame in frames:
            stretches = [stretch for stretch in self._exchanged(frame) if len(stretch.rows)]
            if any(len(stretch.rows) >= self.options.least_exchanged for stretch in stretches):
                start = min(int(self.columns.frame[stretch.rows[0]]) for stretch in stretches)
                rows = [row for stretch in stretches for row in (int(stretch.rows[0]), stretch.belongs)]
                yield Moment("exchange", start, frame, tuple(rows), 0.9, tuple(stretches))

    def _exchanged(self, frame: int) -> Iterator[Reassignment]:
        """What was reported under another id before those found out in `frame`."""
        found = [recovery.id for recovery in self.columns.recoveries if recovery.exchanged and recovery.frame == frame]
        first, last = self._rows_near(frame, self.options.step), self._rows_near(frame - 1, -self.options.step)
        first = first[np.isin(self.columns.person[first], found)]
        if not len(first) or not len(last):
            return
        overlap = iou(self.columns.xyxy[first], self.columns.xyxy[last])
        same = self.columns.person[first][:, None] == self.columns.person[last]
        for one, other in zip(*match(overlap + 0.01 * same, 0.0), strict=True):
            x, z = int(self.columns.person[first[one]]), int(self.columns.person[last[other]])
            if x != z and overlap[one, other] >= max(self.options.overlap, self._goes_on(int(last[other]), frame)):
                yield Reassignment(self._since_break(z, x, frame), int(first[one]))

    def _goes_on(self, row: int, frame: int) -> float:
        """IoU of a box with the next one of its own id, if that comes soon after `frame`."""
        own = self.people[int(self.columns.person[row])]
        at = int(np.searchsorted(self.columns.frame[own], frame))
        soon = at < len(own) and self.columns.frame[own[at]] <= frame + self.options.nearby * self.fps
        return float(iou(self.columns.xyxy[[row]], self.columns.xyxy[own[[at]]])[0, 0]) if soon else 0.0

    def _frames(self, seconds: float) -> float:
        """As many seconds in frames of the source, or one step of the tracker where that is longer."""
        return max(seconds * self.fps, self.columns.stride)

    def _rows_near(self, frame: int, seconds: float) -> np.ndarray:
        """Of each id the row nearest to `frame` within so many seconds, after it or (negative) before it."""
        end = frame + np.copysign(self._frames(abs(seconds)), seconds)
        low, high = min(frame, end), max(frame, end)
        rows = []
        for own in self.people.values():
            frames = self.columns.frame[own]
            inside = own[(frames >= low) & (frames <= high)]
            if len(inside):
                rows.append(int(inside[0 if seconds > 0 else -1]))
        return np.array(rows, int)

    def _since_break(self, id: int, other: int, frame: int) -> np.ndarray:
        """The id's rows before `frame`, back to where its box may have become that of `other`."""
        own = self.people[id]
        frames = self.columns.frame[own]
        own = own[(frames < frame) & (frames >= frame - self.options.look_back * self.fps)]
        if not len(own):
            return own
        since = own[self.columns.frame[own] > self._last_stay(other, frame)]
        if len(since):
            moved = self._moved(own)[-len(since) :]
            return since[int(np.argmax(moved)) :] if moved.max() > self.options.step_aside else since
        breaks = self._breaks(own) | self._after_contact(own, self.people[other])
        return own[int(np.flatnonzero(breaks)[-1]) :] if breaks.any() else own[:0]

    def _last_stay(self, id: int, frame: int) -> int:
        """The frame in which the id was last seen before this one, in a piece of track that is no short one."""
        frames = self.columns.frame[self.people[id]]
        frames = frames[frames < frame]
        starts = np.flatnonzero(np.diff(frames, prepend=-(10**9)) > self._frames(self.options.break_gap))
        ends = frames[starts + np.diff(np.append(starts, len(frames))) - 1]
        ends = ends[ends - frames[starts] > self.options.stay * self.fps]
        return int(ends[-1]) if len(ends) else -1

    def _breaks(self, own: np.ndarray) -> np.ndarray:
        """(n,) bool: rows that come after a gap or in a jump."""
        steps = np.diff(self.columns.frame[own], prepend=self.columns.frame[own[0]])
        gap = steps > self._frames(self.options.break_gap)
        return gap | (self._moved(own) > self.options.jump * np.maximum(steps / self.columns.stride, 1))

    def _moved(self, own: np.ndarray) -> np.ndarray:
        """How far the centre moved from the row before, (n,) body heights, 0 for the first."""
        xyxy = self.columns.xyxy[own]
        centres = (xyxy[:, :2] + xyxy[:, 2:]) / 2
        moved = np.linalg.norm(np.diff(centres, axis=0, prepend=centres[:1]), axis=1)
        return moved / (xyxy[:, 3] - xyxy[:, 1])

    def _after_contact(self, own: np.ndarray, theirs: np.ndarray) -> np.ndarray:
        """(n,) bool: rows in which the id is in contact with the other one."""
        frames, columns, contact = self.columns.frame[own], self.columns, DoubtOptions().contact
        at = np.searchsorted(columns.frame[theirs], frames).clip(max=len(theirs) - 1)
        together = columns.frame[theirs[at]] == frames
        touching = np.zeros(len(own), bool)
        for index in np.flatnonzero(together):
            pair = columns.xyxy[own[[index]]], columns.xyxy[theirs[at[[index]]]]
            touching[index] = in_contact(*pair, contact)[0, 0]
        return touching

    def returns(self) -> Iterator[Moment]:
        """A moment for each person recognised with hardly any lead."""
        for recovery in self.columns.recoveries:
            unsure = recovery.margin is not None and recovery.margin < self.options.margin
            own = self.people.get(recovery.id, np.zeros(0, int))
            at = np.searchsorted(self.columns.frame[own], recovery.frame)
            unsure = unsure and not recovery.exchanged and self._at_cut(recovery.frame)
            if unsure and 0 < at < len(own):
                last = int(own[at - 1])
                frame = int(self.columns.frame[own[at]])
                yield Moment("return", frame, frame, (int(own[at]), last), 0.5)

    def unsure(self, told: Sequence[Moment]) -> Iterator[Moment]:
        """A moment for each stretch after a return that was not soon confirmed, or ended before it was.

        Where other moments are `told` of the person, there is none.
        """
        about = {id: [each for each in told if id in map(self._id, each.rows)] for id, _, _ in self.columns.unsure}
        stretches: list[list[int]] = []
        for id, first, last in sorted(self.columns.unsure):
            if any(each.frame <= last and first <= each.to for each in about[id]):
                continue
            before = stretches[-1] if stretches else None
            if before is not None and before[0] == id and first - before[2] <= self.options.unsure * self.fps:
                before[2] = last
            else:
                stretches.append([id, first, last])
        for id, first, last in stretches:
            own = self.people.get(id, np.zeros(0, int))
            low, high = np.searchsorted(self.columns.frame[own], [first, last + 1])
            went_on = high < len(own) and self.columns.frame[own[high]] == last + self.columns.stride
            soon = went_on and last - first <= self.options.unsure * self.fps
            if high - low >= self.options.least_unsure and low > 0 and not soon:
                yield Moment("unsure", first, last, (int(own[low]), int(own[low - 1])), 0.4)

    def births(self) -> Iterator[Moment]:
        """A moment for each id that begins where nobody comes in, while somebody is lost."""
        options, size = RecoveryOptions(), self.columns.size
        begins = min(self.columns.frame, default=0) + self.fps
        for own in self.people.values():
            first = int(own[0])
            frame = int(self.columns.frame[first])
            inside = not at_edge(self.columns.xyxy[[first]], size, options)[0]
            lost = self._lost(frame)
            if frame > begins and lost and (inside or self._at_cut(frame)):
                nearest = min(lost, key=lambda row: self._distance(row, first))
                yield Moment("birth", frame, frame, (first, nearest), 0.6, (Reassignment(own, nearest),))

    def taken(self) -> Iterator[Moment]:
        """A moment for each gap of a person in which another one's boxes lie on the line across it."""
        for person, own in self.people.items():
            frames = self.columns.frame[own]
            steps = np.diff(frames)
            for at in np.flatnonzero((steps > self.options.least_taken) & (steps <= self.options.gap * self.fps)):
                start, end = int(own[at]), int(own[at + 1])
                if any(self.columns.frame[start] < cut <= self.columns.frame[end] for cut in self.columns.cuts):
                    continue
                for other, theirs in self.people.items():
                    if other != person and len(rows := self._on_line(theirs, start, end)):
                        first, last = self.columns.frame[rows[[0, -1]]].tolist()
                        yield Moment("taken", first, last, (int(rows[0]), start), 0.5, (Reassignment(rows, start),))

    def _on_line(self, theirs: np.ndarray, start: int, end: int) -> np.ndarray:
        """The rows of another id that lie on the line between two rows of a person, if they leave its own for it."""
        frames = self.columns.frame[theirs]
        low, high = np.searchsorted(frames, [self.columns.frame[start] + 1, self.columns.frame[end]])
        inside = theirs[low:high]
        if len(inside) < self.options.least_taken or low == 0 or high == len(theirs):
            return theirs[:0]
        across = self._overlap_with_line(inside, start, end)
        along = self._overlap_with_line(inside, int(theirs[low - 1]), int(theirs[high]))
        on = (across > self.options.on_line) & (across > along + self.options.off_line)
        return inside[on] if on.sum() >= self.options.least_taken else theirs[:0]

    def _overlap_with_line(self, rows: np.ndarray, start: int, end: int) -> np.ndarray:
        """IoU of each row (n,) with the box reckoned between two rows, (n,)."""
        frame, xyxy = self.columns.frame, self.columns.xyxy
        part = ((frame[rows] - frame[start]) / (frame[end] - frame[start]))[:, None]
        line = xyxy[start] + part * (xyxy[end] - xyxy[start])
        return iou(xyxy[rows], line[:, None])[:, 0]

    def _at_cut(self, frame: int) -> bool:
        return any(0 <= frame - cut <= self.options.nearby * self.fps for cut in self.columns.cuts)

    def _lost(self, frame: int) -> list[int]:
        """Last rows of those who were there before, and are in neither the frame nor the moments after it.

        They may have been there just before: an id that ends where another begins is likely the same person's.
        """
        rows = []
        for own in self.people.values():
            frames = self.columns.frame[own]
            at = int(np.searchsorted(frames, frame))
            away = at > 0 and (at == len(own) or frames[at] > frame + self.options.nearby * self.fps)
            if away:
                rows.append(int(own[at - 1]))
        return rows

    def _distance(self, one: int, other: int) -> float:
        """Between two boxes' centres and heights, in pixels; a second apart counts as a quarter of a body
        height."""
        a, b = self.columns.xyxy[one], self.columns.xyxy[other]
        apart = np.abs(a - b).sum() / 2
        seconds = abs(int(self.columns.frame[one]) - int(self.columns.frame[other])) / self.fps
        return float(apart + seconds * (b[3] - b[1]) / 4)
