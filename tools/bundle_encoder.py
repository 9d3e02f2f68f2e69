"""Make the bundled encoder out of a training run: half precision, calibrated on scenes, with its card and file list."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import tyro

from models.bundled import PERSON_ENCODER
from models.digest import sha256
from models.encoder import EncoderOptions
from models.errors import WeightsError
from models.pretrained import load_encoder, save_encoder
from reid.data.crops import DataError, Split, people
from reid.data.datasets import read_split
from reid.data.file_list import FileList
from reid.data.reading import DataOptions
from reid.encoder.embedder import Embedder, EmbedderOptions
from reid.evaluation.evaluation import Evaluation
from reid.training.run_state import BEST, LAST
from tracker.types import InputError

from .calibrate import CalibrateCommand
from .evaluate_reid import evaluated


@dataclass(frozen=True)
class BundleEncoderCommand:
    """Turn a training run's encoder into the one that comes with Followspot: weights, card, list of training files."""

    folder: Path
    """The training run's folder."""
    data: Path
    """The data it was trained on; the same validation people are drawn again."""
    scenes: tuple[Path, ...]
    """Sequence folders to calibrate on, as for `followspot calibrate`."""
    script: str
    """The commands that make these weights: a file beside them."""
    base: str
    """The weights that the training started from and their licence, for the card."""
    limits: str
    """The limits that the data's licences put on the weights, for the card."""
    weights: str = LAST
    """Which of the run's encoders: the last epoch's, which no score has chosen, or encoder_best.pt."""
    colour_share: float | None = None
    """Weight of a colour histogram beside the network's vector (`reid.encoder.embedder`); left out, the one that tells
    the people of --scenes best apart."""
    reading: Annotated[DataOptions, tyro.conf.arg(name="")] = field(default_factory=DataOptions)
    out: Path = PERSON_ENCODER
    """The weights file to write; its card goes beside it as .md, the list of training files as .files.csv.gz."""

    def run(self) -> None:
        """Raises DataError for missing data, WeightsError for a run without such an encoder, InputError for scenes."""
        split = read_split(self.data, self.reading)
        if not split.query:
            raise DataError(f"{self.data} has no validation people, so there is nothing to score for the card.")
        missing = [scene for scene in self.scenes if not (scene / "gt" / "gt.txt").is_file()]
        if missing or not self.scenes:
            raise InputError(
                f"there is no scene {missing[0] if missing else ''} with truth to calibrate on: see --scenes"
            )
        loaded = load_encoder(self.folder / self.weights)
        if not {"epoch", "step", "recipe"} <= set(loaded.metadata):
            raise WeightsError(
                f"{self.folder / self.weights} was not written by `followspot train`; name its run's folder."
            )
        facts = {key: loaded.metadata[key] for key in ("epoch", "step", "recipe")}
        for source in ("start", "guidance"):
            facts["recipe"][source] = Path(facts["recipe"].get(source, "none")).name
        self.out.with_suffix(".md").unlink(missing_ok=True)  # of the file that is replaced
        save_encoder(self.out, loaded.encoder, facts, half=True)
        CalibrateCommand(self.out, self.scenes, colour_share=self.colour_share).run()
        files = FileList.of(split.train)
        files.write(self.out.with_suffix(".files.csv.gz"))
        embedder = Embedder(self.out, EmbedderOptions(device="cpu"))
        evaluation = evaluated(split, embedder, ("market1501", "cuhk03"))
        self.out.with_suffix(".md").write_text(self.card(facts, split, files, evaluation, embedder))

    def card(
        self,
        facts: dict[str, Any],
        split: Split,
        files: FileList,
        evaluation: Evaluation,
        embedder: Embedder,
    ) -> str:
        """The card: facts, data, scores and calibration of the weights, as Markdown."""
        encoder = facts["recipe"]["encoder"]
        scores = "\n".join(
            f"| {name} | {100 * score.mean_average_precision:.1f} | {100 * score.rank(1):.1f} | {score.queries} |"
            for name, score in evaluation.scores.items()
        )
        whole, centred = (embedder.metadata[name] for name in ("calibration", "calibration_centred"))
        measured = zip(
            whole["gap"], whole["same"], whole["different"], centred["same"], centred["different"], strict=True
        )
        similarity = "\n".join(
            " | ".join([f"| {gap:g}", *(f"{mean:.2f} ± {spread:.2f}" for mean, spread in spreads)]) + " |"
            for gap, *spreads in measured
        )
        return CARD.format(
            name=self.out.name,
            network=network_of(encoder),
            colour=colours_of(embedder.colour_share),
            losses=losses_of(facts["recipe"]),
            chosen=CHOSEN[self.weights == BEST],
            base=self.base,
            limits=self.limits,
            data="\n".join(f"| {line} |" for line in files.by_folder(split.train)),
            validation=len(people(split.query)),
            further=" All people of the others are trained on." if self.reading.also else "",
            tight=" Only people's boxes are used (`--tight`), as the tracker cuts them." if self.reading.tight else "",
            date=date.today().isoformat(),
            size=f"{encoder['height']}x{encoder['width']}",
            script=self.script,
            scores=scores,
            similarity=similarity,
            scenes=", ".join(scene.resolve().name for scene in self.scenes),
            kilobytes=self.out.stat().st_size // 1024,
            list=self.out.with_suffix(".files.csv.gz").name,
            sha256=sha256(self.out),
        )


