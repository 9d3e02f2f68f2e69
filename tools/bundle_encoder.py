"""Make the bundled encoder out of a training run: half precision, calibrated on people kept aside, with its card."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import tyro

from models.checkpoint import sha256
from models.pretrained import load_encoder, save_encoder
from reid.calibration import measure
from reid.crops import Crop
from reid.datasets import DataOptions, read_split
from reid.embedder import Embedder, EmbedderOptions
from reid.evaluation import Evaluation, embed_crops, evaluate_split
from reid.training import BEST

from .bundled import PERSON_ENCODER

OTHER_VIEW = 60.0  # seconds: what a look from another camera counts as


@dataclass(frozen=True)
class BundleEncoder:
    """Turn a training run's best encoder into the one that comes with Followspot."""

    folder: Path
    """The training run's folder."""
    data: Path
    """The data it was trained on; the same people are kept aside again."""
    trained_on: str = "Market-1501"
    """Name of that data, for the card."""
    base: str = "torchvision's mobilenet_v2, ImageNet (tonylins/pytorch-mobilenet-v2, Apache-2.0)"
    """What the training started from, for the card."""
    limits: str = "The data is for research only, and the weights inherit that limit."
    """What the data's licence means for the weights, for the card."""
    command: str = ""
    """The training command, for the card."""
    remark: str = ""
    """What else a reader of the card should know of the training."""
    reading: Annotated[DataOptions, tyro.conf.arg(name="")] = field(default_factory=DataOptions)
    out: Path = PERSON_ENCODER
    """The weights file to write; its card goes beside it, as .md."""

    def run(self) -> None:
        split = read_split(self.data, self.reading)
        loaded = load_encoder(self.folder / BEST)
        facts = {key: loaded.metadata[key] for key in ("epoch", "step", "recipe")}
        facts["recipe"]["start"] = Path(facts["recipe"]["start"]).name
        save_encoder(self.out, loaded.encoder, facts, half=True)
        embedder: Embedder[dict[str, Any]] = Embedder(self.out, EmbedderOptions(device="cpu"))
        evaluation = evaluate_split(split, embedder, ("market1501", "cuhk03"))
        facts["calibration"] = calibrate([*split.query, *split.gallery], embedder)
        facts["data"] = self.trained_on
        save_encoder(self.out, loaded.encoder, facts, half=True)
        self.out.with_suffix(".md").write_text(self.card(facts, evaluation))

    def card(self, facts: dict[str, Any], evaluation: Evaluation) -> str:
        """What a user should know of the weights, as Markdown."""
        encoder = facts["recipe"]["encoder"]
        scores = "\n".join(
            f"| {name} | {100 * score.mean_average_precision:.1f} | {100 * score.rank(1):.1f} | {score.queries} |"
            for name, score in evaluation.scores.items()
        )
        return CARD.format(
            name=self.out.name,
            base=self.base,
            data=self.trained_on,
            limits=self.limits,
            aside=self.reading.kept_aside,
            date=date.today().isoformat(),
            size=f"{encoder['height']}x{encoder['width']}",
            epoch=facts["epoch"],
            command=self.command,
            remark=self.remark,
            scores=scores,
            kilobytes=self.out.stat().st_size // 1024,
            sha256=sha256(self.out),
        )


def calibrate(crops: list[Crop], embedder: Embedder[dict[str, Any]]) -> dict[str, Any]:
    """The encoder's calibration, measured on crops of people it was not trained on."""
    columns = [(crop.person, crop.video, crop.time) for crop in crops]
    person, video, time = (np.array(column) for column in zip(*columns, strict=True))
    return measure(embed_crops(crops, embedder).embedding, person, video, time, other_view=OTHER_VIEW)


CARD = """# {name}

Encoder for re-identification: a person's crop ({size} RGB) in, a 1280-d vector out. `followspot track` uses it unless
`--reid` names another.

| | |
|---|---|
| base | {base} |
| trained on | {data}; {aside} people kept aside. {limits} |
| date | {date} |
| epochs | {epoch} |
| size | {kilobytes} KiB, float16 |
| sha256 | `{sha256}` |

Command:

    {command}

{remark}The best epoch was chosen on the people kept aside, so their scores flatter it a little.

Scores on the {aside} people kept aside (query: one crop a person and camera; gallery: the rest), in percent:

| protocol | mAP | rank-1 | queries |
|---|---|---|---|
{scores}

The people are pedestrians seen by street cameras, not dancers: expect less on costumes that are alike, on unusual poses
and on coloured light. The calibration in the file was measured on the same people kept aside.
"""
