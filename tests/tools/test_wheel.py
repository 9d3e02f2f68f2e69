"""What is installed from a wheel works without the checkout."""

from __future__ import annotations

import ensurepip
import os
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest
from places import ROOT

pytestmark = pytest.mark.slow
BUILD = "import sys; from setuptools.build_meta import build_wheel; print(build_wheel(sys.argv[1]))"
PARTS = ("assets", "models", "reid", "tools", "tracker", "pyproject.toml", "README.md", "LICENSE")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from a copy, as building leaves traces in the tree."""
    tree, out = tmp_path_factory.mktemp("tree"), tmp_path_factory.mktemp("dist")
    for part in PARTS:
        if (ROOT / part).is_dir():
            shutil.copytree(ROOT / part, tree / part, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / part, tree / part)
    subprocess.run([sys.executable, "-c", BUILD, str(out)], cwd=tree, check=True, capture_output=True)
    (built,) = out.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new virtual environment with the wheel in it, and in reach of this one's other packages.

    Its own packages come first, and a folder named in a .pth file has no say through .pth files of its own: an editable
    install of the checkout stays out of sight.
    """
    environment = tmp_path_factory.mktemp("installed").resolve()
    venv.create(environment, with_pip=False)
    python = environment / "bin" / "python"
    (pip,) = (Path(ensurepip.__file__).parent / "_bundled").glob("pip-*.whl")  # runs where it lies, in seconds less
    pip = [python, pip / "pip", "install", "--quiet", "--no-compile", "--no-deps", "--no-index", wheel]
    subprocess.run(pip, check=True, capture_output=True, env={**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1"})
    (site,) = environment.glob("lib/python*/site-packages")
    (site / "others.pth").write_text(sysconfig.get_path("purelib") + "\n" + sysconfig.get_path("platlib") + "\n")
    return environment


def said(installed: Path, folder: Path, *words: object) -> str:
    """What a program of the environment prints, run from another folder and without this process's search path."""
    variables = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONHOME")}
    command = [str(installed / "bin" / str(words[0])), *map(str, words[1:])]
    done = subprocess.run(command, cwd=folder, env=variables, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_wheel_holds_the_demo_and_the_weights_but_no_pictures_of_the_readmes(wheel: Path):
    names = zipfile.ZipFile(wheel).namelist()
    assert sorted(name for name in names if name.startswith("assets/")) == ["assets/demo.mp4", "assets/demo_gt.txt"]
    held = {name for name in names if name.endswith((".py", ".pt", ".html", "py.typed"))}
    wanted = [path for part in ("models", "reid", "tools", "tracker") for path in (ROOT / part).rglob("*")]
    wanted = [path for path in wanted if path.suffix in (".py", ".pt", ".html") or path.name == "py.typed"]
    assert {str(path.relative_to(ROOT)) for path in wanted} == held


def test_the_installed_command_tracks_the_bundled_clip_by_the_bundled_weights(installed: Path, tmp_path: Path):
    where = said(installed, tmp_path, "python", "-c", "from tools.demo import ASSETS; print(ASSETS)").strip()
    assert Path(where).is_relative_to(installed)
    assert said(installed, tmp_path, "followspot", "demo", "--help").startswith("usage: followspot demo")
    version = said(installed, tmp_path, "followspot", "--version").split()[1]
    assert f'version = "{version}"' in (ROOT / "pyproject.toml").read_text()
    clip = f"{where}/demo.mp4"
    plan = said(installed, tmp_path, "followspot", "track", clip, "--dry-run")
    assert clip in plan
    assert str(ROOT) not in plan
    out = said(installed, tmp_path, "followspot", "track", clip, "--vid-stride", 50, "--out", "out", "--no-video")
    assert "results in out/" in out
    truth = f"{where}/demo_gt.txt"
    assert "HOTA" in said(installed, tmp_path, "followspot", "evaluate", "tracks", "--gt", truth, "--results", "out")
