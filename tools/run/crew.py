"""Videos tracked at the same time by workers: which does what, and what becomes of a video whose worker is killed."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from itertools import product
from pathlib import Path
from shutil import rmtree
from typing import Any

from tracker.types import InputError

from .batch import Batch
from .cluster import Cluster, Machine
from .folder import first_free, is_worth_keeping, made_folder
from .interruption import Interruption
from .output import count, note, say
from .progress import counted
from .tracked_run import absolute
from .unfinished import ASIDE, set_aside
from .worker import Job, Outcome

KILLS = 3
"""A video whose workers were killed so often is given up: it may well be what kills them."""
PATIENCE = 0.5
"""Seconds until the bar is drawn anew, and it is asked again whether to stop."""


@dataclass(frozen=True)
class Video:
    """One of many: the source, the name that its folder will have, and about how many frames it has, if known."""

    source: str
    name: str = ""
    frames: int | None = None


@dataclass(frozen=True)
class Post:
    """A worker's place: one of the shares of a machine; its process, and the video that it is at, once it is ready."""

    machine: Machine
    share: int
    actor: Any
    video: Video | None = None
    folder: Path = Path()


@dataclass
class Crew:
    """Workers, `workers` on each machine of the cluster; see `track`."""

    cluster: Cluster
    job: Job
    workers: int
    gpu: bool
    """Whether a worker asks for its share of a GPU, where its machine has one."""
    parent: Path
    """For the folders of the results."""
    batch: Batch
    interruption: Interruption
    _waiting: deque[Video] = field(default_factory=deque)
    _at_work: dict[Any, Post] = field(default_factory=dict)
    """By Ray's reference to what it will return."""
    _kills: Counter[str] = field(default_factory=Counter)
    _deaths: int = 0
    """Workers killed before they began a video, one after the other."""
    _done: int = 0
    """Frames of videos that are done."""
    _ending: bool = False
    _told: set[str] = field(default_factory=set)

    def track(self, videos: Sequence[Video]) -> None:
        """Track them all, or until a stop is asked for; what becomes of each is told and kept in `batch`.

        Raises InputError, WeightsError where a worker cannot begin, or none is left.
        """
        self._waiting.extend(videos)
        known = [video.frames for video in videos if video.frames is not None]
        total = sum(known) if len(known) == len(videos) else None
        with self._tidied(), counted(total) as bar:
            while self._waiting or self._busy:
                bar.show(self._name, self._done + self._under_way())
                self._fill()
                ready, _ = self.cluster.ray.wait(list(self._at_work), timeout=PATIENCE)
                if ready:
                    with bar.aside():
                        for reference in ready:
                            self._settle(self._at_work.pop(reference), reference)
                if self.interruption.asked:
                    self._end()
            bar.show(self._name, self._done)

    @property
    def _name(self) -> str:
        return f"{len(self.batch.rows)} of {count(len(self.batch.names), 'video')}"

    @property
    def _busy(self) -> list[Post]:
        return [post for post in self._at_work.values() if post.video is not None]

    def _fill(self) -> None:
        """Begin workers for the videos that wait, on whatever machines have room, and are there by now."""
        taken = {(post.machine.id, post.share) for post in self._at_work.values()}
        everywhere = product(range(self.workers), self.cluster.machines())  # one on each machine, then a second
        free = [(machine, share) for share, machine in everywhere if (machine.id, share) not in taken]
        coming = len(self._at_work) - len(self._busy)
        for machine, share in free[: max(0, len(self._waiting) - coming)]:
            actor = self.cluster.hire(machine, self.job, (share, self.workers), self.gpu)
            self._at_work[actor.prepare.remote()] = Post(machine, share, actor)
        if not self._at_work:
            raise InputError("no machine of the cluster is left; start again, and what is whole is passed over")

    @contextmanager
    def _tidied(self) -> Iterator[None]:
        """At the end no empty folder stays that was made within the block."""
        made = [path for path in (self.parent, *self.parent.parents) if not path.exists()]
        try:
            yield
        finally:
            for post in self._busy:
                with suppress(OSError):
                    post.folder.rmdir()
            with suppress(OSError):
                for path in made:
                    path.rmdir()

    def _settle(self, post: Post, reference: Any) -> None:
        """What a worker has returned, or that it was killed; it is given the next video."""
        errors = self.cluster.ray.exceptions
        try:
            returned = self.cluster.ray.get(reference)
        except errors.RayTaskError as error:
            raise (error.cause if isinstance(error.cause, Exception) else error) from error
        except errors.RayError:
            self._lost(post)
            return
        if post.video is None:
            self._deaths = 0
            self._tell(returned)
        else:
            self._close(post.video, post.folder, returned)
        self._go_on(post)

    def _tell(self, said: str) -> None:
        """What each worker says alike is told once."""
        if said and said not in self._told:
            self._told.add(said)
            say(said.rstrip("\n"))

    def _close(self, video: Video, folder: Path, outcome: Outcome) -> None:
        if outcome.said:
            say(outcome.said.rstrip("\n"))
        with self.batch.going_on(video.source):
            if outcome.mistake is not None:
                raise outcome.mistake
            if outcome.summary is not None:
                self.batch.done(video.source, outcome.summary, folder, outcome.whole)
                self._done += outcome.summary.frames
        with suppress(OSError):  # where there is something in it
            folder.rmdir()

    def _go_on(self, post: Post) -> None:
        """The next video for a worker; without one its process ends, as nothing holds it any more."""
        while self._waiting and not self.interruption.asked:
            video = self._waiting.popleft()
            with self.batch.going_on(video.source):
                folder = made_folder(video.name, self.parent, absolute(video.source))
                reference = post.actor.track.remote(video.source, folder)
                self._at_work[reference] = replace(post, video=video, folder=folder)
                return

    def _lost(self, post: Post) -> None:
        """A worker was killed, or its machine is gone: its video goes back to the others; another takes its place."""
        if post.video is not None:
            with self.batch.going_on(post.video.source):
                self._give_back(post.video, post.folder)
        elif post.machine in self.cluster.machines():
            self._deaths += 1
            if self._deaths >= KILLS:
                raise InputError(
                    f"{KILLS} workers were killed before they could begin: memory may have run out, of which fewer "
                    "--workers need less"
                )

    def _give_back(self, video: Video, folder: Path) -> None:
        kept = ""
        if is_worth_keeping(folder):
            aside = first_free(folder.with_name(folder.name + ASIDE))
            set_aside(folder, aside)
            kept = f"; what there was of it is in {aside}"
        else:
            rmtree(folder, ignore_errors=True)
        self._kills[video.source] += 1
        if self._kills[video.source] >= KILLS:
            raise InputError(
                f"{video.source} is given up, as {KILLS} workers were killed at it: memory may have run out, of which "
                f"fewer --workers need less{kept}"
            )
        if self.interruption.asked:
            return
        note(f"the worker that tracked {video.source} was killed, so that video begins anew{kept}")
        self._waiting.appendleft(video)

    def _end(self) -> None:
        """Workers end the videos at hand; those that are still to begin one are let go."""
        self._waiting.clear()
        self._at_work = {reference: post for reference, post in self._at_work.items() if post.video is not None}
        for post in self._busy if not self._ending else ():
            self.cluster.aside(post.actor.stop)
        self._ending = True

    def _under_way(self) -> int:
        """Frames of the videos at hand."""
        ray, asked = self.cluster.ray, {self.cluster.aside(post.actor.frames): post for post in self._busy}
        frames = 0
        for reference in ray.wait(list(asked), num_returns=len(asked), timeout=PATIENCE)[0] if asked else ():
            with suppress(ray.exceptions.RayError):
                folder, number = ray.get(reference)
                frames += number if folder == asked[reference].folder else 0  # it may not have begun
        return frames
