"""Ray: the machines that workers run on, which is this one, or those of a cluster."""

from __future__ import annotations

import logging
import math
import os
import secrets
import signal
import socket
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tracker.types import InputError

from .folder import version_of
from .output import first_names, os_errors_as
from .worker import Job, View, Worker, look

PATIENCE = 5.0
"""Seconds in which a cluster's head must take a call."""
LOOKING = 60.0
"""Seconds in which a machine must tell what it sees."""
QUIET = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_DEDUP_LOGS_SKIP_REGEX": "."}
"""No word to Ray's makers, and none of Ray's own between ours."""
MEANWHILE = "frames and stop"
LENGTH = 80
"""Bytes of a socket's path below the folder of temporary files."""


@dataclass(frozen=True)
class Machine:
    """One of Ray's nodes: its id and address, processors and GPUs."""

    id: str
    address: str
    cores: float
    gpus: float

    def share(self, workers: int, gpu: bool) -> dict[str, float]:
        """What each of so many workers asks of Ray: whole cores where there are enough, at most one GPU."""
        cores = int(self.cores) // workers or self.cores / workers
        gpus = 1 / math.ceil(workers / self.gpus) if gpu and self.gpus else 0
        return {"num_cpus": cores, "num_gpus": gpus}


def refuse_without_ray() -> None:
    """Raise InputError where it is not installed."""
    if version_of("ray") is None:
        raise InputError("--workers and --ray need Ray: pip install 'followspot[cluster]'")


@dataclass(frozen=True)
class Cluster:
    """Ray's module, connected."""

    ray: Any

    def machines(self) -> list[Machine]:
        """Those that can compute, now."""
        alive = [node for node in self.ray.nodes() if node["Alive"]]
        found = [(node, node["Resources"]) for node in alive]
        return [
            Machine(node["NodeID"], node["NodeManagerHostname"], has["CPU"], has.get("GPU", 0))
            for node, has in found
            if has.get("CPU")
        ]

    def hire(self, machine: Machine, job: Job, share: tuple[int, int], gpu: bool) -> Any:
        """A `Worker` in a process of that machine, as Ray's handle of an actor."""
        actor = self.ray.remote(concurrency_groups={MEANWHILE: 1})(Worker)
        needs = machine.share(share[1], gpu)
        return actor.options(**needs, scheduling_strategy=self._on(machine)).remote(job, Path.cwd(), share)

    def aside(self, method: Any) -> Any:
        """Call an actor's method while another one runs."""
        return method.options(concurrency_group=MEANWHILE).remote()

    def require_shared(self, parent: Path, files: Sequence[Any]) -> None:
        """Raise InputError where a machine does not see the folder of the results, or one of the files, or has another
        version of Followspot."""
        there = next(folder for folder in (parent.absolute(), *parent.absolute().parents) if folder.is_dir())
        with os_errors_as(f"cannot write results to {parent}", "; choose another --out"):
            token = tempfile.NamedTemporaryFile(dir=there, prefix=".seen-by-all-")  # noqa: SIM115
        with token:
            for machine in self.machines():
                refuse_blind(self._view(machine, Path(token.name), files), parent)

    def _view(self, machine: Machine, token: Path, files: Sequence[Any]) -> View:
        task = self.ray.remote(num_cpus=0, max_retries=0, scheduling_strategy=self._on(machine))(look)
        try:
            return self.ray.get(task.remote(token, files, Path.cwd()), timeout=LOOKING)
        except self.ray.exceptions.RayError as error:
            reason = str(error).strip().splitlines()[-1]
            raise InputError(
                f"{machine.address} of the cluster cannot run Followspot ({reason}): install the same version there"
            ) from error

    def _on(self, machine: Machine) -> Any:
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        return NodeAffinitySchedulingStrategy(machine.id, soft=False)


def refuse_blind(view: View, parent: Path) -> None:
    """Raise InputError unless the machine sees all that it must."""
    if view.version != version_of("followspot"):
        raise InputError(
            f"{view.host} of the cluster has followspot {view.version}, this machine {version_of('followspot')}: "
            "install the same version on all"
        )
    if not view.results:
        raise InputError(
            f"{view.host} of the cluster does not see {parent.absolute()}: name a folder by --out on storage that all "
            "its machines share"
        )
    if view.missing:
        raise InputError(
            f"{view.host} of the cluster does not see {first_names(view.missing)}: put it on storage that all its "
            "machines share, under the same path"
        )


@contextmanager
def connected(address: str = "") -> Iterator[Cluster]:
    """Within the block there is a cluster: the one whose head is at HOST:PORT, or by default one of this machine alone,
    which ends with the block. Raises InputError where it cannot be reached.
    """
    os.environ.update(QUIET if address else {**QUIET, **locked()})
    import ray

    options: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.ERROR}
    place = tempfile.TemporaryDirectory(prefix="ray-", dir=near_the_root(), ignore_cleanup_errors=True)
    if not address:
        options |= {"include_dashboard": False, "object_store_memory": 80 * 2**20}  # results are files: little is kept
        options |= {"_temp_dir": place.name}
    before = signal.getsignal(signal.SIGTERM)  # Ray puts its own in its place
    try:
        try:
            ray.init(address or "local", **options)
        except (RuntimeError, ConnectionError, ValueError, OSError) as error:
            reason = str(error).strip().splitlines()[0]
            joining = f"join the cluster at {address} (where that wants a token, RAY_AUTH_MODE=token gives it)"
            raise InputError(f"Ray does not {joining if address else 'start'}: {reason}") from error
        finally:
            signal.signal(signal.SIGTERM, before)
        yield Cluster(ray)
    finally:
        ray.shutdown()
        signal.signal(signal.SIGTERM, before)
        place.cleanup()


def near_the_root() -> str:
    """The folder of temporary files, or /tmp where Ray's sockets, whose paths may have 107 bytes, do not go into it."""
    usual = tempfile.gettempdir()
    return "/tmp" if len(os.fsencode(usual)) > 107 - LENGTH and os.path.isdir("/tmp") else usual


def locked() -> dict[str, str]:
    """What lets nobody else in: Ray listens on every address of the machine, and runs what it is told there."""
    return {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32)}


def refuse_deaf(address: str) -> None:
    """Raise InputError unless something listens at HOST:PORT: Ray itself would try for minutes."""
    host, _, port = address.rpartition(":")
    if not host or not port.isdecimal() or "/" in host:
        raise InputError(f"--ray {address} is no HOST:PORT, such as 192.168.1.5:6379, as `ray start --head` prints it")
    try:
        socket.create_connection((host, int(port)), PATIENCE).close()
    except OSError as error:
        raise InputError(
            f"no Ray cluster answers at --ray {address} ({error.strerror or error}): is its head running?"
        ) from error
