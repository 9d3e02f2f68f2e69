"""Does a checkout still do what another one does? The same tracks to the byte, the same losses for 20 steps.

    python tests/compare_checkouts.py CHECKOUT OUT [--shared DIR] [--only NAME ...]   runs the cases, once each
    python tests/compare_checkouts.py --diff OUT_A OUT_B                              says what differs (exit code 1)

Cases: the demo; every clip of DIR/clips; every sequence of DIR/dancetrack with its exact and its simulated boxes;
20 steps of every training recipe on a small rendered data set. A case that is done is not run again.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

RECIPES = (
    *("softmax", "siamese", "triplet", "triplet-softmax", "fd-gan"),
    *("st-reid", "st-reid-no-cr", "st-reid-random", "st-reid-no-d", "st-reid-no-p", "st-reid-quick"),
    *("strong", "st-reid-strong"),
)
SMALL = (
    *("--start", "none", "--encoder", "mobilenet_v2", "--encoder.height", "64", "--encoder.width", "32"),
    *("--optimisation.steps", "20", "--workers", "0", "--sampling.tuples", "6", "--sampling.people", "6"),
)
"""Twenty steps of a recipe in seconds: small crops, small batches, no weights to start from."""


def followspot(checkout: Path, *words: object) -> None:
    """Run one command of the checkout's own code."""
    alone = {"CUDA_VISIBLE_DEVICES": "", "OMP_NUM_THREADS": "1"}  # sums do not depend on how many cores are free
    environment = {**os.environ, **alone, "PYTHONPATH": str(checkout)}
    command = [sys.executable, "-m", "tools", *map(str, words)]
    done = subprocess.run(command, cwd=checkout, env=environment, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(command)}\n{done.stdout}{done.stderr}")


def cases(checkout: Path, data: Path, shared: Path | None) -> Iterator[tuple[str, list[object]]]:
    """Name and command line of each case; the output folder is still to be added."""
    yield "demo", ["track", checkout / "assets" / "demo.mp4"]
    for sequence in sorted((shared / "dancetrack").glob("dancetrack*")) if shared else ():
        for boxes in ("gt", "sim"):
            yield (
                f"{sequence.name}-{boxes}",
                ["track", sequence, "--detections", sequence / "det" / f"{boxes}.txt", "--reid", "none", "--no-video"],
            )
    for recipe in RECIPES:
        yield f"train-{recipe}", ["train", recipe, "--data", data, *SMALL]
    for clip in sorted((shared / "clips").glob("*.mp4")) if shared else ():
        yield clip.stem, ["track", clip, "--no-video"]


def run(checkout: Path, out: Path, shared: Path | None, only: list[str]) -> None:
    """Run every case that is not done yet; what is compared lies in OUT/CASE.txt."""
    out.mkdir(parents=True, exist_ok=True)
    data = out / "data"
    if not data.exists():
        followspot(checkout, "dataset", "stage", "--out", data, "--scenes", 3, "--test-scenes", 1, "--seconds", 12)
    for name, words in cases(checkout, data, shared):
        result, folder = out / f"{name}.txt", out / "runs" / name
        if result.exists() or (only and not any(name.startswith(start) for start in only)):
            continue
        shutil.rmtree(folder, ignore_errors=True)
        followspot(checkout, *words, "--out", folder)
        if words[0] == "track":
            shutil.copy(folder / "tracks.txt", result)
        else:
            rows = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
            losses = [[value for key, value in sorted(row.items()) if key.startswith("loss/")] for row in rows]
            result.write_text("".join(f"{row}\n" for row in losses))
        print(name, flush=True)


def differences(a: Path, b: Path) -> int:
    """Prints the cases that differ and those that one side lacks; returns how many."""
    names = sorted({path.name for out in (a, b) for path in out.glob("*.txt")})
    found = 0
    for name in names:
        if not (a / name).exists() or not (b / name).exists():
            print(f"{name}: only in {a if (a / name).exists() else b}")
        elif (a / name).read_bytes() != (b / name).read_bytes():
            lines = zip((a / name).read_text().splitlines(), (b / name).read_text().splitlines(), strict=False)
            first = next((number for number, (x, y) in enumerate(lines, 1) if x != y), "the end")
            print(f"{name}: differs from line {first} on")
        else:
            continue
        found += 1
    print(f"{len(names) - found} of {len(names)} cases are the same")
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs=2, type=Path, metavar="FOLDER")
    parser.add_argument("--diff", action="store_true")
    parser.add_argument("--shared", type=Path)
    parser.add_argument("--only", nargs="*", default=[])
    asked = parser.parse_args()
    first, second = (folder.resolve() for folder in asked.folders)
    if asked.diff:
        sys.exit(bool(differences(first, second)))
    run(first, second, asked.shared and asked.shared.resolve(), asked.only)


if __name__ == "__main__":
    main()
