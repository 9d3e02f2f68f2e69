"""What a benchmark tracks, and which trackers run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tracker.keyframes import KeyframeOptions
from tracker.offline.refinement import RefinementOptions
from tracker.pipeline import LAG, SHORT_GAPS
from tracker.tracker import TrackerOptions
from tracker.types import Embedder, InputError

from ..run.checks import require_known
from ..run.parts import NAMED_ENCODERS, NONE, encoder_weights, make_embedder
from ..scoring.labelled_boxes import read_truth
from ..scoring.sequences import Pictures, TruthSequence, find_pictures, find_sequences

OURS = "followspot"
OURS_WITHOUT_CUTS = "followspot-no-cuts"
OURS_WITH_REID = "followspot-reid"
OURS_WITH_CAST = "followspot-cast"
OURS_REFINED = "followspot-refined-offline"
OURS_AT_ONCE = "followspot-at-once"
OURS_KEYFRAMES = "followspot-keyframes"


@dataclass(frozen=True)
class Variant:
    """One of our rows: our tracker with these options and, where there is one, this encoder.

    With a `refinement` its tracks are those of two passes, offline. `at_once`: what is known of a frame with that
    frame; otherwise frames are held back for 1.2 s, as by `track`, in which rows are added and put right. With
    `keyframes` it takes the boxes of those frames alone in which `track` would detect people.
    """

    name: str
    options: TrackerOptions
    embedder: Embedder | None = None
    refinement: RefinementOptions | None = None
    at_once: bool = False
    keyframes: KeyframeOptions | None = None

    @property
    def lag(self) -> float | None:
        """Seconds of video from a frame to its rows; None of two passes."""
        if self.refinement is not None:
            return None
        return 0.0 if self.at_once else LAG + SHORT_GAPS.seconds


@dataclass(frozen=True)
class BenchmarkSetup:
    """Sequences of known length, size and rate, either all of them with pictures or none; and the trackers.

    `peers` are names of `peers.py`. Ours runs once as it is without re-ID; where there are pictures also without
    camera cuts, which the peers do not look for; with each of the `embedders`, by the name of its row, also with re-ID;
    with a `cast`, the number of people in each sequence, as with `track --cast`. With `refine` it has another row, of
    two passes, which is offline and not to be measured against the others; with `at_once` one of what is known of each
    frame without any later one; with `keyframes` one of boxes between keyframes. These four take the first embedder.
    """

    sequences: Sequence[TruthSequence]
    peers: Sequence[str]
    embedders: Mapping[str, Embedder]
    cast: int | None = None
    refine: bool = False
    at_once: bool = False
    keyframes: bool = False

    def ours(self, options: TrackerOptions) -> list[Variant]:
        """Our rows; with the last one the peers are compared."""
        variants = [Variant(OURS, options)]
        if all(sequence.pictures for sequence in self.sequences):
            variants.insert(0, Variant(OURS_WITHOUT_CUTS, replace(options, cuts=False)))
        more, first = [], next(iter(self.embedders.values()), None)
        if self.refine:
            more.append(Variant(OURS_REFINED, options, first, RefinementOptions()))
        if self.at_once:
            more.append(Variant(OURS_AT_ONCE, options, first, at_once=True))
        if self.keyframes:
            more.append(Variant(OURS_KEYFRAMES, options, first, keyframes=KeyframeOptions()))
        if self.cast is not None:
            more.append(Variant(OURS_WITH_CAST, replace(options, cast=self.cast), first))
        if first is None:
            return [*more, *variants]
        with_reid = [Variant(name, options, embedder) for name, embedder in self.embedders.items()]
        return [*variants, *more, *with_reid]

    def jobs(self, detections: Sequence[Path]) -> list[dict[str, object]]:
        """The sequences as `peers.py` gets them; `detections` are MOT text, one file a sequence."""
        return [
            {
                "name": sequence.name,
                "length": sequence.length,
                "detections": str(file.resolve()),
                "pictures": _paths(sequence.pictures, sequence.length),
            }
            for sequence, file in zip(self.sequences, detections, strict=True)
        ]


def set_up(
    truth: Path,
    only: Sequence[str],
    pictures: Path | None,
    reid: Sequence[str],
    peers: Sequence[str],
) -> BenchmarkSetup:
    """The benchmark on the sequences in `truth`, or `only` on those of these names; pictures count only where every
    sequence has them.

    `pictures` is where else they may be, `reid` what our rows with re-ID take. Raises InputError for missing ones.
    """
    sequences = _chosen(find_sequences(truth), only)
    found = [find_pictures(sequence, pictures) for sequence in sequences]
    missing = [sequence.name for sequence, there in zip(sequences, found, strict=True) if there is None]
    wanted = pictures is not None or any(name.endswith("-reid") for name in peers)
    if missing and wanted:
        raise InputError(f"there are no pictures of {', '.join(missing)}: --pictures takes a folder of SEQUENCE.mp4")
    rows = {} if missing else rows_with_reid(reid)
    measured = [_measured(*pair) for pair in zip(sequences, found, strict=True)]
    if missing:
        measured = [replace(sequence, pictures=None) for sequence in measured]
    embedders = {row: embedder for row, name in rows.items() if (embedder := make_embedder(encoder_weights(name)))}
    return BenchmarkSetup(measured, peers, embedders)


def rows_with_reid(reid: Sequence[str]) -> dict[str, str]:
    """The encoders but `none` by the names of their rows: of a file, its folder's name and its own.

    Raises InputError where two would have the same.
    """
    encoders = [name for name in reid if name != NONE]
    if len(encoders) == 1:
        return {OURS_WITH_REID: encoders[0]}
    rows = {f"{OURS}-{label(name)}": name for name in encoders}
    if len(rows) < len(encoders):
        raise InputError("two encoders of --reid have the same name in folders of the same name: rename one")
    return rows


def label(encoder: str) -> str:
    """A name for files and tables: runs/train-strong/encoder_best.pt is train-strong-encoder_best."""
    if encoder in NAMED_ENCODERS:
        return encoder
    return "-".join(Path(encoder).with_suffix("").parts[-2:]).replace(".", "-")


def _chosen(sequences: list[TruthSequence], only: Sequence[str]) -> list[TruthSequence]:
    require_known("sequence", only, [sequence.name for sequence in sequences])
    return [sequence for sequence in sequences if not only or sequence.name in only]


def _measured(sequence: TruthSequence, pictures: Pictures | None) -> TruthSequence:
    """With its pictures, what seqinfo.ini does not say taken from them, and the length from the truth."""
    sequence = replace(sequence, pictures=pictures)
    if sequence.length and sequence.size and sequence.fps:
        return sequence
    if pictures is None:
        raise InputError(f"{sequence.folder}/seqinfo.ini should give seqLength, frameRate, imWidth and imHeight")
    with sequence.open() as source:
        return replace(
            sequence,
            length=sequence.length or len(read_truth(sequence.truth)),
            fps=sequence.fps or source.fps,
            size=sequence.size or (source.width, source.height),
        )


def _paths(pictures: Pictures | None, length: int | None) -> str | list[str] | None:
    if pictures is None:
        return None
    files = [str(file.resolve()) for file in pictures.files]
    return files[0] if pictures.video else files[:length]
