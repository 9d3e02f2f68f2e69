from dataclasses import replace

import numpy as np
import pytest
import torch

from models.encoder import ContextEncoder, EncoderOptions
from models.generator import GeneratorOptions
from reid.data.augmentation import AugmentationOptions
from reid.data.batch import TrainingLabels, make_batch
from reid.data.images import LoadedBatch
from reid.data.sampling import BatchIndices
from reid.training import losses
from reid.training.fdgan import FdGanObjective, FdGanOptions, stage_at
from reid.training.optimisation import (
    OptimisationOptions,
    OptimiserOptions,
    make_optimisers,
    optimisers_of,
    options_for,
)
from reid.training.phases import freeze_all_but
from reid.training.recipes import PRESETS

LABELS = TrainingLabels(person=np.array([0, 0, 0, 1, 1, 1]), video=np.zeros(6, int))
DRAW = BatchIndices(np.arange(6), np.array([1, 2, 0, 4, 5, 3]), np.full(6, -1))


@pytest.fixture
def fdgan():
    torch.manual_seed(0)
    encoder = ContextEncoder(EncoderOptions("shufflenet_v2_x0_5", 64, 32))
    options = FdGanOptions(generator=GeneratorOptions(channels=4, noise_dimension=8))
    return FdGanObjective(encoder, 17, options)


@pytest.fixture
def batch():
    generator = torch.Generator().manual_seed(0)
    pictures = torch.randint(0, 255, (6, 3, 64, 32), dtype=torch.uint8, generator=generator)
    keypoints = torch.rand(6, 17, 2, generator=generator) * 32
    return make_batch(
        LoadedBatch(DRAW, pictures, keypoints), LABELS, AugmentationOptions(), generator, torch.device("cpu")
    )


def learn(fdgan, batch, progress):
    """One step of all phases; the networks that changed."""
    before = {name: [p.clone() for p in net.state_dict().values()] for name, net in fdgan.networks.items()}
    forward = fdgan.forward(batch, progress)
    for phase in fdgan.phases(progress):
        freeze_all_but(fdgan.networks, phase.networks)
        sum(fdgan.weights.get(name, 1.0) * loss for name, loss in phase.losses(forward).items()).backward()
        optimiser = torch.optim.SGD(fdgan.networks.parameters(), 0.1)
        optimiser.step()
        optimiser.zero_grad(set_to_none=True)
        fdgan.networks.requires_grad_(True)
    return {
        name
        for name, net in fdgan.networks.items()
        if not all(torch.equal(old, new) for old, new in zip(before[name], net.state_dict().values(), strict=True))
    }


def test_a_weight_counts_though_it_is_a_whole_number(fdgan, batch):
    options = replace(fdgan.options, target=20, same_pose=0)
    weights = FdGanObjective(fdgan.encoder, 17, options).weights
    assert weights == {"verification": 1.0, "identity": 0.1, "pose": 0.1, "target": 20, "same_pose": 0}
    assert set(weights) == set(fdgan.joint_losses(fdgan.forward(batch, 1.0)))


def test_three_stages_train_the_networks_they_should(fdgan, batch):
    judges, painters = {"identity_discriminator", "pose_discriminator"}, {"pose_encoder", "generator"}
    assert learn(fdgan, batch, 0.1) == {"encoder", "verification"}
    assert learn(fdgan, batch, 0.5) == judges | painters  # nor do the encoder's running statistics move
    assert learn(fdgan, batch, 0.9) == judges | painters | {"encoder", "verification"}
    assert [stage_at(progress) for progress in (0.0, 0.34, 0.99, 1.0)] == [
        "verification",
        "generation",
        "everything",
        "everything",
    ]


def test_the_identity_discriminator_starts_as_the_first_stages_encoder_and_head(fdgan, batch):
    judge, head = fdgan.networks["identity_discriminator"], fdgan.networks["verification"]
    fdgan.networks.eval()
    fdgan.forward(batch, 0.5)
    assert not judge.started  # looking at pictures starts nothing
    fdgan.networks.train()
    fdgan.forward(batch, 0.1)
    assert not judge.started
    fdgan.forward(batch, 0.34)
    for started, trained in ((judge.encoder.network, fdgan.encoder), (judge.head, head)):
        pairs = zip(started.state_dict().values(), trained.state_dict().values(), strict=True)
        assert all(torch.equal(*pair) for pair in pairs)
    with torch.no_grad():
        head.score.bias.fill_(7)
    fdgan.forward(batch, 0.5)
    assert judge.head.score.bias != 7  # once, then it goes its own way


