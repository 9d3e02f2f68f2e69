import json
import re
from dataclasses import replace

import cv2
import numpy as np
import pytest
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

import reid.training.training
from models.checkpoint import WeightsError, load_plain, save_atomically
from models.encoder import EncoderOptions
from models.generator import GeneratorOptions
from models.pretrained import load_encoder
from reid.data.augmentation import AugmentationOptions
from reid.data.crops import Crop, DataError, Split
from reid.data.sampling import SamplingOptions
from reid.training.fdgan import FdGanOptions
from reid.training.objective import LossWeights, ObjectiveOptions
from reid.training.optimisation import OptimisationOptions, OptimiserOptions, RunningAverage, rate_factor
from reid.training.presets import PRESETS
from reid.training.recipe import Recipe
from reid.training.run_log import RunLog
from reid.training.training import RunOptions, Training, Watch

CPU = torch.device("cpu")
RUN = RunOptions(device="cpu", workers=0)
QUIET = Watch(tell=lambda line: None)
FULL = PRESETS["st-reid"].objective.weights


def recipe(weights=None, epochs=2, **optimisation):
    adam = OptimiserOptions("adam", 1e-3)
    return Recipe(
        encoder=EncoderOptions("shufflenet_v2_x0_5", 64, 32, bnneck=True),
        objective=ObjectiveOptions(weights or LossWeights(), margin=0.3, generator=GeneratorOptions(channels=4)),
        sampling=SamplingOptions("people", people=3, crops=2),
        augmentation=AugmentationOptions(erase=0.5, brightness=0.1),
        optimisation=OptimisationOptions(
            epochs=epochs,
            schedule="cosine",
            encoder=adam,
            generator=adam,
            discriminator=adam,
            average=0.9,
            **optimisation,
        ),
        start="none",
    )


def colourful_people(folder, people=4, crops=6, keypoints=True):
    """Each person has a shirt colour of her own; a little noise."""
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
    training = Training(ours or recipe(), split, folder, CPU, RUN)
    if steps is not None:
        step = training.train_step

        def killed(*arguments):
            if training.step == steps:
                raise KeyboardInterrupt
            numbers = step(*arguments)
            training.save_state()
            return numbers

        training.train_step = killed
    training.run(resume, QUIET)
    return training


def weights_of(training):
    return torch.cat([tensor.double().flatten() for tensor in training.networks.state_dict().values()])


def test_a_run_leaves_a_log_a_state_and_encoders_that_load(split, tmp_path):
    train(split, tmp_path)
    rows = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    steps = [row for row in rows if "loss/triplet" in row]
    assert [row["step"] for row in steps] == list(range(1, len(steps) + 1))
    assert {"loss/cross_entropy", "rate_factor"} <= set(steps[0])
    scored = [row for row in rows if "score/mAP" in row]
    assert len(scored) == 2
    loaded = load_encoder(tmp_path / "encoder_best.pt")
    assert loaded.metadata["mAP"] == max(row["score/mAP"] for row in scored)
    assert loaded.encoder.options == recipe().encoder
    assert json.loads((tmp_path / "config.json").read_text())["sampling"]["people"] == 3


def test_without_anybody_kept_aside_the_last_encoder_is_written_all_the_same(split, tmp_path):
    training = train(Split(split.train, [], []), tmp_path)
    assert load_encoder(tmp_path / "encoder_last.pt").metadata["epoch"] == training.epoch
    assert not (tmp_path / "encoder_best.pt").exists()


def log_without_times(folder):
    rows = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
    return [{name: value for name, value in row.items() if not name.startswith("time/")} for row in rows]


def curves(folder):
    """What TensorBoard itself shows of a run: name -> (step, value)s."""
    events = EventAccumulator(str(folder / "tensorboard")).Reload()
    shown = {name: events.Scalars(name) for name in events.Tags()["scalars"] if not name.startswith("time/")}
    return {name: [(event.step, event.value) for event in scalars] for name, scalars in shown.items()}


def test_tensorboard_shows_the_numbers_of_the_log(split, tmp_path):
    train(split, tmp_path, recipe(epochs=1))
    shown = curves(tmp_path)
    rows = log_without_times(tmp_path)
    assert set(shown) == {name for row in rows for name in row} - {"step", "epoch"}
    losses = [(row["step"], pytest.approx(row["loss/triplet"])) for row in rows if "loss/triplet" in row]
    assert shown["loss/triplet"] == losses


