"""Named recipes: every row of the paper's Table 1, and stronger ones."""

from __future__ import annotations

from dataclasses import replace

from models.discriminators import DiscriminatorOptions
from models.encoder import EncoderOptions
from models.generator import GeneratorOptions

from ..data.augmentation import AugmentationOptions
from ..data.sampling import SamplingOptions
from .fdgan import FdGanOptions
from .objective_options import LossWeights, ObjectiveOptions
from .optimisation import OptimisationOptions, OptimiserOptions
from .recipe import Recipe

PAPER_WEIGHTS = LossWeights(cross_entropy=1.0, triplet=1.0, recovery=10.0, cross_recovery=10.0, image=0.1, pose=0.1)
GENERATOR = OptimiserOptions("adam", 2e-4, 0.5, 0.0)
# Adam at 5e-4 teaches D_p what a wrong pose is within some hundred steps; SGD at 4e-4 leaves it a constant.
DISCRIMINATOR = OptimiserOptions("adam", 5e-4, 0.5, 1e-4)
# The paper leaves the encoder's head and the learning rates open. Without a neck the triplet loss costs 14 mAP against
# plain cross-entropy; the authors' rates belong to their encoder (see AUTHORS) and change ours hardly at all.
PAPER = Recipe(
    encoder=EncoderOptions(bnneck=True),
    objective=ObjectiveOptions(PAPER_WEIGHTS, label_smoothing=0.1),
    sampling=SamplingOptions("sparse-temporal"),
    augmentation=AugmentationOptions(erase=0.5),
    optimisation=OptimisationOptions(
        warmup_epochs=3,
        encoder=OptimiserOptions("adam", 3.5e-4),
        generator=GENERATOR,
        discriminator=DISCRIMINATOR,
    ),
)
SPARSE_PEOPLE = SamplingOptions("sparse-people", people_per_video=4, gap=2.0, gap_unit="seconds")
RANDOM_TUPLES = SamplingOptions("random")
STRONG = Recipe(
    encoder=EncoderOptions(bnneck=True),
    objective=ObjectiveOptions(LossWeights(), margin=0.3, label_smoothing=0.1),
    sampling=SamplingOptions("people"),
    augmentation=AugmentationOptions(erase=0.5, brightness=0.2),
    optimisation=OptimisationOptions(
        epochs=60,
        warmup_epochs=3,
        schedule="cosine",
        encoder=OptimiserOptions("adam", 3.5e-4),
        generator=GENERATOR,
        discriminator=DISCRIMINATOR,
        ema_decay=0.999,
    ),
)
# The authors' run where the paper is silent. 0.3 L_R + 0.7 L_CR on ImageNet-normalised pixels are 12 and 29 here.
AUTHORS = replace(
    PAPER,
    encoder=EncoderOptions(bnneck=True, pooling="max"),
    objective=ObjectiveOptions(
        replace(PAPER_WEIGHTS, recovery=12.0, cross_recovery=29.0),
        label_smoothing=0.1,
        body_weight=10.0,
        generator=GeneratorOptions(dropout=0.2),
        discriminator=DiscriminatorOptions(start="download"),
    ),
    augmentation=AugmentationOptions(erase=0.75, erase_area=0.2),
    optimisation=OptimisationOptions(discriminator=OptimiserOptions("sgd", 4e-5, weight_decay=1e-4)),
)
# For three minutes on two cores: the paper's losses, weights and sampling on a small network. It starts from the
# bundled encoder of rendered people, so that a few steps adapt it to others, and needs no download. A ResNet-18 as
# discriminator would cost more than all the rest; a pose given by e_p alone would take thousands of steps to be seen.
# So short a run does not overfit, so nothing is erased that the generated pictures need.
QUICK = replace(
    PAPER,
    encoder=EncoderOptions("mobilenet_v2", height=128, width=64, bnneck=True),
    objective=ObjectiveOptions(
        PAPER_WEIGHTS,
        label_smoothing=0.1,
        pictures=12,
        generator=GeneratorOptions(channels=24, map_conditioned=True),
        discriminator=DiscriminatorOptions("patchgan", channels=24),
    ),
    sampling=SamplingOptions("sparse-temporal", tuples=8),
    augmentation=AugmentationOptions(),
    optimisation=OptimisationOptions(
        steps=150,
        schedule="cosine",
        encoder=OptimiserOptions("adam", 1e-4),
        generator=OptimiserOptions("adam", 2e-3, 0.5, 0.0),
        discriminator=DISCRIMINATOR,
    ),
    start="rendered",
)


