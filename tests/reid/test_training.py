import json
from dataclasses import replace

import cv2
import numpy as np
import pytest
import torch

from models.encoder import EncoderOptions
from models.generator import GeneratorOptions
from models.pretrained import load_encoder
from reid.augmentation import AugmentationOptions
from reid.crops import Crop, DataError, Split
from reid.fdgan import FdGanOptions
from reid.objective import LossWeights, ObjectiveOptions
from reid.optimisation import OptimisationOptions, OptimiserOptions, RunningAverage, rate_factor
from reid.recipe import Recipe
from reid.sampling import SamplingOptions
from reid.training import RunOptions, Training, Watch

CPU = torch.device("cpu")
RUN = RunOptions(device="cpu", workers=0)
QUIET = Watch(tell=lambda line: None)
FULL = LossWeights(1, 1, 0, 10, 10, 0.1, 0.1)


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


def log_without_times(folder):
    rows = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
    return [{name: value for name, value in row.items() if not name.startswith("time/")} for row in rows]


@pytest.mark.parametrize(("weights", "steps"), [(LossWeights(), 1), (LossWeights(), 5), (FULL, 3)])
def test_a_killed_run_goes_on_to_the_bit(split, tmp_path, weights, steps):
    whole = train(split, tmp_path / "whole", recipe(weights))
    with pytest.raises(KeyboardInterrupt):
        train(split, tmp_path / "killed", recipe(weights), steps=steps)
    resumed = train(split, tmp_path / "killed", recipe(weights), resume=True)
    assert torch.equal(weights_of(resumed), weights_of(whole))
    assert resumed.best == whole.best
    assert log_without_times(tmp_path / "killed") == log_without_times(tmp_path / "whole")


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
    with pytest.raises(OSError, match="No space"):
        training.save_state()
    assert (tmp_path / "state.pt").read_bytes() == before


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
