"""Several processes train as one (torchrun): each runs the networks on its share of a batch and gets all results.

Losses are computed on the gathered results, in every process alike, so batch-hard mining sees the whole batch and the
loss equals one process's. Batch normalisation is synchronised on GPUs; on the processor each share has its own.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any

import torch
import torch.distributed as distributed
from torch import nn


class Processes:
    """The processes of this run; alone unless a launcher such as torchrun has set RANK, WORLD_SIZE and their like."""

    def __init__(self, device: torch.device) -> None:
        self.count = int(os.environ.get("WORLD_SIZE", "1"))
        self.rank = rank()
        self.device = own_device(device, int(os.environ.get("LOCAL_RANK", "0"))) if self.count > 1 else device
        if self.count > 1 and not distributed.is_initialized():
            distributed.init_process_group("nccl" if device.type == "cuda" else "gloo")

    @property
    def first(self) -> bool:
        """Whether this process is the one that writes."""
        return self.rank == 0

    def prepare(self, networks: nn.ModuleDict) -> nn.ModuleDict:
        """Networks on this process's device; their batch normalisation sees the whole batch, where that can be."""
        if self.count > 1 and self.device.type == "cuda":
            networks = nn.SyncBatchNorm.convert_sync_batchnorm(networks)
        return networks.to(self.device).to(memory_format=torch.channels_last)

    def run(self, network: nn.Module, *inputs: torch.Tensor) -> torch.Tensor:
        """`network(*inputs)` of B rows, each process doing its share; all rows where B cannot be shared evenly."""
        rows = len(inputs[0])
        if self.count == 1 or rows % self.count:
            return network(*inputs)
        share = rows // self.count
        own = slice(self.rank * share, (self.rank + 1) * share)
        return Gather.apply(network(*(tensor[own] for tensor in inputs)), self.rank, self.count)

    def average_gradients(self, parameters: Iterable[nn.Parameter]) -> None:
        """The mean of all processes' gradients; `Gather` makes that the gradient of the common loss."""
        gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
        if self.count == 1 or not gradients:
            return
        flat = torch.cat([gradient.flatten() for gradient in gradients])
        distributed.all_reduce(flat)
        for gradient, mean in zip(gradients, (flat / self.count).split([g.numel() for g in gradients]), strict=True):
            gradient.copy_(mean.view_as(gradient))

    def any(self, flag: bool) -> bool:
        """Whether `flag` is set in any process: all must do the same, such as stop, at the same step."""
        if self.count == 1:
            return flag
        flags = torch.tensor(int(flag), device=self.device)
        distributed.all_reduce(flags, distributed.ReduceOp.MAX)
        return bool(flags.item())

    def wait(self) -> None:
        """Until all processes are here."""
        if self.count > 1:
            distributed.barrier()


def rank() -> int:
    """This process's number among those of the run; the first, 0, is the one that writes and prints."""
    return int(os.environ.get("RANK", "0"))


def own_device(device: torch.device, local_rank: int) -> torch.device:
    """Each process of a computer has a GPU of its own: the one of its local rank, unless one was named."""
    if device.type != "cuda" or device.index is not None:
        return device
    own = torch.device("cuda", local_rank)
    torch.cuda.set_device(own)
    return own


class Gather(torch.autograd.Function):
    """Rows of all processes, in order; backwards, the sum of all processes' gradients of a process's rows.

    torch.distributed.nn.functional.all_gather gives the same gradients, but torch 2.15 deprecates it (each call warns)
    without a public successor.
    """

    @staticmethod
    def forward(context: Any, rows: torch.Tensor, rank: int, count: int) -> torch.Tensor:
        context.rank, context.share = rank, len(rows)
        parts = [torch.empty_like(rows, memory_format=torch.contiguous_format) for _ in range(count)]
        distributed.all_gather(parts, rows.contiguous())
        return torch.cat(parts)

    @staticmethod
    def backward(context: Any, gradient: torch.Tensor) -> tuple[torch.Tensor, None, None]:
        total = gradient.contiguous().clone()
        distributed.all_reduce(total)
        return total[context.rank * context.share : (context.rank + 1) * context.share], None, None


def run_alone(network: nn.Module, *inputs: torch.Tensor) -> torch.Tensor:
    """`network(*inputs)`, in one process."""
    return network(*inputs)
