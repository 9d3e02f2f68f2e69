"""Which crops make up a batch. Every sampler is a pure function of (seed, epoch): nothing to save."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from .batch_indices import BatchIndices, Sampler, SamplingOptions
from .crops import Crop
from .people_sampling import PeopleSampler
from .sparse_people_sampling import SparsePeopleSampler
from .tuple_sampling import SparseTemporalSampler, TupleSampler

__all__ = ["SAMPLERS", "BatchIndices", "Sampler", "SamplingOptions", "make_sampler"]

SAMPLERS: dict[str, Callable[[Sequence[Crop], SamplingOptions, int], Sampler]] = {
    "people": PeopleSampler,
    "sparse-people": SparsePeopleSampler,
    "random": TupleSampler,
    "sparse-temporal": SparseTemporalSampler,
}


def make_sampler(crops: Sequence[Crop], options: SamplingOptions, seed: int) -> Sampler:
    """A function from the epoch to its batches. Raises DataError where the crops allow none."""
    return SAMPLERS[options.kind](crops, options, seed)
