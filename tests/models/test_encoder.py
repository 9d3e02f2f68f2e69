import pytest
import torch
import torchvision

from models.checkpoint import WeightsError
from models.encoder import ContextEncoder, EncoderOptions, identity_classifier
from models.pretrained import trunk_tensors
from models.trunk import feature_map


def small(**options) -> ContextEncoder:
    torch.manual_seed(0)
    return ContextEncoder(EncoderOptions(**{"trunk": "mobilenet_v2", "height": 64, "width": 32, **options}))


@pytest.mark.parametrize(
    ("trunk", "dimension"), [("mobilenet_v2", 1280), ("resnet18", 512), ("shufflenet_v2_x0_5", 1024)]
)
def test_any_convolutional_classifier_becomes_an_encoder(trunk, dimension):
    encoder = small(trunk=trunk).eval()
    assert encoder.dimension == dimension
    assert encoder(torch.rand(2, 3, 64, 32)).shape == (2, dimension)


@pytest.mark.parametrize("trunk", ["mobilenet_v2", "resnet18"])
def test_last_stride_one_doubles_the_feature_map_and_keeps_the_weights(trunk):
    coarse, fine = small(trunk=trunk, last_stride=2), small(trunk=trunk, last_stride=1)
    fine.load_state_dict(coarse.state_dict())
    assert feature_map(coarse.trunk, trunk, 64, 32).shape[2:] == (2, 1)
    assert feature_map(fine.trunk, trunk, 64, 32).shape[2:] == (4, 2)


def test_the_encoder_normalises_pictures_itself():
    encoder = small().eval()
    grey = torch.tensor([0.485, 0.456, 0.406]).view(1, 3, 1, 1).expand(1, 3, 64, 32)
    assert torch.allclose(encoder(grey), encoder.trunk(torch.zeros(1, 3, 64, 32)).mean((2, 3)), atol=1e-6)


def test_embeddings_have_length_one_with_and_without_a_neck():
    for bnneck in (False, True):
        length = small(bnneck=bnneck).eval().embed(torch.rand(3, 3, 64, 32)).norm(dim=1)
        assert torch.allclose(length, torch.ones(3), atol=1e-5)


def test_the_neck_has_no_shift_and_normalises_the_batch():
    neck = small(bnneck=True).neck
    out = neck(torch.randn(64, 1280) * 5 + 3)
    assert out.mean(0).abs().max() < 1e-5
    assert neck.bias is None


def test_classifier_has_one_logit_a_person():
    assert identity_classifier(8, 5)(torch.rand(2, 8)).shape == (2, 5)


@pytest.mark.parametrize(
    ("trunk", "last_stride", "advice"),
    [
        ("resnet5000", 1, "no classifier called 'resnet5000'; try resnet50"),
        ("vit_b_16", 1, "choose a convolutional one such as resnet50"),
        ("vit_b_16", 2, "choose a convolutional one such as resnet50"),
        ("inception_v3", 2, "cannot encode crops of 64x32; make them larger"),
        ("inception_v3", 1, "cannot be 1; give --encoder.last-stride 2"),
        ("swin_t", 1, "cannot be 1; give --encoder.last-stride 2"),
    ],
)
def test_an_unfit_trunk_is_one_clear_sentence_with_advice_that_helps(trunk, last_stride, advice):
    with pytest.raises(WeightsError, match=advice) as caught:
        small(trunk=trunk, last_stride=last_stride)
    assert "\n" not in str(caught.value)


@pytest.mark.filterwarnings("error")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # of tests before
@pytest.mark.parametrize(
    ("trunk", "last_stride"),
    [
        ("regnet_y_400mf", 1),
        ("googlenet", 1),
        ("squeezenet1_1", 1),
        ("convnext_tiny", 2),
        ("convnext_tiny", 1),
        ("swin_t", 2),
    ],
)
def test_trunks_of_other_makes_take_a_step(trunk, last_stride):
    encoder = small(trunk=trunk, last_stride=last_stride, height=128, width=64).train()
    encoder(torch.rand(2, 3, 128, 64)).square().mean().backward()
    first = next(p for p in encoder.trunk.parameters() if p.ndim == 4)
    assert first.grad.abs().sum() > 0


@pytest.mark.parametrize("trunk", ["googlenet", "inception_v3"])
def test_the_trunk_of_a_classifier_with_side_branches_gives_its_feature(trunk):
    model = torchvision.models.get_model(trunk, weights=None, init_weights=False).eval()
    encoder = small(trunk=trunk, last_stride=2, height=128, width=96).eval()
    encoder.trunk.load_state_dict(trunk_tensors(model.state_dict()))
    feature = []
    model.avgpool.register_forward_hook(lambda module, inputs, output: feature.append(output.flatten(1)))
    crops = torch.rand(1, 3, 128, 96)
    model((crops - encoder.mean) / encoder.std)
    assert torch.allclose(encoder(crops), feature[0], atol=1e-5)
