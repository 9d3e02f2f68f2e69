"""A beat to dance to, synthesised."""

from __future__ import annotations

import numpy as np

RATE = 48000
"""Samples a second."""
_CHORDS = ((220.0, 261.6, 329.6), (174.6, 220.0, 261.6), (261.6, 329.6, 392.0), (196.0, 246.9, 293.7))


def samples(seconds: float, beat: float, random: np.random.Generator) -> np.ndarray:
    """Mono samples (S,) float32 in -1..1: kick on every beat, snare on every other, hats between, bass and chords."""
    mix = np.zeros(max(1, round(seconds * RATE)), np.float32)
    kick, snare, hat = _kick(), _snare(random), _hat(random)
    for count in range(int(seconds / beat) + 1):
        start = count * beat
        _add(mix, kick, start, 0.8)
        _add(mix, hat, start + beat / 2, 0.25)
        if count % 2:
            _add(mix, snare, start, 0.45)
        chord = _CHORDS[(count // 4) % len(_CHORDS)]
        _add(mix, _tone(chord[0] / 4, beat * 0.9, 6), start, 0.4)
        for note in chord:
            _add(mix, _tone(note, beat * 1.2, 5), start + (beat / 2 if count % 2 else 0), 0.1)
    return np.tanh(mix * 0.9)


def _time(seconds: float) -> np.ndarray:
    return np.arange(int(seconds * RATE)) / RATE


def _kick() -> np.ndarray:
    time = _time(0.28)
    return np.sin(2 * np.pi * (48 * time + 3.2 * (1 - np.exp(-time * 28)))) * np.exp(-time * 11)


def _snare(random: np.random.Generator) -> np.ndarray:
    time = _time(0.2)
    return (0.7 * random.standard_normal(len(time)) * 0.5 + 0.4 * np.sin(2 * np.pi * 190 * time)) * np.exp(-time * 20)


def _hat(random: np.random.Generator) -> np.ndarray:
    time = _time(0.06)
    return np.diff(random.standard_normal(len(time) + 1)) * 0.4 * np.exp(-time * 70)


def _tone(pitch: float, seconds: float, decay: float) -> np.ndarray:
    time = _time(seconds)
    wave = np.sin(2 * np.pi * pitch * time) + 0.4 * np.sin(4 * np.pi * pitch * time)
    return wave * np.exp(-time * decay) * np.minimum(1, time * 200)


def _add(mix: np.ndarray, sound: np.ndarray, start: float, gain: float) -> None:
    first = round(start * RATE)
    part = sound[: max(0, len(mix) - first)]
    mix[first : first + len(part)] += gain * part
