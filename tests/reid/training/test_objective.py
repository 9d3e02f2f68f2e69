import dataclasses

import numpy as np
import pytest
import torch

from models.discriminators import DiscriminatorOptions, ImageDiscriminator
from models.encoder import ContextEncoder, EncoderOptions
from models.errors import WeightsError
from models.generator import GeneratorOptions
from reid.data.augmentation import AugmentationOptions
from reid.data.batch import TrainingLabels, make_batch
from reid.data.crops import DataError
from reid.data.images import LoadedBatch
from reid.data.sampling import BatchIndices
from reid.training import losses
from reid.training.fdgan import FdGanObjective, FdGanOptions
from reid.training.objective import SparseTemporalObjective, same_video_share
from reid.training.objective_options import LossWeights, ObjectiveOptions
from reid.training.phases import freeze_all_but
from reid.training.recipes import PRESETS

NO_PARTNER = [-1, -1]
DRAW = BatchIndices(
    index=np.arange(6),
    partner=np.array([2, 3, 0, 1, *NO_PARTNER]),
    negative=np.array([4, 5, *NO_PARTNER, *NO_PARTNER]),
)
LABELS = TrainingLabels(person=np.array([0, 1, 0, 1, 2, 2]), video=np.array([0, 0, 1, 1, 1, 0]))


def batch():
    generator = torch.Generator().manual_seed(0)
    pictures = torch.randint(0, 255, (6, 3, 64, 32), dtype=torch.uint8, generator=generator)
    keypoints = torch.rand(6, 17, 2, generator=generator) * 32
    return make_batch(
        LoadedBatch(DRAW, pictures, keypoints), LABELS, AugmentationOptions(), generator, torch.device("cpu")
    )


def objective(weights, **options):
    torch.manual_seed(0)
    encoder = ContextEncoder(EncoderOptions("squeezenet1_1", 64, 32))
    options = ObjectiveOptions(weights, generator=GeneratorOptions(channels=4), **options)
    return SparseTemporalObjective(encoder, 3, 17, options)


ALL = LossWeights(**{weight.name: 0.5 for weight in dataclasses.fields(LossWeights)})
NOTHING = LossWeights(**{weight.name: 0.0 for weight in dataclasses.fields(LossWeights)})
PAPER = {"cross_entropy": 1.0, "triplet": 1.0, "recovery": 10.0, "cross_recovery": 10.0, "image": 0.1, "pose": 0.1}


def parameters_of(networks):
    return {name: torch.cat([p.detach().flatten().clone() for p in n.parameters()]) for name, n in networks.items()}


def test_each_phase_changes_its_own_networks_only():
    ours = objective(ALL)
    forward = ours.forward(batch(), 0.0)
    phases = ours.phases(0.0)
    assert [phase.name for phase in phases] == ["image", "pose", "encoder"]
    changed = []
    for phase in phases:
        before = parameters_of(ours.networks)
        buffers = {name: buffer.clone() for name, buffer in ours.networks.named_buffers()}
        freeze_all_but(ours.networks, phase.networks)
        named = phase.losses(forward)
        sum(ours.weights.get(name, 1.0) * loss for name, loss in named.items()).backward()
        optimiser = torch.optim.SGD(ours.networks.parameters(), 0.1)
        optimiser.step()
        optimiser.zero_grad(set_to_none=True)
        after = parameters_of(ours.networks)
        changed.append({name for name in before if not torch.equal(before[name], after[name])})
        assert all(torch.equal(buffers[name], buffer) for name, buffer in ours.networks.named_buffers())
    assert changed[0] == {"image_discriminator"}
    assert changed[1] == {"pose_discriminator"}
    assert changed[2] == {"encoder", "classifier", "verification", "pose_encoder", "generator"}


def test_every_loss_is_named_as_its_weight_and_logits_are_logged():
    ours = objective(ALL)
    forward = ours.forward(batch(), 0.0)
    named = {name: value for phase in ours.phases(0.0) for name, value in phase.losses(forward).items()}
    weighted = set(dataclasses.asdict(ALL))
    assert set(named) == weighted | {"image_discrimination", "pose_discrimination"}
    assert set(forward.logits) == {"image/real", "image/generated", "pose/real", "pose/generated", "pose/wrong"}
    assert all(torch.isfinite(value) for value in named.values())


def test_pictures_are_recovered_and_swapped_as_the_equations_say():
    """The swapped picture of a row has its own pose and its partner's context feature, and is compared with the row."""
    ours = objective(ALL)
    ours.networks.eval()
    forward = ours.forward(batch(), 0.0)
    assert forward.batch.paired.tolist() == [0, 1, 2, 3]
    pose = ours.networks["pose_encoder"](forward.generation.maps)
    expected = ours.networks["generator"](forward.feature[[2, 3, 0, 1]], pose[:4])
    assert torch.allclose(forward.generation.swapped.image, expected, atol=1e-5)
    cross = losses.recovery(forward.batch.image[:4], forward.generation.swapped.image, forward.generation.weight[:4])
    assert torch.equal(ours.cross_recovery(forward), cross)


