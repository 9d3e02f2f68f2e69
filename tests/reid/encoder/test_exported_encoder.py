import subprocess
import sys

import cv2
import numpy as np
import pytest
import torch
from places import ROOT

from models.encoder import ContextEncoder, EncoderOptions
from models.errors import WeightsError
from models.pretrained import load_encoder, save_encoder
from reid.encoder.calibration import Calibration
from reid.encoder.embedder import Embedder, EmbedderOptions
from reid.encoder.encoder_export import WRITERS, openvino_network
from reid.encoder.exported_encoder import openvino_file
from reid.encoder.torch_encoder import encode

CPU = EmbedderOptions(device="cpu")
CALIBRATION = {"gap": (0.0, 4.0), "same": ((0.9, 0.1), (0.8, 0.1)), "different": ((0.5, 0.1), (0.4, 0.1))}
RUNTIME = {"onnx": "onnxruntime", "openvino": "openvino"}


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    """A trunk that asks for the batch's size inside, a neck that has seen people, and a calibration."""
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("weights") / "encoder.pt"
    encoder = ContextEncoder(EncoderOptions("shufflenet_v2_x0_5", 64, 32, bnneck=True))
    for module in encoder.modules():
        if isinstance(module, torch.nn.BatchNorm2d | torch.nn.BatchNorm1d):
            module.momentum = 1.0
    encoder(torch.rand(16, 3, 64, 32))  # running statistics, so that the features keep their scale
    save_encoder(path, encoder.eval(), {"epoch": 3, "calibration": CALIBRATION})
    return path


@pytest.fixture(scope="module")
def written(weights, tmp_path_factory):
    """The weights as a file of each kind, written when it is first asked for."""
    folder = tmp_path_factory.mktemp("exported")

    def written(kind):
        path = folder / f"encoder.{kind}"
        if not path.exists():
            WRITERS[kind](path, load_encoder(weights))
        return path

    return written


@pytest.fixture(params=WRITERS)
def exported(request, written):
    if request.param == "onnx":
        pytest.importorskip("onnx", reason="the extra `onnx` is not installed")
    pytest.importorskip(RUNTIME[request.param])
    return written(request.param)


def crops(count):
    random = np.random.default_rng(0)
    return [cv2.resize(random.integers(0, 255, (4, 2, 3), np.uint8), (30 + size, 80)) for size in range(count)]


@pytest.mark.parametrize("flip", [False, True])
def test_any_number_of_crops_gets_the_rows_that_the_checkpoint_gives(weights, exported, flip):
    first, second = (Embedder(path, EmbedderOptions("cpu", flip, batch=3)) for path in (weights, exported))
    for count in (0, 1, 8):
        assert second(crops(count)) == pytest.approx(first(crops(count)), abs=1e-4)
    assert second(crops(8)).dtype == np.float32
    assert np.ptp(first(crops(8)), axis=0).max() > 0.01  # they do differ from crop to crop


@pytest.mark.parametrize(
    ("trunk", "options"),
    [("mobilenet_v2", {"pooling": "gem", "instance_norm": 3}), ("squeezenet1_1", {"pooling": "max"})],
)
@pytest.mark.parametrize("kind", WRITERS)
def test_pooling_and_instance_normalisation_are_exported_too(kind, trunk, options, tmp_path):
    if kind == "onnx":
        pytest.importorskip("onnx", reason="the extra `onnx` is not installed")
    pytest.importorskip(RUNTIME[kind])
    torch.manual_seed(0)
    encoder = ContextEncoder(EncoderOptions(trunk, 64, 32, bnneck=True, **options))
    for parameter in encoder.parameters():  # trained: no two equal, as those of new batch normalisations are
        parameter.data *= 1 + 0.1 * torch.rand_like(parameter)
    for module in encoder.modules():
        if hasattr(module, "momentum"):
            module.momentum = 1.0
    encoder(torch.rand(16, 3, 64, 32))
    save_encoder(tmp_path / "e.pt", encoder.eval(), {})
    WRITERS[kind](tmp_path / f"e.{kind}", load_encoder(tmp_path / "e.pt"))
    first, second = (Embedder(tmp_path / name, CPU)(crops(5)) for name in ("e.pt", f"e.{kind}"))
    assert second == pytest.approx(first, abs=1e-3)
    with torch.inference_mode():
        plain = encode(encoder, crops(5), torch.device("cpu"))  # nothing folded, nothing exported
    assert first == pytest.approx(plain, abs=1e-3)
    assert np.ptp(first, axis=0).max() > 0.005  # they do differ from crop to crop


