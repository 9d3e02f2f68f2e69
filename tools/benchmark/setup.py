"""What a benchmark tracks, and who tracks it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tracker.types import Embedder, InputError

from ..run.parts import encoder_weights, make_embedder
from ..scoring.labelled_boxes import read_truth
from ..scoring.sequences import Pictures, TruthSequence, find_pictures, find_sequences

OURS = "followspot"
OURS_WITH_REID = "followspot-reid"
OURS_WITH_CAST = "followspot-cast"
OURS_REFINED = "followspot-refined-offline"


@dataclass(frozen=True)
class Contest:
    """Sequences of known length, size and rate; their `pictures`, one a sequence or none at all; and the trackers.

    `peers` are names of `peers.py`. With an `embedder` ours runs twice, without and with it, and once more, told
    how many people there are, where that is known: `cast`. With `refine` it has another row, of two passes, which is
    offline and not to be measured against the others.
    """

    sequences: Sequence[TruthSequence]
    pictures: Sequence[Pictures]
    peers: Sequence[str]
    embedder: Embedder | None
    cast: int | None = None
    refine: bool = False

    @property
    def ours(self) -> list[str]:
        """Our rows; with the last one the peers are compared."""
        told = [*([OURS_REFINED] if self.refine else []), *([] if self.cast is None else [OURS_WITH_CAST])]
        return [*told, OURS] if self.embedder is None else [OURS, *told, OURS_WITH_REID]

    @property
    def names(self) -> list[str]:
        return [*self.ours, *self.peers]

    def pictures_of(self, index: int) -> Pictures | None:
        """Those of one sequence, None where there are none."""
        return self.pictures[index] if self.pictures else None

    def jobs(self, detections: Sequence[Path]) -> list[dict[str, object]]:
        """The sequences as `peers.py` is told of them; `detections` are MOT text, one file a sequence."""
        return [
            {
                "name": sequence.name,
                "length": sequence.length,
                "detections": str(file.resolve()),
                "pictures": _paths(self.pictures_of(index), sequence.length),
            }
            for index, (sequence, file) in enumerate(zip(self.sequences, detections, strict=True))
        ]


def enter(
    truth: Path,
    only: Sequence[str],
    pictures: Path | None,
    reid: str,
    peers: Sequence[str],
    cast: int | None = None,
    refine: bool = False,
) -> Contest:
    """The contest over the sequences in `truth`, or `only` those of these names; pictures count
    only where every sequence has them.

    `pictures` is where else they may be, `reid` what our row with re-ID takes, `cast` how many people each sequence
    has. Raises InputError for missing ones.
    """
    sequences = _chosen(find_sequences(truth), only)
    found = [find_pictures(sequence, pictures) for sequence in sequences]
    missing = [sequence.name for sequence, there in zip(sequences, found, strict=True) if there is None]
    wanted = pictures is not None or any(name.endswith("-reid") for name in peers)
    if missing and wanted:
        raise InputError(f"there are no pictures of {', '.join(missing)}: --pictures takes a folder of SEQUENCE.mp4")
    weights = None if missing else encoder_weights(reid)
    return Contest(
        [_measured(*pair) for pair in zip(sequences, found, strict=True)],
        [] if missing else [there for there in found if there is not None],
        peers,
        make_embedder(weights),
        cast,
        refine,
    )


def _chosen(sequences: list[TruthSequence], only: Sequence[str]) -> list[TruthSequence]:
    names = [sequence.name for sequence in sequences]
    if unknown := sorted(set(only) - set(names)):
        raise InputError(f"no sequence is called {', '.join(unknown)}; there are {', '.join(names)}")
    return [sequence for sequence in sequences if not only or sequence.name in only]


def _measured(sequence: TruthSequence, pictures: Pictures | None) -> TruthSequence:
    """With what seqinfo.ini does not say taken from the pictures, and the length from the truth."""
    if sequence.length and sequence.size and sequence.fps:
        return sequence
    if pictures is None:
        raise InputError(f"{sequence.folder}/seqinfo.ini should give seqLength, frameRate, imWidth and imHeight")
    with pictures.open(sequence.fps or 30.0) as source:
        return replace(
            sequence,
            length=sequence.length or len(read_truth(sequence.truth)),
            fps=sequence.fps or source.fps,
            size=sequence.size or (source.width, source.height),
        )


def _paths(pictures: Pictures | None, length: int | None) -> str | list[str] | None:
    if pictures is None:
        return None
    if pictures.video:
        return str(pictures.video.resolve())
    return [str(file.resolve()) for file in pictures.files[:length]]