def test_the_discriminators_see_recovered_and_swapped_pictures_with_the_poses_they_were_made_in():
    ours = objective(ALL)
    ours.networks.eval()
    forward = ours.forward(batch(), 0.0)
    both = torch.cat([forward.generation.recovered.image, forward.generation.swapped.image])  # rows 0 to 5, then 0 to 3
    image, pose = ours.networks["image_discriminator"], ours.networks["pose_discriminator"]
    maps = forward.generation.maps[[0, 1, 2, 3, 4, 5, 0, 1, 2, 3]]
    ours.image_losses(forward)
    ours.pose_losses(forward)
    assert forward.logits["image/generated"] == pytest.approx(image(both).mean().item(), abs=1e-5)
    assert forward.logits["pose/generated"] == pytest.approx(pose(maps, both).mean().item(), abs=1e-5)
    assert ours.image_deception(forward).item() == pytest.approx(losses.deception(image(both)).item(), abs=1e-5)


@pytest.mark.parametrize(
    ("without", "recovered", "swapped"), [("cross_recovery", 6, 0), ("recovery", 0, 4), ("image", 6, 4)]
)
def test_pictures_that_no_loss_compares_are_not_generated(without, recovered, swapped):
    """They would cost time and take part in the generator's batch statistics."""
    ours = objective(dataclasses.replace(ALL, **{without: 0.0}))
    seen = []
    ours.networks["generator"].register_forward_hook(lambda network, inputs, image: seen.append(len(image)))
    forward = ours.forward(batch(), 0.0)
    assert (len(forward.generation.recovered.row), len(forward.generation.swapped.row)) == (recovered, swapped)
    assert seen == [recovered + swapped]
    assert all(torch.isfinite(loss) for phase in ours.phases(0.0) for loss in phase.losses(forward).values())


@pytest.mark.parametrize(("pictures", "chosen"), [(2, [0, 3]), (4, [0, 1, 2, 3]), (5, [0, 1, 2, 3])])
def test_pictures_of_a_part_of_the_batch_are_of_crops_with_a_partner(pictures, chosen):
    """Of the six crops four have a partner (rows 0 to 3); two pictures are of the first and the last of these."""
    ours = objective(ALL, pictures=pictures)
    forward = ours.forward(batch(), 0.0)
    assert forward.generation.recovered.row.tolist() == forward.generation.swapped.row.tolist() == chosen
    assert len(forward.generation.generated.image) == 2 * len(chosen)
    assert all(torch.isfinite(loss) for phase in ours.phases(0.0) for loss in phase.losses(forward).values())


def test_a_generator_that_would_be_given_no_noise_may_have_no_place_for_it():
    noisy = ObjectiveOptions(ALL, generator=GeneratorOptions(channels=4, noise_dimension=8))
    encoder = ContextEncoder(EncoderOptions("squeezenet1_1", 64, 32))
    with pytest.raises(DataError, match=r"leave out --objective\.generator\.noise-dimension 8"):
        SparseTemporalObjective(encoder, 3, 17, noisy)
    assert set(SparseTemporalObjective(encoder, 3, 17, dataclasses.replace(noisy, weights=LossWeights())).networks)


def test_no_loss_at_all_is_refused():
    encoder = ContextEncoder(EncoderOptions("squeezenet1_1", 64, 32))
    with pytest.raises(DataError, match="nothing would be learnt"):
        SparseTemporalObjective(encoder, 3, 0, ObjectiveOptions(LossWeights(cross_entropy=0.0, triplet=0.0)))


def test_the_effect_of_the_identity_is_zero_where_the_generator_does_without_it():
    ours = objective(ALL)
    for parameter in ours.networks["generator"].parameters():
        parameter.data *= 20  # fresh weights are so small that nothing is seen in the picture without batch statistics
    seeing = ours.diagnose(ours.forward(batch(), 0.0))
    for parameter in ours.networks["generator"].spread[0].parameters():
        parameter.data[:, : ours.encoder.dimension] = 0  # the weights of e_c
    blind = ours.diagnose(ours.forward(batch(), 0.0))
    assert blind["effect/identity"].item() == 0
    assert seeing["effect/identity"].item() != 0


def test_the_share_of_mined_negatives_from_the_same_video():
    """People a, b, c at 0, 1 and 3 on a line: a and b are each other's nearest, c's nearest is b.

    a and b are of one video, c of another: 2 of 3.
    """
    labels = TrainingLabels(person=np.array([0, 1, 2]), video=np.array([0, 0, 1]))
    rows = BatchIndices(np.arange(3), np.full(3, -1), np.full(3, -1))
    pictures = torch.zeros(3, 3, 8, 8, dtype=torch.uint8)
    loaded = LoadedBatch(rows, pictures, torch.zeros(3, 0, 2))
    made = make_batch(loaded, labels, AugmentationOptions(), torch.Generator(), torch.device("cpu"))
    share = same_video_share(torch.tensor([[0.0], [1.0], [3.0]]), made)
    assert share.item() == pytest.approx(2 / 3)


