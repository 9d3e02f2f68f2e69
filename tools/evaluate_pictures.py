"""`followspot evaluate pictures`: whether the pictures a training run generates show the person."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import tyro
from tyro.conf import Positional

from models.errors import WeightsError
from reid.data.crops import DataError
from reid.data.datasets import read_split
from reid.data.images import readable
from reid.data.joint_layouts import with_joints
from reid.data.landmarks import has_landmarks
from reid.data.reading import DataOptions
from reid.encoder.embedder import Embedder, EmbedderOptions
from reid.training.picture_scores import JUDGED, TrainedPictures, score_pictures
from reid.training.pictures import picture_grid

from .run.checks import require_at_least
from .run.output import count, number_table, say, show, write_json
from .run.parts import encoder_weights
from .run.png_file import require_png, write_png
from .run.progress import counted_calls


@dataclass(frozen=True)
class EvaluatePicturesCommand:
    """Ask another encoder who is to be seen in pictures that the generator of a training run makes.

    Recovered pictures are made from a validation crop's own features, swapped ones from its pose and another crop of
    the person, of another recording or far away in time. Each is searched among the real crops of all validation
    people, without the two that it was made of; the real pictures' row is the most that can be reached.
    """

    run_folder: Positional[Path]
    """Folder of a training run."""
    data: Path
    """Its data, or other data with landmarks, whose query and gallery people are shown."""
    reid: str = "bundled"
    """The encoder that judges, not the run's own: as in `evaluate reid`."""
    count: int = 400
    """Number of pictures of each kind."""
    grid: Path | None = None
    """Write a grid of twelve of them to this PNG."""
    json: Path | None = None
    """Write the numbers to this file as well."""
    reading: Annotated[DataOptions, tyro.conf.arg(name="")] = field(default_factory=DataOptions)
    embedding: Annotated[EmbedderOptions, tyro.conf.arg(name="")] = field(default_factory=EmbedderOptions)

    def run(self) -> None:
        """Raises DataError, WeightsError or InputError in one sentence."""
        require_at_least(1, "count", self.count)
        require_png("grid", self.grid)
        weights = encoder_weights(self.reid)
        if weights is None:
            raise WeightsError("--reid none leaves nobody to ask; give an encoder.")
        pictures = TrainedPictures(self.run_folder)
        split = read_split(self.data, self.reading)
        posed = {crop.path: crop for crop in (*split.query, *split.gallery) if has_landmarks(crop)}
        fitting = with_joints(list(posed.values()), pictures.joints)
        if not fitting:
            raise DataError(
                f"No query or gallery crop of {self.data} has {pictures.joints} landmarks; give data that has them."
            )
        crops = readable(fitting)[0]
        searched = len(crops) + len(JUDGED) * min(self.count, len(crops))
        with counted_calls(Embedder(weights, self.embedding), searched, "encoded", "pictures") as encode:
            scores = score_pictures(pictures, crops, encode, self.count)
        table = number_table("pictures", ("rank-1", "L1 to the real one"))
        for kind, rank1 in scores.rank1.items():
            table.add_row(kind, f"{100 * rank1:.1f}", f"{scores.l1[kind]:.3f}")
        say(f"{count(scores.count, 'picture')} of {count(scores.people, 'person', 'people')}, {weights.name} asked")
        show(table)
        if self.grid:
            write_png("grid", self.grid, picture_grid(scores.shown))
            say(f"grid: {self.grid}")
        if self.json:
            numbers = {"rank1": scores.rank1, "l1": scores.l1, "pictures": scores.count, "people": scores.people}
            write_json(numbers, self.json)