@pytest.mark.parametrize(("weights", "steps"), [(LossWeights(), 1), (LossWeights(), 5), (FULL, 3)])
def test_a_killed_run_goes_on_to_the_bit(split, tmp_path, weights, steps):
    whole = train(split, tmp_path / "whole", recipe(weights))
    with pytest.raises(KeyboardInterrupt):
        train(split, tmp_path / "killed", recipe(weights), steps=steps)
    resumed = train(split, tmp_path / "killed", recipe(weights), resume=True)
    assert torch.equal(weights_of(resumed), weights_of(whole))
    assert resumed.best == whole.best
    assert log_without_times(tmp_path / "killed") == log_without_times(tmp_path / "whole")
    assert curves(tmp_path / "killed") == curves(tmp_path / "whole")


def test_a_wish_to_stop_is_granted_after_the_step_and_the_run_goes_on_to_the_bit(split, tmp_path):
    whole = train(split, tmp_path / "whole")
    training = Training(recipe(), split, tmp_path / "stopped", CPU, RUN)
    training.run(watch=Watch(tell=lambda line: None, stop=lambda: training.step == 2))
    assert training.step == 2
    resumed = train(split, tmp_path / "stopped", resume=True)
    assert torch.equal(weights_of(resumed), weights_of(whole))