def weighted(**weights: float) -> ObjectiveOptions:
    """The paper's objective with some of its weights changed."""
    return replace(PAPER.objective, weights=replace(PAPER_WEIGHTS, **weights))


def baseline(**weights: float) -> Recipe:
    """The paper's run with random tuples and the given losses only."""
    nothing = LossWeights(cross_entropy=0.0, triplet=0.0)
    objective = replace(PAPER.objective, weights=replace(nothing, **weights))
    return replace(PAPER, objective=objective, sampling=RANDOM_TUPLES)


FD_GAN = replace(
    PAPER,
    fd_gan=FdGanOptions(),
    sampling=SamplingOptions("people", people=24, crops=3),
    optimisation=replace(PAPER.optimisation, stage_one=OptimiserOptions("sgd", 0.01)),
)
PRESETS = {
    "softmax": baseline(cross_entropy=1.0),
    "siamese": baseline(verification=1.0),
    "triplet": baseline(triplet=1.0),
    "triplet-softmax": baseline(cross_entropy=1.0, triplet=1.0),
    "fd-gan": FD_GAN,
    "st-reid": PAPER,
    "st-reid-no-cr": replace(PAPER, objective=weighted(cross_recovery=0.0)),
    "st-reid-random": replace(PAPER, sampling=RANDOM_TUPLES),
    "st-reid-no-d": replace(PAPER, objective=weighted(image=0.0)),
    "st-reid-no-p": replace(PAPER, objective=weighted(pose=0.0)),
    "authors": AUTHORS,
    "st-reid-quick": QUICK,
    "strong": STRONG,
    "strong-sparse": replace(STRONG, sampling=SPARSE_PEOPLE),
    "st-reid-strong": replace(
        STRONG, objective=replace(STRONG.objective, weights=PAPER_WEIGHTS), sampling=SPARSE_PEOPLE
    ),
}
TABLE_1 = (
    *("softmax", "siamese", "triplet", "fd-gan", "triplet-softmax"),
    *("st-reid-no-cr", "st-reid-random", "st-reid-no-d", "st-reid-no-p", "st-reid"),
)
"""The rows of the paper's Table 1 that are trained, in its order."""
EXPLANATIONS = {
    "softmax": "cross-entropy over the training people (Table 1)",
    "siamese": "verification of pairs (Table 1)",
    "triplet": "triplet loss (Table 1)",
    "triplet-softmax": "triplet loss and cross-entropy (Table 1)",
    "fd-gan": "verification, target pose and noise, two discriminators, three stages (Table 1)",
    "st-reid": "the paper's Sparse-Temporal ReID Network (Table 1, ours)",
    "st-reid-no-cr": "without the cross-recovery loss (Table 1)",
    "st-reid-random": "with random sampling (Table 1)",
    "st-reid-no-d": "without the image discriminator (Table 1)",
    "st-reid-no-p": "without the pose discriminator (Table 1)",
    "authors": "st-reid with the authors' settings where the paper is silent: max pooling, their learning rates",
    "st-reid-quick": "st-reid made small: three minutes on two cores, from the encoder of rendered people, no download",
    "strong": "warm-up, cosine, random erasing, label smoothing, last stride 1, BNNeck, P x K batches",
    "strong-sparse": "strong with sparse temporal sampling: what st-reid-strong adds to it are the generated pictures",
    "st-reid-strong": "the paper's losses and sparse temporal sampling on top of strong",
}
