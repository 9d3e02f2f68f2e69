import copy
import json
import multiprocessing
import re
import shutil
from dataclasses import replace
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.summary.writer.record_writer import RecordWriter

import reid.training.report
import reid.training.training
from models.checkpoint import WeightsError, load_plain, save_atomically
from models.discriminators import DiscriminatorOptions
from models.encoder import EncoderOptions
from models.generator import GeneratorOptions
from models.pretrained import load_encoder
from reid.data.augmentation import AugmentationOptions
from reid.data.crops import Crop, DataError, Split
from reid.data.sampling import SamplingOptions
from reid.training.depthwise import speed_up_depthwise
from reid.training.fdgan import FdGanOptions
from reid.training.objective_options import LossWeights, ObjectiveOptions
from reid.training.optimisation import OptimisationOptions, OptimiserOptions, averaged_model, lr_factor
from reid.training.recipe import Recipe, make_objective
from reid.training.recipes import PRESETS
from reid.training.run_log import RunLog
from reid.training.training import Callbacks, RunOptions, Training, gradient_norms

CPU = torch.device("cpu")
RUN = RunOptions(device="cpu", workers=0)
QUIET = Callbacks(on_epoch=lambda line: None)
FULL = PRESETS["st-reid"].objective.weights


@pytest.fixture(autouse=True)
def _undrawn(monkeypatch):
    """The curves of a run, which take longer to draw than its few steps; `test_reid_commands.py` looks for them."""
    monkeypatch.setattr(
        reid.training.report, "loss_curves", lambda rows: SimpleNamespace(savefig=lambda *_, **__: None)
    )


def recipe(weights=None, epochs=2, **optimisation):
    adam = OptimiserOptions("adam", 1e-3)
    return Recipe(
        encoder=EncoderOptions("squeezenet1_1", 64, 32, bnneck=True),
        objective=ObjectiveOptions(
            weights or LossWeights(),
            margin=0.3,
            generator=GeneratorOptions(channels=4),
            discriminator=DiscriminatorOptions("patchgan", channels=4),
        ),
        sampling=SamplingOptions("people", people=3, crops=2),
        augmentation=AugmentationOptions(erase=0.5, brightness=0.1),
        optimisation=OptimisationOptions(
            epochs=epochs,
            schedule="cosine",
            encoder=adam,
            generator=adam,
            discriminator=adam,
            ema_decay=0.9,
            **optimisation,
        ),
        start="none",
    )


def colourful_people(folder, people=4, crops=6, keypoints=True):
    """Each person has a shirt of another colour; a little noise."""
    random = np.random.default_rng(0)
    records = []
    for person in range(people):
        colour = random.integers(0, 255, 3)
        for frame in range(crops):
            path = folder / f"{person}_{frame}.png"
            image = np.clip(colour + random.normal(0, 15, (64, 32, 3)), 0, 255).astype(np.uint8)
            cv2.imwrite(str(path), image)
            joints = random.uniform(4, 28, (17, 2)).astype(np.float32) if keypoints else None
            records.append(Crop(path, person, frame % 3, "v", frame, frame / 25, joints))
    return records


@pytest.fixture(scope="module")
def split(tmp_path_factory):
    crops = colourful_people(tmp_path_factory.mktemp("crops"))
    return Split(crops, crops[::6], crops[1::2])


def train(split, folder, ours=None, resume=False, steps=None):
    """Train; with `steps`, die like a killed process after so many."""
    training = Training(ours or recipe(), split, folder, CPU, RUN, resume)
    if steps is not None:
        step = training.train_step

        def killed(*arguments):
            if training.state.step == steps:
                raise KeyboardInterrupt
            numbers = step(*arguments)
            training.save()
            return numbers

        training.train_step = killed
    training.run(QUIET)
    return training


def train_until(training, step):
    """Train, and ask to stop after so many steps."""
    training.run(Callbacks(on_epoch=lambda line: None, should_stop=lambda: training.state.step == step))
    return training


@pytest.fixture(scope="module")
def whole(split, tmp_path_factory):
    """A finished run of `recipe()`; its folder is read, never written."""
    return train(split, tmp_path_factory.mktemp("whole"))


