"""Recovered and swapped pictures of a batch: E_p and G at work (ICASSP 2020, section 2.2)."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from ..data.batch import Batch
from . import losses
from .objective_options import ObjectiveOptions
from .phases import Objective
from .pose_maps import jittered_sigma, pose_maps, recovery_weight

NO_ROWS = torch.zeros(0, dtype=torch.int64)
NOTHING = torch.zeros(0)
"""Stands for pictures and maps while nothing is generated."""


@dataclass(frozen=True)
class Generated:
    """M generated pictures `image` (M, 3, H, W), in the poses of the crops `row` (M,) and with e_c of `looks` (M,)."""

    row: torch.Tensor = NO_ROWS
    looks: torch.Tensor = NO_ROWS
    image: torch.Tensor = NOTHING


@dataclass(frozen=True)
class Generation:
    """What is generated for a batch of N crops, and what it is compared with.

    maps (N, P, H, W) of the poses; weight (N, 1, H, W) of each pixel in the recovery losses, or None where all count
    the same; row (R,) of the crops that take part, and `paired` (M,) of those that have a partner; `recovered` are
    G(e_c, e_p), `swapped` are G(partner's e_c, e_p).
    """

    maps: torch.Tensor = NOTHING
    weight: torch.Tensor | None = None
    row: torch.Tensor = NO_ROWS
    paired: torch.Tensor = NO_ROWS
    recovered: Generated = Generated()
    swapped: Generated = Generated()

    @property
    def generated(self) -> Generated:
        """Recovered and swapped pictures together: the discriminators see both."""
        parts = [made for made in (self.recovered, self.swapped) if len(made.row)]
        return Generated(*(torch.cat([getattr(made, name) for made in parts]) for name in ("row", "looks", "image")))


NOTHING_GENERATED = Generation()


class PictureGeneration:
    """Generates pictures of a batch with the networks `pose_encoder` and `generator` of an objective.

    What no loss compares is not generated: without L_CR nothing is swapped.
    """

    def __init__(self, objective: Objective, options: ObjectiveOptions) -> None:
        self.objective, self.options = objective, options
        self.recovers = bool(options.weights.recovery) or not options.weights.cross_recovery
        self.swaps = bool(options.weights.cross_recovery)

    def __call__(self, batch: Batch, feature: torch.Tensor) -> Generation:
        """Recover pictures from their own e_c (N, D), and paired ones with their partner's."""
        height, width = batch.image.shape[2:]
        assert batch.keypoints is not None
        sigma = jittered_sigma(len(batch.image), batch.generator)
        maps = pose_maps(batch.keypoints, height, width, sigma)
        row, paired = self.chosen(batch)
        own = torch.arange(len(row) if self.recovers else 0, device=row.device)
        swapped = paired if self.swaps else paired[:0]
        context = torch.cat([row[own], batch.partner[row[swapped]]])
        image = self.painted(maps[row], torch.cat([own, swapped]), feature[context])
        return Generation(
            maps,
            self.weight(batch, row),
            row,
            row[paired],
            Generated(row[own], context[: len(own)], image[: len(own)]),
            Generated(row[swapped], context[len(own) :], image[len(own) :]),
        )

    def weight(self, batch: Batch, row: torch.Tensor) -> torch.Tensor | None:
        """Weight of each pixel in the recovery losses (N, 1, H, W), of the crops `row` (R,) only."""
        body = self.options.body_weight
        if body == 1:
            return None
        assert batch.keypoints is not None
        weight = torch.zeros_like(batch.image[:, :1])
        height, width = batch.image.shape[2:]
        weight[row] = recovery_weight(batch.keypoints[row], height, width, body)
        return weight

    def chosen(self, batch: Batch) -> tuple[torch.Tensor, torch.Tensor]:
        """Rows (R,) of the crops that take part, and which of these R have a partner, as indices."""
        if not self.options.pictures:
            return torch.arange(len(batch.image), device=batch.image.device), batch.paired
        count = min(self.options.pictures, len(batch.paired))
        index = torch.linspace(0, len(batch.paired) - 1, count, device=batch.paired.device).round().long()
        return batch.paired[index], torch.arange(count, device=batch.paired.device)

    def painted(self, maps: torch.Tensor, pose: torch.Tensor, context: torch.Tensor) -> torch.Tensor:
        """Pictures (M, 3, H, W) in the poses `maps[pose]`, (R, P, H, W) and (M,), of the people `context` (M, D)."""
        networks, run = self.objective.networks, self.objective.run
        inputs = [context, run(networks["pose_encoder"], maps)[pose]]
        if self.options.generator.map_conditioned:
            no_noise = context[:, :0]
            inputs += [no_noise, maps[pose]]
        return run(networks["generator"], *inputs).float()

    def recovery(self, batch: Batch, generation: Generation, made: Generated) -> torch.Tensor:
        """Weighted L1 of generated pictures against the crops in whose poses they are, (2) and (3)."""
        weight = None if generation.weight is None else generation.weight[made.row]
        return losses.recovery(batch.image[made.row], made.image, weight)

    @torch.no_grad()
    def identity_effect(self, batch: Batch, generation: Generation, feature: torch.Tensor) -> torch.Tensor:
        """How much the L1 of recovered pictures rises when they are made from another person's e_c, (N, D).

        Near zero, the generator does without e_c, and its losses teach the encoder nothing.
        """
        row = generation.recovered.row
        order = torch.argsort(batch.person[row], stable=True)
        stranger = torch.empty_like(row)  # the row half the batch on in the order of people
        stranger[order] = row[order.roll(len(row) // 2)]
        networks = [self.objective.networks[name] for name in ("pose_encoder", "generator")]
        every = torch.arange(len(row), device=row.device)
        for network in networks:
            network.eval()  # a look must not move running statistics
        own, strange = (
            self.recovery(
                batch, generation, Generated(row, context, self.painted(generation.maps[row], every, feature[context]))
            )
            for context in (row, stranger)
        )
        for network in networks:
            network.train()
        return strange - own
