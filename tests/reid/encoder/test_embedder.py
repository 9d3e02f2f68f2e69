import hashlib

import numpy as np
import pytest
import torch

from models.bundled import COLOUR_HISTOGRAM, PERSON_ENCODER
from models.checkpoint import WeightsError
from models.encoder import ContextEncoder, EncoderOptions
from models.pretrained import load_encoder, save_encoder
from reid.encoder.embedder import Embedder, EmbedderOptions

CPU = EmbedderOptions(device="cpu")


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("weights") / "encoder.pt"
    encoder = ContextEncoder(EncoderOptions("mobilenet_v2", 64, 32, bnneck=True))
    for module in encoder.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.momentum = 1.0
    with torch.no_grad():
        encoder(torch.rand(16, 3, 64, 32))  # so that activations have a trained network's scale
    facts = {"gap": (0.0,), "same": ((0.9, 0.1),), "different": ((0.5, 0.1),)}
    save_encoder(path, encoder, {"calibration": facts})
    return path


@pytest.fixture(scope="module")
def embedder(weights):
    return Embedder(weights, CPU)


def crops(*sizes):
    random = np.random.default_rng(0)
    return [random.integers(0, 255, (height, width, 3), np.uint8) for height, width in sizes]


def test_crops_of_any_size_become_unit_rows(embedder):
    rows = embedder(crops((300, 120), (40, 20), (1, 1), (64, 32)))
    assert rows.shape == (4, 1280)
    assert rows.dtype == np.float32
    assert np.linalg.norm(rows, axis=1) == pytest.approx(np.ones(4), abs=1e-5)


def test_no_crops_give_no_rows(embedder):
    assert embedder([]).shape == (0, 1280)


def test_a_row_does_not_depend_on_its_batch(weights, embedder):
    many = crops(*[(50 + index, 30) for index in range(5)])
    whole = embedder(many)
    split = Embedder(weights, EmbedderOptions(device="cpu", batch=2))(many)
    assert whole == pytest.approx(split, abs=1e-5)


def test_a_share_of_colour_makes_the_similarity_a_mean_of_the_networks_and_the_histograms(weights, embedder, tmp_path):
    loaded = load_encoder(weights)
    path = tmp_path / "coloured.pt"
    save_encoder(path, loaded.encoder, {"colour_share": 0.25})
    pictures = crops((90, 45), (120, 60))
    pictures[1][:] = pictures[1] // 3  # darker
    network, colours = embedder(pictures), Embedder(COLOUR_HISTOGRAM, CPU)(pictures)
    both = Embedder(path, CPU)
    rows = both(pictures)
    assert rows.shape == (2, both.dimension) == (2, 1280 + 768)
    assert np.linalg.norm(rows, axis=1) == pytest.approx(np.ones(2), abs=1e-5)
    expected = 0.75 * network[0] @ network[1] + 0.25 * colours[0] @ colours[1]
    assert rows[0] @ rows[1] == pytest.approx(expected, abs=1e-5)
    assert colours[0] @ colours[1] < 0.9
    assert both([]).shape == (0, both.dimension)


def test_it_agrees_with_the_network_fed_rgb_in_0_to_1(weights, embedder):
    crop = crops((64, 32))[0]
    rgb = torch.from_numpy(crop[..., ::-1].copy()).permute(2, 0, 1)[None].float() / 255
    with torch.inference_mode():
        expected = load_encoder(weights).encoder.embed(rgb).numpy()
    assert embedder([crop]) == pytest.approx(expected, abs=1e-4)


def test_with_flip_a_mirror_image_has_the_same_vector(weights, embedder):
    both = Embedder(weights, EmbedderOptions(device="cpu", flip=True))
    crop = crops((64, 32))[0]
    assert both([crop]) == pytest.approx(both([crop[:, ::-1]]), abs=1e-4)
    assert np.abs(embedder([crop]) - embedder([crop[:, ::-1]])).max() > 1e-3


@pytest.mark.parametrize(
    ("crops", "error", "complaint"),
    [
        (np.zeros((9, 5, 3), np.uint8), ValueError, r"a crop must be an image .* not \(5, 3\) uint8"),  # no list
        ([np.zeros((9, 5, 3), np.float32)], ValueError, r"not \(9, 5, 3\) float32"),
        ([np.zeros((9, 5), np.uint8)], ValueError, r"not \(9, 5\) uint8"),
        ([np.zeros((9, 5, 4), np.uint8)], ValueError, r"not \(9, 5, 4\) uint8"),
        ([np.zeros((0, 5, 3), np.uint8)], ValueError, r"not \(0, 5, 3\) uint8"),
        (["crop.jpg"], TypeError, "not str"),
    ],
)
def test_what_is_no_crop_is_refused_in_one_sentence(embedder, crops, error, complaint):
    with pytest.raises(error, match=complaint):
        embedder(crops)
    with pytest.raises(ValueError, match="batch of an embedder must be at least 1, not 0"):
        EmbedderOptions(batch=0)


def test_calibration_comes_from_the_file(weights):
    assert Embedder(str(weights), CPU).calibration.same == ((0.9, 0.1),)


def test_without_a_file_it_is_the_bundled_encoder():
    assert Embedder(options=CPU).sha256 == hashlib.sha256(PERSON_ENCODER.read_bytes()).hexdigest()


def test_it_fits_the_trackers_protocol(embedder):
    from tracker.types import Embedder as Protocol

    fitting: Protocol = embedder
    odds = fitting.calibration.log_odds(np.array([0.5, 0.9]), np.array([1.0, 1.0]))
    assert odds[0] < 0 < odds[1]


def test_wrong_weights_and_devices_are_one_clear_sentence(weights, tmp_path):
    with pytest.raises(WeightsError, match="no weights file"):
        Embedder(tmp_path / "none.pt", CPU)
    with pytest.raises(WeightsError, match="device 'warp'"):
        Embedder(weights, EmbedderOptions(device="warp"))