@pytest.fixture
def copied(whole, tmp_path):
    """A copy of the finished run's folder."""
    return shutil.copytree(whole.folder, tmp_path / "copied")


def weights_of(training):
    return torch.cat([tensor.double().flatten() for tensor in training.networks.state_dict().values()])


def log_of(folder):
    return [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]


def log_without_times(folder):
    return [{name: value for name, value in row.items() if not name.startswith("time/")} for row in log_of(folder)]


def curves(folder):
    """What TensorBoard itself shows of a run: name -> (step, value)s, by step: it reads a resumed run's two files in
    the order of names that are made of the second and the process."""
    events = EventAccumulator(str(folder / "tensorboard")).Reload()
    shown = {name: events.Scalars(name) for name in events.Tags()["scalars"] if not name.startswith("time/")}
    return {name: sorted((event.step, event.value) for event in scalars) for name, scalars in shown.items()}


def assert_same_run(one, other):
    assert torch.equal(weights_of(one), weights_of(other))
    assert one.state.best_map == other.state.best_map
    assert log_without_times(one.folder) == log_without_times(other.folder)
    assert curves(one.folder) == curves(other.folder)


def test_a_run_leaves_a_log_a_state_and_encoders_that_load(whole):
    rows = log_of(whole.folder)
    steps = [row for row in rows if "loss/triplet" in row]
    assert [row["step"] for row in steps] == list(range(1, len(steps) + 1))
    assert {"loss/cross_entropy", "lr_factor"} <= set(steps[0])
    scored = [row for row in rows if "score/mAP" in row]
    assert len(scored) == 2
    loaded = load_encoder(whole.folder / "encoder_best.pt")
    assert loaded.metadata["mAP"] == max(row["score/mAP"] for row in scored)
    assert loaded.encoder.options == recipe().encoder
    assert json.loads((whole.folder / "config.json").read_text())["sampling"]["people"] == 3


@pytest.mark.parametrize("queries", [0, 4])
def test_without_validation_people_the_last_encoder_is_written_all_the_same(split, tmp_path, queries):
    """Queries alone, with no gallery to search, say nothing either."""
    training = train(Split(split.train, split.query[:queries], []), tmp_path, recipe(steps=1))
    assert load_encoder(tmp_path / "encoder_last.pt").metadata["epoch"] == training.state.epoch
    assert not (tmp_path / "encoder_best.pt").exists()


def test_tensorboard_shows_the_numbers_of_the_log(whole):
    shown = curves(whole.folder)
    rows = log_without_times(whole.folder)
    assert set(shown) == {name for row in rows for name in row} - {"step", "epoch"}
    losses = [(row["step"], pytest.approx(row["loss/triplet"])) for row in rows if "loss/triplet" in row]
    assert shown["loss/triplet"] == losses


@pytest.mark.parametrize("steps", [1, 5])
def test_a_killed_run_is_resumed_to_the_bit(split, whole, tmp_path, steps):
    with pytest.raises(KeyboardInterrupt):
        train(split, tmp_path, steps=steps)
    assert_same_run(train(split, tmp_path, resume=True), whole)


def test_a_killed_run_with_every_network_is_resumed_to_the_bit(split, tmp_path):
    full = recipe(FULL, steps=4)
    whole = train(split, tmp_path / "whole", full)
    with pytest.raises(KeyboardInterrupt):
        train(split, tmp_path / "killed", full, steps=2)
    assert_same_run(train(split, tmp_path / "killed", full, resume=True), whole)