def test_fd_gan_trains_through_its_three_stages(split, tmp_path):
    small = FdGanOptions(generator=GeneratorOptions(channels=4, noise_dimension=8))
    ours = replace(recipe(epochs=3), fd_gan=small, sampling=SamplingOptions("people", people=3, crops=3))
    train(split, tmp_path, ours)
    rows = [row for row in log_without_times(tmp_path) if "rate_factor" in row]
    assert {"loss/verification"} <= set(rows[0])
    assert "loss/target" not in rows[0]
    assert "loss/verification" not in rows[len(rows) // 2]
    assert {"loss/verification", "loss/target", "judged/identity/made"} <= set(rows[-1])


def test_it_learns_who_wears_which_colour(split, tmp_path):
    training = train(split, tmp_path, recipe(epochs=12))
    rows = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    losses = [row["loss/cross_entropy"] for row in rows if "loss/cross_entropy" in row]
    assert np.mean(losses[-4:]) < 0.95 * np.mean(losses[:4])
    assert training.best > 0.8


def test_other_options_are_refused_on_resume_and_named(split, tmp_path):
    train(split, tmp_path, recipe(epochs=1))
    with pytest.raises(DataError, match=r"optimisation\.epochs was 1, now 3"):
        train(split, tmp_path, recipe(epochs=3), resume=True)
    with pytest.raises(DataError, match="seed was 0, now 1"):
        train(split, tmp_path, replace(recipe(epochs=1), seed=1), resume=True)


def test_a_loss_that_is_not_finite_stops_the_run_with_its_losses(split, tmp_path):
    training = Training(recipe(), split, tmp_path, CPU, RUN)
    with torch.no_grad():
        training.networks["classifier"].weight.fill_(torch.nan)
    with pytest.raises(DataError, match=r"not finite at step 0: .*loss/cross_entropy.*nan"):
        training.run(watch=QUIET)


def test_unreadable_pictures_are_left_out_and_counted(tmp_path):
    crops = colourful_people(tmp_path)
    crops[3].path.write_bytes(b"no picture")
    training = Training(recipe(epochs=1), Split(crops, [], []), tmp_path / "run", CPU, RUN)
    assert [path.name for path in training.skipped] == ["0_3.png"]
    training.run(watch=QUIET)


def test_missing_landmarks_are_counted_and_named_where_poses_are_needed(tmp_path):
    crops = colourful_people(tmp_path)
    crops[0], crops[7] = (replace(crop, keypoints=None) for crop in (crops[0], crops[7]))
    with pytest.raises(DataError, match=r"2 of 24 training crops have no landmarks \(first: 0_0.png, 1_1.png\)"):
        Training(recipe(FULL), Split(crops, [], []), tmp_path / "run", CPU, RUN)


def test_a_full_disk_leaves_the_last_good_state(split, tmp_path, monkeypatch):
    training = train(split, tmp_path, recipe(epochs=1))
    before = (tmp_path / "state.pt").read_bytes()

    def full(content, stream):
        stream.write(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(torch, "save", full)
    with pytest.raises(WeightsError, match=r"state\.pt \(No space left on device\); free some room"):
        training.save_state()
    assert (tmp_path / "state.pt").read_bytes() == before


def full_disk(*arguments):
    raise OSError(28, "No space left on device")


@pytest.mark.parametrize(
    "writing", [(RunLog, "write"), (RunLog, "record"), (reid.training.training, "write_picture"), (json, "dumps")]
)
def test_a_disk_that_is_full_for_any_other_file_is_one_sentence_and_the_run_goes_on_later(
    split, tmp_path, monkeypatch, writing
):
    whole = train(split, tmp_path / "whole", recipe())
    training = Training(recipe(), split, tmp_path / "run", CPU, RUN)
    training.run(watch=Watch(tell=lambda line: None, stop=lambda: training.step == 5))
    with monkeypatch.context() as patch:
        patch.setattr(*writing, full_disk)
        with pytest.raises(DataError, match=r"No space left on device.*--resume") as caught:
            train(split, tmp_path / "run", recipe(), resume=True)
    assert "\n" not in str(caught.value)
    assert load_encoder(tmp_path / "run" / "encoder_best.pt").encoder.options == recipe().encoder
    resumed = train(split, tmp_path / "run", recipe(), resume=True)
    assert torch.equal(weights_of(resumed), weights_of(whole))
    assert log_without_times(tmp_path / "run") == log_without_times(tmp_path / "whole")


def test_a_folder_that_cannot_be_written_is_told_before_any_picture_is_read(split, tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setattr(reid.training.training, "readable", lambda crops: pytest.fail("pictures were read"))
    with pytest.raises(DataError, match=r"Cannot write to .*file/run \(Not a directory\); name another --out"):
        Training(recipe(), split, tmp_path / "file" / "run", CPU, RUN)


def test_a_picture_that_went_bad_or_came_back_since_does_not_stop_a_run_from_going_on(tmp_path):
    crops = colourful_people(tmp_path)
    split = Split(crops, crops[::6], crops[1::2])
    good = crops[3].path.read_bytes()
    crops[3].path.write_bytes(b"no picture")
    training = Training(recipe(), split, tmp_path / "run", CPU, RUN)
    training.run(watch=Watch(tell=lambda line: None, stop=lambda: training.step == 2))
    crops[3].path.write_bytes(good)
    crops[6].path.write_bytes(b"no picture")
    told = []
    resumed = Training(recipe(), split, tmp_path / "run", CPU, RUN)
    resumed.run(True, Watch(tell=told.append))
    assert [path.name for path in resumed.skipped] == ["0_3.png"]
    assert resumed.finished
    assert len(resumed.crops) == 23
    assert any("can no longer be read, such as" in line for line in told)


@pytest.mark.parametrize("missing", ["data", "networks"])
def test_a_state_of_another_version_is_one_sentence(split, tmp_path, missing):
    training = train(split, tmp_path, recipe(epochs=1))
    state = load_plain(tmp_path / "state.pt")
    del state[missing]
    save_atomically(state, tmp_path / "state.pt")
    with pytest.raises(DataError, match=r"state\.pt was written by another version; begin anew"):
        training.load_state()


def test_other_data_than_before_is_refused_on_resume(split, tmp_path):
    train(split, tmp_path, recipe(epochs=1))
    fewer = replace(split, train=split.train[1:])
    with pytest.raises(DataError, match=r"other data \(train was 24 crops of 4 people \(.*now 23 crops of 4 people"):
        train(fewer, tmp_path, recipe(epochs=1), resume=True)
    relabelled = replace(split, train=[replace(split.train[0], person=3), *split.train[1:]])
    with pytest.raises(DataError, match=r"other data \(train was 24 crops of 4 people \(.*now 24 crops of 4 people"):
        train(relabelled, tmp_path, recipe(epochs=1), resume=True)


@pytest.mark.parametrize("workers", [0, 1])
def test_a_picture_that_goes_bad_on_the_way_is_replaced_and_told(tmp_path, workers):
    crops = colourful_people(tmp_path)
    training = Training(recipe(epochs=1), Split(crops, [], []), tmp_path / "run", CPU, replace(RUN, workers=workers))
    for crop in crops[:3]:
        crop.path.write_bytes(crop.path.read_bytes()[:-100])
    told = []
    training.run(watch=Watch(tell=told.append))
    assert re.search(r"[123] pictures can no longer be read, such as .*0_[012].png", told[-1])
    for crop in crops[:6]:
        crop.path.unlink()
    training.step = training.epoch = training.done = 0
    with pytest.raises(DataError, match=r"0_\d.png and all others of the person can no longer be read") as caught:
        training.run(watch=QUIET)
    assert "\n" not in str(caught.value)


def test_one_person_is_nobody_to_tell_apart(split, tmp_path):
    with pytest.raises(DataError, match="All 6 training crops show one person"):
        Training(recipe(), Split(split.train[:6], [], []), tmp_path, CPU, RUN)


def gradient_norm(training):
    parameters = [p.grad for p in training.encoder.parameters() if p.grad is not None]
    return torch.cat([gradient.flatten() for gradient in parameters]).norm().item()


@pytest.mark.parametrize("clip", [0.0, 0.01])
def test_gradients_are_clipped_to_the_norm_asked_for(split, tmp_path, clip):
    training = Training(recipe(LossWeights(cross_entropy=0.0), clip=clip), split, tmp_path, CPU, RUN)
    training.run(watch=Watch(tell=lambda line: None, stop=lambda: training.step == 1))
    assert gradient_norm(training) == pytest.approx(0.01, rel=1e-3) if clip else gradient_norm(training) > 0.1


@pytest.mark.parametrize("bf16", [False, True])
def test_mixed_precision_runs_convolutions_in_bfloat16_and_losses_in_float32(split, tmp_path, bf16):
    training = Training(recipe(FULL, bf16=bf16), split, tmp_path, CPU, RUN)
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
    training.run(watch=Watch(tell=lambda line: None, stop=lambda: training.step == 1))
    assert set(kinds) == {"encoder", "pose_encoder", "generator", "image_discriminator", "pose_discriminator"}
    assert set(kinds.values()) == {torch.bfloat16 if bf16 else torch.float32}
    assert {loss.dtype for named in losses for loss in named.values()} == {torch.float32}
    assert all(p.dtype == torch.float32 for p in training.networks.parameters())


def test_pictures_and_weights_lie_channels_last(split, tmp_path):
    training = Training(recipe(FULL), split, tmp_path, CPU, RUN)
    seen = []
    training.encoder.trunk.register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0]))
    training.run(watch=Watch(tell=lambda line: None, stop=lambda: training.step == 1))
    assert all(image.is_contiguous(memory_format=torch.channels_last) for image in seen)
    weights = [m.weight for m in training.networks.modules() if isinstance(m, torch.nn.Conv2d)]
    assert all(weight.is_contiguous(memory_format=torch.channels_last) for weight in weights)


