"""`followspot evaluate formation`: how true the formation from above is, on rendered scenes."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

from tracker.ground_plane import GroundPlaneOptions
from tracker.results.formation import FloorRows, formation_of
from tracker.results.mot_files import read_tracks
from tracker.types import Frame, FrameTracks, InputError

from .renderer.options import StageOptions
from .renderer.scene import Scene
from .renderer.sequence_folder import SCENE, read_scene
from .run.output import note, show, write_json
from .scoring.formation_scores import FormationErrors, FormationScore, formation_errors
from .scoring.score_files import POOLED, pooled_table
from .scoring.sequences import TruthSequence, find_results, find_sequences

COLUMNS = ("shown %", "pairs", "median", "95%", "placed", "95%", "order %")


@dataclass(frozen=True)
class EvaluateFormationCommand:
    """Score the formation from above against rendered scenes, which know where each dancer stood; in body heights.

    Pairs: error of the distance between two people: mean, median, 95%. Placed: distance to the true place after the
    best shift and turn. Order: of pairs of which one stood half a body height or more behind the other, those shown so.
    Shown: of the people of the truth, those that have a place. Camera cuts are the scene's own.
    """

    gt: Path
    """Truth of scenes of `followspot stage`: a folder of sequences (SEQUENCE/gt/gt.txt), one sequence folder, or one
    MOT text file."""
    results: Path | None = None
    """Tracks: a folder with SEQUENCE.txt or SEQUENCE/tracks.txt, a run's folder, or one MOT text file. By default the
    true boxes: what is wrong then is the method's own."""
    scene: Path | None = None
    """The scene.json, where it does not lie in the sequence's folder."""
    json: Path | None = None
    """Write the numbers to this file as well."""
    floor: GroundPlaneOptions = field(default_factory=GroundPlaneOptions)

    def run(self) -> None:
        """Raises InputError where a file is missing or malformed, or is no scene's."""
        sequences = find_sequences(self.gt)
        if self.scene is not None and len(sequences) > 1:
            raise InputError(f"--scene is one scene's, but there is truth of {len(sequences)}: leave it out")
        results = [each.truth for each in sequences] if self.results is None else find_results(sequences, self.results)
        errors = {each.name: self._errors(each, result) for each, result in zip(sequences, results, strict=True)}
        scores = {name: own.score() for name, own in errors.items()}
        scores[POOLED] = FormationErrors.concat(list(errors.values())).score()
        show(pooled_table("scene", COLUMNS, {name: cells(score) for name, score in scores.items()}))
        if self.json:
            write_json({name: score and score.numbers() for name, score in scores.items()}, self.json)

    def _errors(self, sequence: TruthSequence, results: Path) -> FormationErrors:
        options = read_scene(self.scene or sequence.folder / SCENE)
        scene = Scene(options)
        truth = _read(sequence.truth, options, truth=True)
        cuts = set(scene.cut_frames)
        tracks = [replace(rows, cut=rows.frame in cuts) for rows in _read(results, options, self.results is None)]
        kept = FloorRows()
        for rows in tracks:
            kept.write(Frame(rows.frame, rows.time, None), rows)
        formation = formation_of(kept.tracks, (options.width, options.height), self.floor)
        if formation is None:
            note(f"{sequence.name}: nobody has a place, as the boxes of {results} show no floor")
            return FormationErrors.none(sum(map(len, truth)))
        errors = formation_errors(
            formation, tracks, truth, lambda time: scene.floor(time) / scene.body_height, options.fps
        )
        if not len(errors.pairs):
            note(f"{sequence.name}: no two people of {sequence.truth} have a place at the same time")
        return errors


def _read(path: Path, options: StageOptions, truth: bool) -> list[FrameTracks]:
    return read_tracks(path, fps=options.fps, length=options.frame_count, truth=truth)


def cells(score: FormationScore | None) -> list[str]:
    """Dashes where nothing is shown, or nobody stands behind another."""
    if score is None:
        return ["-"] * len(COLUMNS)
    digits = {"shown": 1, "order": 1}
    return ["-" if value is None else f"{value:.{digits.get(key, 2)}f}" for key, value in score.numbers().items()]