def test_without_batch_hard_each_anchor_meets_its_own_tuple():
    ours = objective(dataclasses.replace(NOTHING, triplet=1.0), batch_hard=False, margin=0.5)
    forward = ours.forward(batch(), 0.0)
    feature = forward.feature.detach()
    expected = [
        max(0.5 - (feature[a] - feature[n]).norm() + (feature[a] - feature[p]).norm(), 0)
        for a, p, n in [(0, 2, 4), (1, 3, 5)]
    ]
    assert ours.triplet(forward).item() == pytest.approx(float(sum(expected)) / 2, rel=1e-4)


@pytest.mark.parametrize(
    ("weights", "networks"),
    [
        ({"cross_entropy": 1.0}, {"encoder", "classifier"}),
        ({"triplet": 1.0}, {"encoder"}),
        ({"verification": 1.0}, {"encoder", "verification"}),
        (
            {"cross_entropy": 1.0, "triplet": 1.0, "recovery": 10.0, "cross_recovery": 10.0, "pose": 0.1},
            {"encoder", "classifier", "pose_encoder", "generator", "pose_discriminator"},
        ),
    ],
)
def test_only_networks_with_a_loss_are_built(weights, networks):
    assert set(objective(dataclasses.replace(NOTHING, **weights)).networks) == networks


def test_the_presets_hold_the_papers_weights_and_its_ablations():
    def weights(name):
        return PRESETS[name].objective.weights

    def given(name):
        return {loss: weight for loss, weight in dataclasses.asdict(weights(name)).items() if weight}

    assert given("st-reid") == PAPER
    assert weights("st-reid-no-cr").cross_recovery == 0
    assert weights("st-reid-no-d").image == 0
    assert weights("st-reid-no-p").pose == 0
    assert PRESETS["st-reid-random"].sampling.kind == "random"
    assert PRESETS["st-reid"].sampling.kind == "sparse-temporal"
    assert given("st-reid-strong") == PAPER
    assert PRESETS["strong"].encoder.bnneck


def test_likeness_trains_the_generator_and_moves_no_statistics():
    ours = objective(dataclasses.replace(NOTHING, recovery=1.0, cross_recovery=1.0, likeness=1.0))
    forward = ours.forward(batch(), 0.0)
    encoder = ours.networks["encoder"]
    before = [buffer.clone() for buffer in encoder.buffers()]
    freeze_all_but(ours.networks, ("encoder", "pose_encoder", "generator"))
    loss = ours.likeness(forward)
    gradients = torch.autograd.grad(loss, [forward.feature, *ours.networks["generator"].parameters()])
    assert all(gradient.abs().sum() > 0 for gradient in gradients)
    assert encoder.training
    assert all(torch.equal(old, new) for old, new in zip(before, encoder.buffers(), strict=True))


def test_likeness_is_zero_for_the_lending_crop_itself():
    ours = objective(dataclasses.replace(NOTHING, cross_recovery=1.0, likeness=1.0))
    forward = ours.forward(batch(), 0.0)
    swapped = forward.generation.swapped
    assert swapped.looks.tolist() == [2, 3, 0, 1]  # the partners
    perfect = dataclasses.replace(swapped, image=forward.batch.image[swapped.looks])
    forward.generation = dataclasses.replace(forward.generation, swapped=perfect)
    loss = ours.likeness(forward)
    assert not loss.requires_grad  # E_c, which looks, learns nothing from it
    assert all(parameter.requires_grad for parameter in ours.networks["encoder"].parameters())
    ours.embedded = lambda image: image.flatten(1)  # by an untrained encoder all crops are nearly alike
    assert ours.likeness(forward).item() == pytest.approx(0, abs=1e-6)
    forward.generation = dataclasses.replace(forward.generation, swapped=swapped)
    assert ours.likeness(forward).item() > 0.01
    assert losses.likeness(torch.eye(2), torch.tensor([[3.0, 0.0], [1.0, 1.0]])).item() == pytest.approx(
        1 - (1 + 0.5**0.5) / 2
    )


@pytest.mark.parametrize("layers", [0, 1, 2, 3])
def test_the_least_crop_for_a_discriminators_layers_gives_one_patch(layers):
    options = DiscriminatorOptions("patchgan", channels=2, layers=layers)
    side = options.least_side
    assert ImageDiscriminator(options)(torch.zeros(2, 3, side, side)).shape[2:] == (1, 1)
    with pytest.raises(RuntimeError, match="can't be greater than actual input size"):
        ImageDiscriminator(options)(torch.zeros(2, 3, side - 1, side))


def test_layers_that_leave_nothing_of_a_crop_are_refused_where_a_patchgan_is_trained():
    deep = DiscriminatorOptions("resnet18", layers=4)
    complaint = r"with 4 layers needs crops of at least 48 pixels a side, not 64x32; give fewer discriminator\.layers"
    with pytest.raises(WeightsError, match=complaint):
        objective(ALL, discriminator=deep)
    objective(dataclasses.replace(NOTHING, image=1.0), discriminator=deep)  # a ResNet-18 has none of these layers
    with pytest.raises(WeightsError, match=complaint):
        FdGanObjective(ContextEncoder(EncoderOptions("squeezenet1_1", 64, 32)), 17, FdGanOptions(discriminator=deep))