def test_in_the_last_stage_the_encoder_learns_and_its_batch_norm_statistics_stay(fdgan, batch):
    def statistics():
        return {name: tensor.clone() for name, tensor in fdgan.encoder.named_buffers()}

    before = statistics()
    assert "encoder" in learn(fdgan, batch, 0.9)
    assert all(torch.equal(tensor, before[name]) for name, tensor in statistics().items())
    learn(fdgan, batch, 0.1)
    assert any(not torch.equal(tensor, before[name]) for name, tensor in statistics().items())


def test_the_first_stage_may_have_an_optimiser_of_its_own(fdgan):
    options = OptimisationOptions(
        encoder=OptimiserOptions("adam", 1e-4), stage_one=OptimiserOptions("sgd", 0.01), steps=3
    )
    optimisers = make_optimisers(fdgan.networks, options)

    def used(progress):
        names = [optimisers_of(p.networks, p.stage_one, options) for p in fdgan.phases(progress) if p.name == "encoder"]
        return {name: (type(optimisers[name]).__name__, options_for(name, options).lr) for name in names[0]}

    sgd, adam = ("SGD", 0.01), ("Adam", 1e-4)
    assert used(0.1) == {"stage one encoder": sgd, "stage one verification": sgd}
    assert {name: used(0.9)[name] for name in ("encoder", "verification")} == {"encoder": adam, "verification": adam}
    first, later = (optimisers[name].param_groups[0]["params"] for name in ("stage one encoder", "encoder"))
    assert all(a is b for a, b in zip(first, later, strict=True))
    assert set(make_optimisers(fdgan.networks, OptimisationOptions())) == set(fdgan.networks)


def test_the_target_is_a_third_crop_of_the_person_and_both_twins_share_pose_and_noise(fdgan, batch):
    fdgan.networks.eval()
    forward = fdgan.forward(batch, 0.5)
    assert forward.target.tolist() == [2, 0, 1, 5, 3, 4]
    named = fdgan.generator_losses(forward)
    target = losses.recovery(batch.image[[2, 0, 1, 5, 3, 4]], forward.generated, None)
    assert torch.equal(named["target"], target)
    with torch.no_grad():
        forward.feature[:] = forward.feature[0]
    fdgan.encoder.forward = lambda view: forward.feature
    again = fdgan.forward(batch, 0.5)
    assert torch.equal(again.generated, again.generated_by_partner)


def test_verification_pairs_each_crop_with_its_own_and_with_another_person(fdgan, batch):
    seen = {}

    class Head(torch.nn.Module):
        def forward(self, first, second):
            seen["second"] = second
            return torch.zeros(len(first))

    fdgan.networks["verification"] = Head()
    forward = fdgan.forward(batch, 0.0)
    named = fdgan.verification_losses(forward)
    assert torch.equal(seen["second"][:6], forward.feature[DRAW.partner])
    assert torch.equal(seen["second"][6:], forward.feature[[3, 4, 5, 0, 1, 2]])
    assert named["verification"].item() == pytest.approx(np.log(2), rel=1e-5)


def test_the_preset_has_noise_and_three_crops_a_person():
    preset = PRESETS["fd-gan"]
    assert preset.fd_gan.generator.noise_dimension == 256
    assert preset.sampling.crops == 3


def test_looking_at_pictures_leaves_the_encoder_alone(fdgan, batch):
    fdgan.networks.eval()
    before = {name: tensor.clone() for name, tensor in fdgan.networks.state_dict().items()}
    rows = fdgan.pictures(fdgan.forward(batch, 0.9))
    assert [tuple(row.shape) for row in rows.values()] == [(6, 3, 64, 32)] * 4
    assert all(torch.equal(before[name], tensor) for name, tensor in fdgan.networks.state_dict().items())
