"""`followspot benchmark stage`: rendered dancers who cross, leave and return, for Followspot and the peers."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from tracker.tracker import TrackerOptions

from .benchmark.peer_runs import check_peers
from .benchmark.peers import PEERS
from .benchmark.scenes import render_scenes
from .benchmark_tracks import BenchmarkTracksCommand
from .renderer.options import StageOptions
from .run.checks import require_at_least
from .run.parts import BUNDLED
from .run.png_file import require_png


@dataclass(frozen=True)
class BenchmarkStageCommand:
    """Render scenes with exact truth, one a seed, and track them with Followspot and the peers.

    Dancers cross, hide behind each other, leave and return, mostly on the other side. Followspot runs without re-ID,
    the same without camera cut detection, with re-ID, and with re-ID and --cast; "ids right" counts the videos with as
    many ids as dancers. Scenes of an earlier run in --out are kept where the options are the same, and so is what the
    detector saw in them.
    """

    seeds: int = 10
    """Number of scenes."""
    first_seed: int = 1
    """Seed of the first; the others follow it."""
    dancers: int = 8
    """Dancers in a scene."""
    identical: int = 3
    """Number of dancers in near-identical costumes."""
    seconds: float = 20.0
    """Length of a scene."""
    processes: int = 0
    """Scenes rendered at once; 0: one a core."""
    detections: tuple[str, ...] = ("exact", BUNDLED)
    """Input of the trackers, as in `benchmark tracks`."""
    detector: str = BUNDLED
    """The network of `--detections detector`, as in `benchmark tracks`."""
    peers: tuple[str, ...] = tuple(PEERS)
    """Other projects' trackers to run; give the flag without a name to run Followspot alone."""
    reid: tuple[str, ...] = (BUNDLED,)
    """Encoders of Followspot's rows with re-ID: names as in `track`, files, or `none` for motion alone. Of several
    each has a row, and there is none with --cast."""
    peer_reid: Path | None = None
    """Weights for the peers that take appearance."""
    confusion: Path | None = None
    """Draw the confusions of people and ids into this PNG."""
    out: Path = Path("runs/benchmark-stage")
    """Folder for the scenes and the results."""
    tracker: TrackerOptions = field(default_factory=TrackerOptions)

    def run(self) -> None:
        """Raises InputError for invalid options."""
        require_png("confusion", self.confusion)
        require_at_least(1, "seeds", self.seeds)
        require_at_least(0, "processes", self.processes)
        check_peers(self.peers)
        seeds = range(self.first_seed, self.first_seed + self.seeds)
        scenes = {f"stage-{seed:02d}": self.scene(seed) for seed in seeds}
        folder = self.out / "scenes"
        render_scenes(scenes, folder, self.processes)
        self.benchmark(folder, tuple(scenes)).run()

    def scene(self, seed: int) -> StageOptions:
        """One scene. Raises InputError where it cannot be rendered."""
        return StageOptions(dancers=self.dancers, twins=self.identical, seconds=self.seconds, seed=seed, audio=False)

    def benchmark(self, folder: Path, names: tuple[str, ...]) -> BenchmarkTracksCommand:
        """The benchmark over these scenes."""
        return BenchmarkTracksCommand(
            gt=folder,
            only=names,
            detections=self.detections,
            detector=self.detector,
            peers=self.peers,
            reid=self.reid,
            peer_reid=self.peer_reid,
            cast=self.dancers if len(self.reid) == 1 else None,
            confusion=self.confusion,
            out=self.out,
            tracker=self.tracker,
        )
