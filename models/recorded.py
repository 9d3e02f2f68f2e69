"""A network's pass recorded once for each shape of its input and replayed, so that a GPU does not wait for Python."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

import numpy as np
import torch

Run = Callable[[torch.Tensor], torch.Tensor]

KEPT = 8
"""Shapes of input that stay prepared."""
WARM_UPS = 2
"""Passes before the one that is recorded: cuDNN chooses its kernels in them, and networks make what they keep."""


@dataclass(frozen=True)
class Recorded:
    """A function of pictures (B, H, W, 3) uint8 on `device`, row by row, called with arrays.

    On a GPU each shape of input is recorded as a CUDA graph when it comes first, and has a stream of its own. A small
    network is a hundred kernels of a few microseconds each, and to launch them one by one takes Python milliseconds,
    in which no other thread of the tracker goes on. Since each shape takes time, fewer pictures than in a batch before,
    or in the smallest of `sizes` that holds them, are filled up; since each takes memory, the last `KEPT` are kept.
    What cannot be recorded runs as it is, and so does everything on other devices. Not for several threads at once.
    """

    run: Run
    device: torch.device
    sizes: tuple[int, ...] = ()
    _of_shape: dict[tuple[int, ...], Callable[[np.ndarray], np.ndarray]] = field(default_factory=dict)

    def __call__(self, pictures: np.ndarray) -> np.ndarray:
        """What the function makes of the pictures, (B, ...). Raises what it raises."""
        given = np.ascontiguousarray(self.filled(pictures))
        if given.shape not in self._of_shape:
            if len(self._of_shape) == KEPT:
                del self._of_shape[next(iter(self._of_shape))]
            self._of_shape[given.shape] = self._prepared(given.shape)
        return self._of_shape[given.shape](given)[: len(pictures)]

    def filled(self, pictures: np.ndarray) -> np.ndarray:
        """The pictures, on a GPU with black ones behind them."""
        known = [*self.sizes, *(shape[0] for shape in self._of_shape if shape[1:] == pictures.shape[1:])]
        size = min((size for size in known if size >= len(pictures)), default=len(pictures))
        if self.device.type != "cuda" or size == len(pictures):
            return pictures
        return np.concatenate([pictures, np.zeros((size - len(pictures), *pictures.shape[1:]), pictures.dtype)])

    def _prepared(self, shape: tuple[int, ...]) -> Callable[[np.ndarray], np.ndarray]:
        if self.device.type == "cuda":
            with suppress(RuntimeError):  # it asks for what a graph cannot do, a result in Python say
                return recorded(self.run, self.device, shape)
        return self._as_it_is

    def _as_it_is(self, pictures: np.ndarray) -> np.ndarray:
        with torch.inference_mode():
            return self.run(torch.from_numpy(pictures).to(self.device)).cpu().numpy()


def recorded(run: Run, device: torch.device, shape: tuple[int, ...]) -> Callable[[np.ndarray], np.ndarray]:
    """The function for inputs of one shape, as a CUDA graph. Raises RuntimeError where it cannot be recorded."""
    given = torch.zeros(shape, dtype=torch.uint8, device=device)
    torch.cuda.synchronize(device)
    stream, graph = torch.cuda.Stream(device), torch.cuda.CUDAGraph()
    with torch.inference_mode(), torch.cuda.stream(stream):
        for _ in range(WARM_UPS):
            run(given)
        with torch.cuda.graph(graph, stream=stream, capture_error_mode="thread_local"):
            result = run(given)

    def replay(pictures: np.ndarray) -> np.ndarray:
        with torch.inference_mode(), torch.cuda.stream(stream):
            given.copy_(torch.from_numpy(pictures))
            graph.replay()
            return result.cpu().numpy()

    return replay