def test_a_larger_run_starts_from_the_guidance_of_a_smaller_one_where_the_layers_fit(split, whole, tmp_path):
    """At 96x32 instead of 64x32 only the two layers that see the size of the smallest map are new."""
    small = train(split, tmp_path / "small", recipe(FULL, steps=2))
    larger = recipe(FULL)
    larger = replace(
        larger,
        encoder=replace(larger.encoder, height=96),
        guidance=str(tmp_path / "small" / "state.pt"),
        seed=1,
    )
    networks = Training(larger, split, tmp_path / "larger", CPU, RUN).networks
    taken, new = set(), set()
    for name, tensor in networks.state_dict().items():
        same = tensor.shape == small.networks.state_dict()[name].shape
        (taken if same and torch.equal(tensor, small.networks.state_dict()[name]) else new).add(name)
    guidance = {".".join(name.split(".")[:2]) for name in new if not name.startswith(("encoder.", "classifier."))}
    assert guidance == {"pose_encoder.project", "generator.spread"}
    assert {name.split(".")[0] for name in taken} >= {"generator", "image_discriminator", "pose_discriminator"}
    no_pictures = replace(larger, guidance=str(whole.folder / "state.pt"))
    with pytest.raises(DataError, match=r"whole.*state\.pt holds no generator that fits"):
        Training(no_pictures, split, tmp_path / "none", CPU, RUN)
    wider = replace(larger.objective, generator=GeneratorOptions(channels=6))
    with pytest.raises(DataError, match=r"small.*state\.pt holds no generator that fits .* same --objective.generator"):
        make_objective(replace(larger, objective=wider), split.train, 2)
    for takes_none in (recipe(), PRESETS["fd-gan"]):
        with pytest.raises(DataError, match="trains no generator that --guidance could start"):
            make_objective(replace(takes_none, guidance=larger.guidance), split.train, 2)


def test_a_resumed_run_does_without_the_files_it_started_from(split, whole, tmp_path):
    start, guidance = tmp_path / "start.pt", tmp_path / "guidance.pt"
    shutil.copy(whole.folder / "encoder_last.pt", start)
    train(split, tmp_path / "before", recipe(FULL, steps=1))
    shutil.copy(tmp_path / "before" / "state.pt", guidance)
    ours = replace(recipe(FULL, steps=2), start=str(start), guidance=str(guidance))
    through = train(split, tmp_path / "through", ours)
    train_until(Training(ours, split, tmp_path / "stopped", CPU, RUN), 1)
    start.unlink()
    guidance.unlink()
    assert_same_run(train(split, tmp_path / "stopped", ours, resume=True), through)


def test_pictures_read_from_disk_whenever_they_are_needed_train_the_same_to_the_bit(split, whole, tmp_path):
    from_disk = Training(recipe(), split, tmp_path, CPU, replace(RUN, picture_memory=0))
    assert whole.images.kept
    assert not from_disk.images.kept
    from_disk.run(QUIET)
    assert_same_run(from_disk, whole)


def test_several_processes_share_the_memory_that_pictures_may_take(split, tmp_path):
    training = Training(recipe(), split, tmp_path, CPU, replace(RUN, picture_memory=1))
    assert training.memory == 1e9
    training.processes.count = 2  # as torchrun would have told them; each keeps every picture
    assert training.memory == 0.5e9


def test_pictures_in_memory_are_not_needed_on_disk_any_more(tmp_path):
    crops = colourful_people(tmp_path)
    training = Training(recipe(epochs=1), Split(crops, [], []), tmp_path / "run", CPU, RUN)
    for crop in crops:
        crop.path.unlink()
    training.run(QUIET)
    assert not training.images.lost.any()


def test_a_wish_to_stop_is_granted_after_the_step_and_the_run_is_resumed_to_the_bit(split, whole, tmp_path):
    stopped = train_until(Training(recipe(), split, tmp_path, CPU, RUN), 2)
    assert stopped.state.step == 2
    assert_same_run(train(split, tmp_path, resume=True), whole)


def test_fd_gan_trains_through_its_three_stages(split, tmp_path):
    """Three steps, one a stage: verification, then the generator alone, then both."""
    small = FdGanOptions(generator=GeneratorOptions(channels=4, noise_dimension=8))
    ours = recipe(steps=3, stage_one=OptimiserOptions("sgd", 0.01))
    ours = replace(ours, fd_gan=small, sampling=SamplingOptions("people", people=3, crops=3))
    train(split, tmp_path, ours)
    rows = [row for row in log_without_times(tmp_path) if "lr_factor" in row]
    assert ["loss/verification" in row for row in rows] == [True, False, True]
    assert ["loss/target" in row for row in rows] == [False, True, True]
    assert ["logit/identity/generated" in row for row in rows] == [False, True, True]