def test_the_course_of_the_learning_rate():
    options = OptimisationOptions(epochs=10, warmup=2, schedule="cosine")
    assert rate_factor(0, options) == pytest.approx(0.1)
    assert rate_factor(1, options) == pytest.approx(0.55)
    assert rate_factor(2, options) == pytest.approx(1.0)
    assert rate_factor(10, options) == pytest.approx(0.002)
    paper = OptimisationOptions(epochs=100)
    assert [rate_factor(epoch, paper) for epoch in (0, 50, 75, 100)] == pytest.approx([1, 1, 0.5, 0])


def test_a_running_average_follows_slowly():
    network = torch.nn.Linear(1, 1)
    torch.nn.init.zeros_(network.weight)
    average = RunningAverage(network, decay=0.5)
    torch.nn.init.ones_(network.weight)
    for _ in range(2):
        average.update(network)
    young, older = 2 / 11, 3 / 12  # the decay rises with the number of updates
    assert average.network.weight.item() == pytest.approx(1 - young * older)


def test_a_run_may_be_measured_in_steps_and_its_course_fits_them(split, tmp_path):
    ours = recipe(steps=5)
    training = train(split, tmp_path / "whole", ours)
    rows = [row for row in log_without_times(tmp_path / "whole") if "rate_factor" in row]
    assert [row["step"] for row in rows] == [1, 2, 3, 4, 5]
    assert [row["rate_factor"] for row in rows] == pytest.approx(
        [0.002 + 0.998 * (1 + np.cos(np.pi * step / 5)) / 2 for step in range(5)]
    )
    assert training.finished
    assert (tmp_path / "whole" / "encoder_last.pt").is_file()
    with pytest.raises(KeyboardInterrupt):
        train(split, tmp_path / "killed", ours, steps=3)
    resumed = train(split, tmp_path / "killed", ours, resume=True)
    assert torch.equal(weights_of(resumed), weights_of(training))
    assert log_without_times(tmp_path / "killed") == log_without_times(tmp_path / "whole")
