"""One classifier for one video: which of its people a crop shows, trained on the crops labelled so far.

The paper trained a network a video to give its data pseudo-labels; here a linear head on a frozen encoder's embeddings
does it, in a second. One logistic classifier a person, so that an unknown person may have a low probability for each.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit

Classifier = Callable[[np.ndarray], np.ndarray]
"""Features (N, F) to probabilities (N, P), each person's against all others; rows need not sum to 1."""

DIMENSIONS = 128
WEIGHT_DECAY = 1e-3
ITERATIONS = 60
FEATURE_SCALE = 10.0
FOLDS = 4


def features(embedding: np.ndarray) -> np.ndarray:
    """The directions in which the video's embeddings (N, D) differ most, (N, at most 128) float64.

    What all crops of the video share, its light and its floor, is taken off.
    """
    centred = embedding.astype(float) - embedding.mean(axis=0, keepdims=True)
    _, axes = np.linalg.eigh(centred.T @ centred)
    return FEATURE_SCALE * centred @ axes[:, ::-1][:, :DIMENSIONS]


def train_classifier(rows: np.ndarray, person: np.ndarray, people: int) -> Classifier:
    """Train on rows (N, F) of the persons (N,) 0..people-1, each person weighted alike; one without rows gets 0.

    Logistic regression with weight decay, one person against all others. It starts from zero and draws nothing at
    random: the same rows give the same classifier.
    """
    target = np.eye(people)[person]  # (N, P)
    own = target.sum(axis=0)
    weight = (target / np.maximum(own, 1) + (1 - target) / np.maximum(len(target) - own, 1)) / 2
    inputs = np.hstack([rows, np.ones((len(rows), 1))])
    decayed = np.append(np.ones(rows.shape[1]), 0.0)[:, None]  # not the bias

    def loss(flat: np.ndarray) -> tuple[float, np.ndarray]:
        head = flat.reshape(-1, people)
        score = inputs @ head
        value = (weight * (np.logaddexp(0.0, score) - target * score)).sum()
        gradient = inputs.T @ (weight * (expit(score) - target)) + 2 * WEIGHT_DECAY * decayed * head
        return value + WEIGHT_DECAY * (decayed * head**2).sum(), gradient.reshape(-1)

    start = np.zeros(inputs.shape[1] * people)
    found = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": ITERATIONS})
    head = found.x.reshape(-1, people)

    def classify(unknown: np.ndarray) -> np.ndarray:
        return expit(unknown @ head[:-1] + head[-1]) * (own > 0)

    return classify


def held_out_probabilities(
    rows: np.ndarray, person: np.ndarray, tracklet: np.ndarray, people: int, longest: int
) -> np.ndarray:
    """Probabilities (N, P) of each row by a classifier trained without it and its neighbours in time.

    rows (N, F) in order of time, person (N,) from 0, or below 0 for rows that are not trained on, tracklet (N,).
    Each person's rows are dealt to `FOLDS` classifiers in pieces of one tracklet, each at most `longest` rows.
    """
    fold = folds(person, tracklet, people, longest)
    probability = np.zeros((len(rows), people))
    unlabelled = fold < 0
    for number in range(FOLDS):
        trained = (fold >= 0) & (fold != number)
        if trained.any():
            classify = train_classifier(rows[trained], person[trained], people)
            probability[fold == number] = classify(rows[fold == number])
            probability[unlabelled] += classify(rows[unlabelled]) / FOLDS
    return probability


def folds(person: np.ndarray, tracklet: np.ndarray, people: int, longest: int) -> np.ndarray:
    """The classifier trained without each row, (N,) int; -1 for rows of no person. Few rows make short pieces."""
    fold = np.full(len(person), -1)
    for number in range(people):
        own = np.flatnonzero(person == number)
        length = max(1, min(longest, len(own) // FOLDS))
        stretch, filled = -1, length
        for index, row in enumerate(own.tolist()):
            if filled == length or tracklet[row] != tracklet[own[index - 1]]:
                stretch, filled = stretch + 1, 0
            fold[row] = stretch % FOLDS
            filled += 1
    return fold