def test_training_separates_people_of_different_colours(split, tmp_path):
    training = train(split, tmp_path, recipe(epochs=8))
    losses = [row["loss/cross_entropy"] for row in log_of(tmp_path) if "loss/cross_entropy" in row]
    assert np.mean(losses[-4:]) < 0.95 * np.mean(losses[:4])
    assert training.state.best_map > 0.8


def test_other_options_are_refused_on_resume_and_named(split, whole):
    with pytest.raises(DataError, match=r"optimisation\.epochs was 2, now 3"):
        Training(recipe(epochs=3), split, whole.folder, CPU, RUN, resume=True)
    with pytest.raises(DataError, match="seed was 0, now 1"):
        Training(replace(recipe(), seed=1), split, whole.folder, CPU, RUN, resume=True)


def test_a_loss_that_is_not_finite_stops_the_run_with_its_losses(split, tmp_path):
    training = Training(recipe(), split, tmp_path, CPU, RUN)
    with torch.no_grad():
        training.networks["classifier"].weight.fill_(torch.nan)
    with pytest.raises(DataError, match=r"not finite at step 0: .*loss/cross_entropy.*nan"):
        training.run(QUIET)


VERIFICATION = LossWeights(triplet=0.0, verification=1.0)


@pytest.mark.parametrize(
    ("objective", "kind", "complaint"),
    [
        ({}, "people", "triplet loss takes at least two crops of each person, not --sampling.crops 1; give more"),
        (
            {"batch_hard": False},
            "sparse-people",
            "--sampling.kind sparse-people draws none; give --sampling.kind random",
        ),
        (
            {"weights": VERIFICATION},
            "people",
            "compare the three crops of a tuple, and --sampling.kind people draws none",
        ),
    ],
)
def test_losses_of_crops_that_no_batch_has_are_told_from_a_rate_that_is_too_high(split, objective, kind, complaint):
    """Each was a mean over no crops at all, and so not finite at the first step."""
    crops = 2 if kind == "sparse-people" else 1
    ours = replace(recipe(), sampling=SamplingOptions(kind, people=3, crops=crops))
    with pytest.raises(DataError, match=complaint):
        make_objective(replace(ours, objective=replace(ours.objective, **objective)), split.train, 4)


@pytest.mark.parametrize("sampling", [SamplingOptions("sparse-temporal", tuples=3), SamplingOptions("people", crops=2)])
def test_fd_gan_refuses_batches_without_three_crops_of_each_person(split, sampling):
    """It would take another person's crop for a positive, or the crop itself for its target, and say nothing."""
    with pytest.raises(DataError, match=r"FD-GAN takes three crops of each person, not --sampling.kind \w+"):
        make_objective(replace(recipe(), fd_gan=FdGanOptions(), sampling=sampling), split.train, 4)


def test_unreadable_pictures_are_left_out_and_counted(tmp_path):
    crops = colourful_people(tmp_path)
    crops[3].path.write_bytes(b"no picture")
    training = Training(recipe(steps=1), Split(crops, [], []), tmp_path / "run", CPU, RUN)
    assert training.skipped == [3]
    assert len(training.crops) == 23
    training.run(QUIET)


def test_missing_landmarks_are_counted_and_named_where_poses_are_needed(tmp_path):
    crops = colourful_people(tmp_path)
    crops[0], crops[7] = (replace(crop, keypoints=None) for crop in (crops[0], crops[7]))
    unknown = [replace(crop, keypoints=np.full((17, 2), np.nan, np.float32)) for crop in crops]
    with pytest.raises(
        DataError, match=r"None of the 24 training crops has a known joint; .* `followspot dataset poses"
    ):
        Training(recipe(FULL), Split(unknown, [], []), tmp_path / "empty", CPU, RUN)
    with pytest.raises(
        DataError,
        match=r"2 of 24 training crops have no landmarks \(first: 0_0.png, 1_1.png\); .* `followspot dataset poses",
    ):
        Training(recipe(FULL), Split(crops, [], []), tmp_path / "run", CPU, RUN)


