"""Sequence folders of rendered scenes, kept from run to run."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import asdict
from functools import partial
from pathlib import Path

from tracker.types import InputError

from ..renderer.options import StageOptions
from ..renderer.scene import Scene
from ..renderer.sequence_folder import SCENE, SequenceFolder
from ..renderer.workers import in_processes
from ..run.interruption import Interruption
from ..run.output import os_errors_as, read_json_object, say
from ..run.progress import progress

CRF, PRESET = 21, "fast"
UNFINISHED = ".unfinished"


def render_scenes(scenes: Mapping[str, StageOptions], folder: Path, processes: int) -> None:
    """Render each scene, silent, into `folder`/NAME, but those that are there already with the same options.

    `processes` is how many at once, with 0 one a core. Raises Stopped after Ctrl-C, and InputError where `folder`/NAME
    is something else, or cannot be written.
    """
    left = [
        (name, options)
        for name, options in scenes.items()
        if read_json_object(folder / name / SCENE) != asdict(options)
    ]
    for name, _ in left:
        if (folder / name).exists() and not read_json_object(folder / name / SCENE):
            raise InputError(f"{folder / name} is no rendered scene: name another --out")
    try:
        with Interruption() as interruption:
            rendered = in_processes(partial(render, folder=folder), left, processes, interruption)
            done = sum(1 for _ in progress(rendered, len(left), "scenes", "scenes")) if left else 0
            if done < len(left):
                say(f"stopped; finished scenes stay in {folder}, the same command goes on")
    finally:
        shutil.rmtree(folder / UNFINISHED, ignore_errors=True)


def render(scene: tuple[str, StageOptions], folder: Path) -> None:
    """Render a named scene; it takes its place in `folder` when it is finished, and that of an older one."""
    name, options = scene
    unfinished = folder / UNFINISHED / name
    shutil.rmtree(unfinished, ignore_errors=True)
    with os_errors_as(f"cannot write scenes to {folder}"):
        unfinished.mkdir(parents=True)
        with SequenceFolder(unfinished, options, None, CRF, PRESET) as sequence:
            for frame in Scene(options).frames():
                sequence.write(frame)
        shutil.rmtree(folder / name, ignore_errors=True)
        unfinished.rename(folder / name)
