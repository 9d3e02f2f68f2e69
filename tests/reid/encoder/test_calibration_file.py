import json
from dataclasses import asdict

import pytest

from models.encoder import ContextEncoder, EncoderOptions
from models.errors import WeightsError
from models.pretrained import load_encoder, save_encoder
from reid.encoder.calibration_file import store
from reid.encoder.colour_histogram import HistogramOptions
from reid.encoder.embedder import Embedder, EmbedderOptions
from reid.encoder.encoder_export import write_onnx

FACTS = {
    "calibration": {"gap": (0.25,), "same": ((0.9, 0.1),), "different": ((0.4, 0.1),)},
    "calibrated_on": ["stage-1"],
}


def checkpoint(path):
    save_encoder(path, ContextEncoder(EncoderOptions("squeezenet1_1", 64, 32)), {"epoch": 3})


def onnx(path):
    pytest.importorskip("onnx")
    pytest.importorskip("onnxruntime")
    checkpoint(path.with_suffix(".pt"))
    write_onnx(path, load_encoder(path.with_suffix(".pt")))


def colours(path):
    path.write_text(json.dumps({**asdict(HistogramOptions()), "metadata": {"epoch": 3}}))


@pytest.mark.parametrize(("ending", "write"), [(".pt", checkpoint), (".onnx", onnx), (".json", colours)])
def test_a_calibration_is_added_to_what_the_file_says(tmp_path, ending, write):
    path = tmp_path / f"encoder{ending}"
    write(path)
    before = Embedder(path, EmbedderOptions(device="cpu"))
    store(path, FACTS)
    after = Embedder(path, EmbedderOptions(device="cpu"))
    assert asdict(after.calibration) == FACTS["calibration"] != asdict(before.calibration)
    assert after.metadata["epoch"] == 3
    assert not [file for file in tmp_path.iterdir() if file.name.startswith(".")]


def test_an_openvino_encoder_is_exported_anew_instead(tmp_path):
    (tmp_path / "encoder.xml").touch()
    for path in (tmp_path, tmp_path / "encoder.xml"):
        with pytest.raises(WeightsError, match=r"calibrate the \.pt file"):
            store(path, FACTS)


def test_a_json_file_that_is_no_histogram_stays_as_it_is(tmp_path):
    (tmp_path / "notes.json").write_text("{}")
    with pytest.raises(WeightsError, match="no colour histogram"):
        store(tmp_path / "notes.json", FACTS)
    assert (tmp_path / "notes.json").read_text() == "{}"