def network_of(encoder: dict[str, Any]) -> str:
    """The encoder's architecture in words, from the recipe's encoder options."""
    options = EncoderOptions(**encoder)
    parts = [options.trunk, f"last stride {options.last_stride}"]
    if options.instance_norm:
        parts.append(f"half of the channels instance-normalised in {options.instance_norm} stages")
    if options.pooling != "average":
        parts.append(f"{options.pooling} pooling")
    return ", ".join([*parts, "BNNeck"] if options.bnneck else parts)


def colours_of(share: float) -> str:
    """The colour histogram's part of the vector in words; nothing without one."""
    return f", and beside it a colour histogram with {share:g} of the weight" if share else ""


def losses_of(recipe: dict[str, Any]) -> str:
    """The training's losses and sampling in words."""
    weights = recipe["objective"]["weights"]
    used = ", ".join(f"{name.replace('_', ' ')} {weight:g}" for name, weight in weights.items() if weight)
    return f"{used}; batches by `{recipe['sampling']['kind']}`"


CHOSEN = {
    False: "The last epoch's encoder was taken, so they chose nothing",
    True: "The best epoch was chosen on them, so they flatter it a little",
}
"""What the validation people decided, by whether the best epoch was taken."""
CARD = """# {name}

Encoder for re-identification: a person's crop ({size} RGB) in, one vector out: the network's{colour}.
`followspot track` uses the bundled one unless `--reid` names another.

| | |
|---|---|
| network | {network} |
| losses, with their weights | {losses} |
| base | {base} |
| licence limits | {limits} |
| date | {date} |
| size | {kilobytes} KiB, float16 |
| sha256 | `{sha256}` |
| made by | [`{script}`]({script}), every seed in it |

Trained on the crops that [the list beside it]({list}) names, each with the first 16
digits of its SHA-256. {validation} people of the first folder are validation people.{further}{tight}

| folder | people | crops trained on | SHA-256 of its part of the list |
|---|---|---|---|
{data}

Scores on the {validation} validation people (query: one crop a person and camera; gallery: the rest), in percent.
{chosen}:

| protocol | mAP | rank-1 | queries |
|---|---|---|---|
{scores}

Calibration, stored in the file, by `followspot calibrate` on
{scenes}:
cosine similarity, mean ± standard deviation, within a scene, where all people stand in one light; *centred*: without
what the people of a scene share, as the tracker compares them.

| seconds apart | same person | different people | same, centred | different, centred |
|---|---|---|---|---|
{similarity}
"""