def test_a_full_disk_leaves_the_last_good_state(split, copied, monkeypatch):
    training = Training(recipe(), split, copied, CPU, RUN, resume=True)
    before = (copied / "state.pt").read_bytes()

    def full(content, stream):
        stream.write(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(torch, "save", full)
    with pytest.raises(WeightsError, match=r"state\.pt \(No space left on device\); free some room"):
        training.save()
    assert (copied / "state.pt").read_bytes() == before


def full_disk(*arguments):
    raise OSError(28, "No space left on device")


@pytest.fixture(scope="module")
def stopped(split, tmp_path_factory):
    """The folder of a run that was stopped after five steps, one epoch and a bit."""
    folder = tmp_path_factory.mktemp("stopped")
    train_until(Training(recipe(), split, folder, CPU, RUN), 5)
    return folder


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")  # TensorBoard writes in a thread
@pytest.mark.parametrize(
    "writing", [(RunLog, "write"), (RecordWriter, "write"), (reid.training.report, "write_picture"), (json, "dumps")]
)
def test_a_disk_that_is_full_for_any_other_file_is_one_sentence_and_the_run_is_resumed_later(
    split, whole, stopped, tmp_path, monkeypatch, writing
):
    folder = shutil.copytree(stopped, tmp_path / "run")
    with monkeypatch.context() as patch:
        patch.setattr(*writing, full_disk)
        with pytest.raises(DataError, match=r"No space left on device.*--resume") as caught:
            train(split, folder, resume=True)
    assert "\n" not in str(caught.value)
    assert load_encoder(folder / "encoder_best.pt").encoder.options == recipe().encoder
    resumed = train(split, folder, resume=True)
    assert torch.equal(weights_of(resumed), weights_of(whole))
    assert log_without_times(folder) == log_without_times(whole.folder)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_disk_that_is_full_for_tensorboard_leaves_every_line_of_the_log_whole(tmp_path, monkeypatch):

    def write_three_steps():
        with RunLog(tmp_path, None) as log:
            log.write(1, 0, {"loss/triplet": 0.5})
            monkeypatch.setattr(RecordWriter, "write", full_disk)
            log.write(2, 0, {"loss/triplet": 0.25})
            log.write(3, 0, {"loss/triplet": 0.125})

    with pytest.raises(OSError, match="No space left"):
        write_three_steps()
    assert log_of(tmp_path) == [
        {"step": 1, "epoch": 0, "loss/triplet": 0.5},
        {"step": 2, "epoch": 0, "loss/triplet": 0.25},
    ]


def test_a_folder_that_cannot_be_written_is_reported_before_any_picture_is_read(split, tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setattr(reid.training.training, "readable", lambda crops: pytest.fail("pictures were read"))
    with pytest.raises(DataError, match=r"Cannot write to .*file/run \(Not a directory\); name another --out"):
        Training(recipe(), split, tmp_path / "file" / "run", CPU, RUN)


def test_a_picture_that_went_bad_or_came_back_since_does_not_stop_a_run_from_being_resumed(tmp_path):
    crops = colourful_people(tmp_path)
    split = Split(crops, crops[::6], crops[1::2])
    good = crops[3].path.read_bytes()
    crops[3].path.write_bytes(b"no picture")
    train_until(Training(recipe(), split, tmp_path / "run", CPU, RUN), 2)
    crops[3].path.write_bytes(good)
    crops[6].path.write_bytes(b"no picture")
    reported = []
    resumed = Training(recipe(), split, tmp_path / "run", CPU, RUN, resume=True)
    resumed.run(Callbacks(on_epoch=reported.append))
    assert resumed.skipped == [3]
    assert resumed.finished
    assert len(resumed.crops) == 23
    assert any("can no longer be read" in line for line in reported)


@pytest.mark.parametrize("missing", ["data", "networks"])
def test_a_state_of_another_version_is_one_sentence(split, copied, missing):
    state = load_plain(copied / "state.pt")
    del state[missing]
    save_atomically(state, copied / "state.pt")
    with pytest.raises(DataError, match=r"state\.pt was written by another version; begin again"):
        Training(recipe(), split, copied, CPU, RUN, resume=True)


def test_other_data_than_before_is_refused_on_resume(split, whole):
    fewer = replace(split, train=split.train[1:])
    with pytest.raises(DataError, match=r"other data \(train was 24 crops of 4 people \(.*now 23 crops of 4 people"):
        Training(recipe(), fewer, whole.folder, CPU, RUN, resume=True)
    relabelled = replace(split, train=[replace(split.train[0], person=3), *split.train[1:]])
    with pytest.raises(DataError, match=r"other data \(train was 24 crops of 4 people \(.*now 24 crops of 4 people"):
        Training(recipe(), relabelled, whole.folder, CPU, RUN, resume=True)


@pytest.mark.parametrize("workers", [0, 1])
def test_a_picture_that_goes_bad_on_the_way_is_replaced_and_reported(tmp_path, workers):
    crops = colourful_people(tmp_path)
    from_disk = replace(RUN, workers=workers, picture_memory=0)
    training = Training(recipe(epochs=1), Split(crops, [], []), tmp_path / "run", CPU, from_disk)
    for crop in crops[:3]:
        crop.path.write_bytes(crop.path.read_bytes()[:-100])
    reported = []
    training.run(Callbacks(on_epoch=reported.append))
    assert re.search(r"pictures that can no longer be read: [123], such as .*0_[012].png", reported[-1])
    for crop in crops[:6]:
        crop.path.unlink()
    training.state.step = training.state.epoch = training.state.epoch_step = 0
    with pytest.raises(
        DataError, match=r"^The picture .+0_\d.png and all others of the person can no longer"
    ) as caught:
        training.run(QUIET)
    assert "\n" not in str(caught.value)
    assert multiprocessing.active_children() == [], "the reading process has ended with it"


def test_one_person_alone_cannot_be_trained_on(split, tmp_path):
    with pytest.raises(DataError, match=r"The training crops \(6\) show one person"):
        Training(recipe(), Split(split.train[:6], [], []), tmp_path, CPU, RUN)


def gradient_norm(training):
    parameters = [p.grad for p in training.networks["encoder"].parameters() if p.grad is not None]
    return torch.cat([gradient.flatten() for gradient in parameters]).norm().item()


@pytest.mark.parametrize("clip", [0.0, 0.01])
def test_gradients_are_clipped_to_the_norm_asked_for(split, tmp_path, clip):
    ours = recipe(LossWeights(cross_entropy=0.0), clip=clip)
    training = train_until(Training(ours, split, tmp_path, CPU, RUN), 1)
    assert gradient_norm(training) == pytest.approx(0.01, rel=1e-3) if clip else gradient_norm(training) > 0.1


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_mixed_precision_runs_convolutions_in_bfloat16_and_losses_in_float32(split, tmp_path, precision):
    training = Training(recipe(FULL, precision=precision), split, tmp_path, CPU, RUN)
    kinds = {}
    for name, network in training.networks.items():
        convolution = next((m for m in network.modules() if isinstance(m, torch.nn.Conv2d)), None)
        if convolution is not None:
            convolution.register_forward_hook(lambda m, i, out, name=name: kinds.update({name: out.dtype}))
    phases, losses = training.objective.phases, []

    def noted(progress):
        for phase in phases(progress):
            yield replace(phase, losses=lambda f, of=phase.losses: losses.append(of(f)) or losses[-1])

    training.objective.phases = noted
    train_until(training, 1)
    assert set(kinds) == {"encoder", "pose_encoder", "generator", "image_discriminator", "pose_discriminator"}
    assert set(kinds.values()) == {getattr(torch, precision)}
    assert {loss.dtype for named in losses for loss in named.values()} == {torch.float32}
    assert all(p.dtype == torch.float32 for p in training.networks.parameters())


def test_pictures_and_weights_lie_channels_last(split, tmp_path):
    training = Training(recipe(FULL), split, tmp_path, CPU, RUN)
    seen = []
    training.networks["encoder"].trunk.register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0]))
    train_until(training, 1)
    assert all(image.is_contiguous(memory_format=torch.channels_last) for image in seen)
    weights = [m.weight for m in training.networks.modules() if isinstance(m, torch.nn.Conv2d)]
    assert all(weight.is_contiguous(memory_format=torch.channels_last) for weight in weights)


