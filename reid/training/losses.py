"""Every loss, each a pure function; numbers in brackets are equations of "Learning from Dances" (ICASSP 2020).

B pictures, D dimensions. Adversarial losses take logits of any shape and return a mean.
"""

from __future__ import annotations

import torch
from torch import nn

LEAST_SQUARE = 1e-12  # of a distance, whose root has no gradient at 0


def distances(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """Euclidean distance of every pair, (A, D) and (B, D) to (A, B), with a gradient everywhere."""
    with torch.autocast(a.device.type, enabled=False):  # half precision would drown small distances
        squared = a.square().sum(1)[:, None] + b.square().sum(1)[None, :] - 2 * a @ b.T
    return squared.clamp(min=LEAST_SQUARE).sqrt()


def distances_of_pairs(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """Euclidean distance of each row to the one beside it, (B, D) and (B, D) to (B,), with a gradient everywhere."""
    return (a - b).square().sum(1).clamp(min=LEAST_SQUARE).sqrt()


def triplet(positive: torch.Tensor, negative: torch.Tensor, margin: float | None) -> torch.Tensor:
    """First term of (1): max(M - negative + positive, 0), averaged.

    positive, negative (B,) are the distances to the positive and to the negative. A margin of None is the soft margin,
    log(1 + exp(positive - negative)).
    """
    if margin is None:
        return nn.functional.softplus(positive - negative).mean()
    return (margin - negative + positive).clamp(min=0).mean()


def batch_hard(features: torch.Tensor, person: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Distances to the farthest positive and the nearest negative of each row that has both.

    features (B, D), person (B,). ("In Defense of the Triplet Loss", Hermans et al. 2017.)
    """
    distance = distances(features, features)
    same = person[:, None] == person[None, :]
    other = same & ~torch.eye(len(person), dtype=torch.bool, device=person.device)  # another crop of the person
    has_both = other.any(1) & (~same).any(1)
    farthest_positive = distance.masked_fill(~other, -torch.inf).amax(1)
    nearest_negative = distance.masked_fill(same, torch.inf).amin(1)
    return farthest_positive[has_both], nearest_negative[has_both]


def cross_entropy(logits: torch.Tensor, person: torch.Tensor, smoothing: float) -> torch.Tensor:
    """Second term of (1): cross-entropy over the training people, logits (B, C), person (B,) class numbers."""
    return nn.functional.cross_entropy(logits, person, label_smoothing=smoothing)


def recovery(image: torch.Tensor, recovered: torch.Tensor, weight: torch.Tensor | None) -> torch.Tensor:
    """(2) and (3): L1 of recovered pictures (B, 3, H, W), weighted by (B, 1, H, W) where given.

    It is (2) for G(e_c, e_p) of a picture's own features, (3) when e_c is its positive's.
    """
    difference = (image - recovered).abs()
    if weight is None:
        return difference.mean()
    return (difference * weight).sum() / (weight.sum() * image.shape[1]).clamp(min=1e-6)


def likeness(generated: torch.Tensor, real: torch.Tensor) -> torch.Tensor:
    """How far generated pictures are from the person whose looks they were given: 1 - cosine of embeddings, averaged.

    generated, real (B, D) are embeddings of the generated pictures and of the crops that lent e_c, of any length.
    Not in the paper; the perceptual loss of Johnson et al. (ECCV 2016) with the last layer only.
    """
    return 1 - nn.functional.cosine_similarity(generated, real, dim=1).mean()


def logistic(logits: torch.Tensor, target: float) -> torch.Tensor:
    """Logistic loss against a target in 0..1: binary cross-entropy of sigmoid(logits)."""
    return (target * nn.functional.softplus(-logits) + (1 - target) * nn.functional.softplus(logits)).mean()


def image_discrimination(real: torch.Tensor, generated: torch.Tensor, smoothing: float = 0.0) -> torch.Tensor:
    """-(4), what D minimises: -[log D(x) + log(1 - D(G(e_c, e_p)))]; `smoothing` lowers the target of real pictures."""
    return logistic(real, 1 - smoothing) + logistic(generated, 0)


def pose_discrimination(
    real: torch.Tensor, generated: torch.Tensor, wrong_pose: torch.Tensor, smoothing: float = 0.0
) -> torch.Tensor:
    """-(5), what D_p minimises: -[log D_p(p, x) + log(1 - D_p(p, G)) + log(1 - D_p(p+, x))].

    The third term, a real picture with another picture's pose, is what takes the pose out of e_c.
    """
    return image_discrimination(real, generated, smoothing) + logistic(wrong_pose, 0)


def deception(generated: torch.Tensor) -> torch.Tensor:
    """What the generator minimises in (4) and (5), in its non-saturating form: -log D(G(e_c, e_p))."""
    return logistic(generated, 1)
