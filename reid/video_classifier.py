"""One classifier for one video: who of its people a crop shows, learnt from crops that are labelled already.

The paper trained a network a video to give its data pseudo-labels; here a linear head on a frozen encoder's embeddings
does it, in a second. One logistic classifier a person, so that a stranger may look like nobody.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import nn

Classifier = Callable[[np.ndarray], np.ndarray]
"""Features (N, F) to probabilities (N, P), each person's against all others; rows need not sum to 1."""

DIMENSIONS = 128
WEIGHT_DECAY = 1e-3
ITERATIONS = 60
FEATURE_SCALE = 10.0


def features(embedding: np.ndarray) -> np.ndarray:
    """The directions in which the video's embeddings (N, D) differ most, (N, at most 128) float64.

    What all crops of the video share, its light and its floor, is taken off.
    """
    centred = embedding.astype(float) - embedding.mean(axis=0, keepdims=True)
    _, axes = np.linalg.eigh(centred.T @ centred)
    return FEATURE_SCALE * centred @ axes[:, ::-1][:, :DIMENSIONS]


def train_classifier(rows: np.ndarray, person: np.ndarray, people: int) -> Classifier:
    """Learn from rows (N, F) of the persons (N,) 0..people-1, everybody weighted alike; whoever has no row gets 0.

    Starts from zero and uses no chance: the same rows give the same classifier.
    """
    inputs = torch.tensor(rows, dtype=torch.float32)
    target = nn.functional.one_hot(torch.tensor(person, dtype=torch.long), people).float()  # (N, P)
    own = target.sum(dim=0)
    weight = target / own.clamp(min=1) + (1 - target) / (len(target) - own).clamp(min=1)
    head = nn.Linear(inputs.shape[1], people)
    nn.init.zeros_(head.weight)
    nn.init.zeros_(head.bias)
    optimiser = torch.optim.LBFGS(head.parameters(), max_iter=ITERATIONS, line_search_fn="strong_wolfe")

    def loss() -> torch.Tensor:
        optimiser.zero_grad()
        each = nn.functional.binary_cross_entropy_with_logits(head(inputs), target, reduction="none")
        total = (weight * each).sum() / 2 + WEIGHT_DECAY * head.weight.square().sum()
        total.backward()
        return total

    with torch.enable_grad():
        optimiser.step(loss)
    known = (own > 0).numpy()

    def classify(unknown: np.ndarray) -> np.ndarray:
        with torch.inference_mode():
            probability = torch.sigmoid(head(torch.tensor(unknown, dtype=torch.float32))).numpy()
        return probability * known

    return classify


def held_out_probabilities(rows: np.ndarray, person: np.ndarray, people: int, chunk: int, folds: int = 4) -> np.ndarray:
    """Probabilities (N, P) of each row by a classifier that learnt without it and its neighbours in time.

    rows (N, F) in order of time, person (N,) from 0, or below 0 for rows that nothing is learnt from. Everybody's rows
    are dealt to the `folds` in stretches of `chunk` rows, shorter for whoever has few.
    """
    fold = np.full(len(person), -1)
    for number in range(people):
        own = np.flatnonzero(person == number)
        length = max(1, min(chunk, len(own) // folds))
        fold[own] = np.arange(len(own)) // length % folds
    probability = np.zeros((len(rows), people))
    unlabelled = fold < 0
    for number in range(folds):
        learnt = (fold >= 0) & (fold != number)
        if learnt.any():
            classify = train_classifier(rows[learnt], person[learnt], people)
            probability[fold == number] = classify(rows[fold == number])
            probability[unlabelled] += classify(rows[unlabelled]) / folds
    return probability