def test_the_learning_rate_schedule():
    options = OptimisationOptions(epochs=10, warmup_epochs=2, schedule="cosine")
    assert lr_factor(0, options) == pytest.approx(0.1)
    assert lr_factor(1, options) == pytest.approx(0.55)
    assert lr_factor(2, options) == pytest.approx(1.0)
    assert lr_factor(10, options) == pytest.approx(0.002)
    paper = OptimisationOptions(epochs=100)
    assert [lr_factor(epoch, paper) for epoch in (0, 50, 75, 100)] == pytest.approx([1, 1, 0.5, 0])


def test_a_moving_average_follows_slowly():
    """From 0 towards 1 by decays of 2/11 and 3/12 (the decay rises with the updates): 1 - 2/11 * 3/12 of the way."""
    network = torch.nn.Linear(1, 1)
    torch.nn.init.zeros_(network.weight)
    averaged = averaged_model(network, decay=0.5)
    torch.nn.init.ones_(network.weight)
    for _ in range(2):
        averaged.update_parameters(network)
    assert averaged.module.weight.item() == pytest.approx(1 - 2 / 11 * 3 / 12)


def test_a_moving_average_takes_running_statistics_in_and_copies_their_count():
    """Batch norm of one batch of mean 10: its running mean is 0.1 * 10 = 1, of which the average takes 1 - 2/11."""
    network = torch.nn.BatchNorm1d(1)
    averaged = averaged_model(network, decay=0.5)
    network(torch.tensor([[9.0], [11.0]]))
    averaged.update_parameters(network)
    assert averaged.module.running_mean.item() == pytest.approx(1 - 2 / 11)
    assert averaged.module.num_batches_tracked.item() == 1
    again = averaged_model(torch.nn.BatchNorm1d(1), decay=0.5)
    again.load_state_dict(averaged.state_dict())
    network(torch.tensor([[9.0], [11.0]]))
    averaged.update_parameters(network)
    again.update_parameters(network)
    assert torch.equal(again.module.running_mean, averaged.module.running_mean)


