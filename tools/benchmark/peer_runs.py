"""Starts `peers.py` in an environment of its own for each package of trackers."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

from tracker.types import InputError
from tracker.user_cache import user_cache

from ..run.checks import require_known
from . import peers
from .processes import last_line

PACKAGES = {"roboflow": "trackers==2.6.1", "boxmot": "boxmot==25.0.0"}
"""The release in which each peer is measured, by the first word of its name in `peers.PEERS`."""


def check_peers(names: Sequence[str]) -> None:
    """Raises InputError for a name that is no peer, or where there is no uv to make their environments."""
    require_known("peer", names, peers.PEERS)
    if names:
        find_uv()


def find_uv() -> str:
    """The uv on PATH, or the one that `make setup` put beside the checkout's .venv. Raises InputError for none."""
    found = shutil.which("uv") or shutil.which("uv", path=Path(sys.prefix).resolve().parent / ".venv-uv" / "bin")
    if found is None:
        raise InputError(
            "peers run in environments made by uv, and there is none: `pip install uv`, or leave the peers out with a "
            "bare --peers"
        )
    return found


def peer_environment(package: str) -> Path:
    """The folder of programs of a package's environment, kept in the user's cache; made on first use, by uv.

    BoxMOT gets the Ultralytics that runs here, as its detector. Raises InputError where it cannot be made.
    """
    requirements = [PACKAGES[package]]
    if package == "boxmot":
        requirements.append(f"ultralytics=={version('ultralytics')}")
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    environment = user_cache() / "peers" / f"{'-'.join(requirements).replace('==', '-')}-python-{python}"
    programs = environment / "bin"
    make = ["venv", "--quiet", "--allow-existing", "--python", python, str(environment)]
    install = ["pip", "install", "--quiet", "--python", str(programs / "python"), *requirements]
    for words in (make, install):  # where all is there already, neither takes long or needs the network
        done = subprocess.run([find_uv(), *words], stderr=subprocess.PIPE, text=True)
        if done.returncode:
            raise InputError(f"the environment of {requirements[0]} cannot be made: {last_line(done.stderr)}")
    return programs


def with_reid(names: Sequence[str]) -> list[str]:
    """The peers of `names`, and after them those of them that take appearance too, under that name."""
    return [*names, *(f"{name}-reid" for name in names if f"{name}-reid" in peers.PEERS_WITH_REID)]


def run_peers(
    names: Sequence[str], sequences: Sequence[dict[str, object]], out: Path, reid: Path | None = None
) -> None:
    """Each tracker of `names` over `sequences` (name, length, detections, pictures: see `peers.py`), in turn.

    `reid` are the weights for those with re-ID. Leaves `out`/NAME/SEQUENCE.txt and `out`/NAME.json. Raises InputError
    where an environment cannot be made or a tracker fails.
    """
    out.mkdir(parents=True, exist_ok=True)
    for package, requirement in PACKAGES.items():
        chosen = [name for name in names if name.split("-")[0] == package]
        if chosen:
            weights = str(reid.resolve()) if reid and set(chosen) & set(peers.PEERS_WITH_REID) else None
            job = out / f"{package}-job.json"
            job.write_text(json.dumps({"trackers": chosen, "reid": weights, "sequences": list(sequences)}))
            _run(requirement, job, out)
            job.unlink()


def _run(requirement: str, job: Path, out: Path) -> None:
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    environment = [find_uv(), "run", "--quiet", "--no-project", "--python", version, "--with", requirement]
    done = subprocess.run(
        [*environment, "python", peers.__file__, str(job), str(out)],
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        stderr=subprocess.PIPE,
        text=True,
    )
    if done.returncode:
        raise InputError(f"{requirement} did not run: {last_line(done.stderr)}")