def test_the_sha256_is_that_of_the_file_or_of_the_whole_folder(exported):
    from tools.run.folder import sha256  # what config.json holds

    assert Embedder(exported, CPU).sha256 == sha256(exported)


def test_metadata_and_calibration_travel_with_it(weights, exported):
    first, second = (Embedder(path, CPU) for path in (weights, exported))
    assert second.calibration == first.calibration == Calibration(**CALIBRATION)
    assert second.metadata == first.metadata
    assert second.dimension == 1024


def test_an_encoder_without_calibration_gets_the_same_one_as_its_checkpoint(tmp_path):
    pytest.importorskip("onnx")
    pytest.importorskip("onnxruntime")
    save_encoder(tmp_path / "e.pt", ContextEncoder(EncoderOptions("squeezenet1_1", 64, 32)), {})
    WRITERS["onnx"](tmp_path / "e.onnx", load_encoder(tmp_path / "e.pt"))
    assert Embedder(tmp_path / "e.onnx", CPU).calibration == Embedder(tmp_path / "e.pt", CPU).calibration


def test_the_onnx_file_alone_needs_rgb_in_0_to_1_and_the_file_says_so(weights, written):
    pytest.importorskip("onnx")
    onnxruntime = pytest.importorskip("onnxruntime")
    session = onnxruntime.InferenceSession(written("onnx"), providers=["CPUExecutionProvider"])
    facts = session.get_modelmeta().custom_metadata_map
    assert "images (batch, 3, 64, 32) float32, RGB, 0..1" in facts["followspot_input"]
    assert "rows of length 1" in facts["followspot_output"]
    rgb = torch.rand(2, 3, 64, 32)
    with torch.inference_mode():
        expected = load_encoder(weights).encoder.embed(rgb).numpy()
    (rows,) = session.run(["embedding"], {"images": rgb.numpy()})
    assert rows == pytest.approx(expected, abs=1e-4)


def test_a_folder_stands_for_its_one_xml(tmp_path):
    (tmp_path / "encoder.xml").touch()
    assert openvino_file(tmp_path) == tmp_path / "encoder.xml"
    (tmp_path / "other.xml").touch()
    with pytest.raises(WeightsError, match="holds 2 OpenVINO encoders"):
        Embedder(tmp_path, CPU)


def test_what_is_no_exported_encoder_is_reported_in_one_sentence(tmp_path, monkeypatch):
    import openvino
    from openvino import opset13

    with pytest.raises(WeightsError, match="holds no OpenVINO encoders"):
        Embedder(tmp_path, CPU)
    for name in ("none.onnx", "none.xml"):
        with pytest.raises(WeightsError, match="no weights file"):
            Embedder(tmp_path / name, CPU)
    (tmp_path / "bad.xml").write_text("not a network")
    with pytest.raises(WeightsError, match="no OpenVINO network"):
        Embedder(tmp_path / "bad.xml", CPU)
    value = opset13.parameter([1], np.float32)
    openvino.save_model(openvino.Model([opset13.relu(value)], [value]), tmp_path / "other.xml")
    with pytest.raises(WeightsError, match="not an encoder from `followspot export`"):
        Embedder(tmp_path / "other.xml", CPU)
    (tmp_path / "bad.onnx").write_text("not a network")
    pytest.importorskip("onnxruntime")
    with pytest.raises(WeightsError, match="no ONNX network"):
        Embedder(tmp_path / "bad.onnx", CPU)
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(WeightsError, match=r"pip install 'followspot\[onnx\]'"):
        Embedder(tmp_path / "bad.onnx", CPU)


def test_openvino_reports_nothing_to_its_makers_where_an_encoder_runs():
    """In a process of its own: here it is imported by now. Its telemetry asks a server on the internet."""
    run = "from reid.encoder.exported_encoder import openvino_core; openvino_core()"
    check = "import sys\nassert 'openvino' in sys.modules\nassert 'openvino_telemetry.main' not in sys.modules"
    subprocess.run([sys.executable, "-c", f"{run}\n{check}"], check=True, cwd=ROOT)


def test_openvino_has_no_telemetry_by_the_time_it_is_imported_to_write_an_encoder(monkeypatch):
    """It reports its first import. As if it was not imported yet; a process of its own would import torch, too."""
    monkeypatch.delitem(sys.modules, "openvino_telemetry", raising=False)
    monkeypatch.setitem(sys.modules, "openvino", None)
    with pytest.raises(ModuleNotFoundError, match="openvino"):
        openvino_network(ContextEncoder(EncoderOptions("squeezenet1_1", 64, 32)))
    assert sys.modules["openvino_telemetry"] is None