def test_a_run_may_be_measured_in_steps_and_its_schedule_fits_them(split, tmp_path):
    ours = recipe(steps=5)
    training = train(split, tmp_path / "whole", ours)
    rows = [row for row in log_without_times(tmp_path / "whole") if "lr_factor" in row]
    assert [row["step"] for row in rows] == [1, 2, 3, 4, 5]
    assert [row["lr_factor"] for row in rows] == pytest.approx(
        [0.002 + 0.998 * (1 + np.cos(np.pi * step / 5)) / 2 for step in range(5)]
    )
    assert training.finished
    assert (tmp_path / "whole" / "encoder_last.pt").is_file()
    with pytest.raises(KeyboardInterrupt):
        train(split, tmp_path / "killed", ours, steps=3)
    assert_same_run(train(split, tmp_path / "killed", ours, resume=True), training)


def test_a_run_that_ends_right_after_its_last_step_is_scored_and_written_once_resumed(split, tmp_path):
    """It was stopped, or killed while it was scored: all steps are saved, the epoch's end is not."""
    ours = recipe(steps=2)
    whole = train(split, tmp_path / "whole", ours)
    stopped = train_until(Training(ours, split, tmp_path / "stopped", CPU, RUN), 2)
    assert not (stopped.folder / "encoder_last.pt").exists()
    assert_same_run(train(split, stopped.folder, ours, resume=True), whole)
    assert (stopped.folder / "encoder_last.pt").exists()


def test_an_epoch_that_a_kill_ended_after_its_line_is_logged_once(split, whole, tmp_path):
    """The line stands in the log, and state.pt is that of the epoch's last step, since when nothing was saved."""
    training = Training(recipe(), split, tmp_path, CPU, replace(RUN, save_every=0))
    training.write_pictures = lambda: (_ for _ in ()).throw(KeyboardInterrupt)
    with pytest.raises(KeyboardInterrupt):
        training.run(QUIET)
    assert [row["epoch"] for row in log_of(tmp_path) if "time/epoch" in row] == [1]
    assert_same_run(train(split, tmp_path, resume=True), whole)
    assert [row["epoch"] for row in log_of(tmp_path) if "time/epoch" in row] == [1, 2]


def test_the_pull_of_each_loss_on_the_features_is_its_gradients_mean_norm():
    """Two crops of features (3, 4) and (0, 1): of loss f -> sum of squares / 2 / 2 crops the gradients are f / 2.

    Their norms are 5 / 2 and 1 / 2; as of each crop's own loss, 5 and 1, in the mean 3. A loss that does not touch the
    features is left out.
    """
    feature = torch.tensor([[3.0, 4.0], [0.0, 1.0]], requires_grad=True)
    elsewhere = torch.zeros(1, requires_grad=True)
    losses = {"pulls": feature.square().sum() / 2 / 2, "elsewhere": elsewhere.sum()}
    norms = gradient_norms(losses, feature)
    assert {name: norm.item() for name, norm in norms.items()} == {"gradient/pulls": pytest.approx(3.0)}


def test_diagnostics_stand_in_the_log_now_and_then_and_change_nothing(split, tmp_path):
    silent, spoken = (
        Training(recipe(FULL), split, tmp_path / name, CPU, replace(RUN, diagnose_every=every))
        for name, every in [("silent", 0), ("spoken", 3)]
    )
    silent.run(QUIET)
    spoken.run(QUIET)
    assert torch.equal(weights_of(silent), weights_of(spoken))
    diagnosed = [row["step"] for row in log_of(spoken.folder) if "gradient/pose" in row and "effect/identity" in row]
    assert diagnosed == [1, 4, 7]  # lines are counted from 1; 2 epochs of 4 batches of 6 of the 24 crops
    assert not any("gradient/pose" in row for row in log_of(silent.folder))


def test_depthwise_convolutions_have_the_gradients_of_float32_in_mixed_precision():
    """Values that bfloat16 holds exactly (small whole numbers), so that only the summation could differ."""
    torch.manual_seed(0)
    plain = torch.nn.Conv2d(8, 8, 3, 2, 1, groups=8, bias=False)
    plain.weight.data = torch.randint(-3, 4, plain.weight.shape).float()
    fast = copy.deepcopy(plain)
    speed_up_depthwise(fast)
    maps = torch.randint(-3, 4, (2, 8, 9, 6)).float()
    results = []
    for convolution, mixed in ((plain, False), (fast, True)):
        given = maps.clone().requires_grad_()
        with torch.autocast("cpu", torch.bfloat16, enabled=mixed):
            out = convolution(given)
        (out.float() * torch.arange(out.numel()).reshape(out.shape).remainder(5)).sum().backward()
        results.append((out.float(), given.grad, convolution.weight.grad))
        assert out.dtype == (torch.bfloat16 if mixed else torch.float32)
    for expected, found in zip(*results, strict=True):
        assert torch.equal(expected, found)
    assert torch.equal(plain(maps), fast(maps))  # without autocast nothing is changed


def test_the_average_that_is_scored_is_the_encoder_that_is_written_in_bfloat16_too(split, tmp_path):
    """The average begins as a copy of the encoder, whose depthwise convolutions are made fast in mixed precision."""
    ours = recipe(steps=3, precision="bfloat16")
    far = replace(ours.optimisation, encoder=OptimiserOptions("adam", 0.1))  # from the average within three steps
    ours = replace(ours, encoder=replace(ours.encoder, trunk="shufflenet_v2_x0_5"), optimisation=far)
    scored = train(split, tmp_path, ours).state.averaged_encoder
    pictures = torch.rand(2, 3, 64, 32, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        written = load_encoder(tmp_path / "encoder_last.pt").encoder.embed(pictures)
        assert torch.allclose(scored.embed(pictures), written, atol=1e-4)
