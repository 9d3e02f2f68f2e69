import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
import tyro

from models.checkpoint import Checkpoint, write
from models.encoder import ContextEncoder, EncoderOptions
from models.errors import WeightsError
from models.pretrained import load_encoder, save_encoder
from reid.encoder.encoder_export import WRITERS, write_openvino
from tools import export
from tools.export import ExportCommand, rendered_crops
from tools.run.parts import NAMED_ENCODERS, make_embedder
from tracker.types import InputError


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("weights") / "mine.pt"
    encoder = ContextEncoder(EncoderOptions("squeezenet1_1", 64, 32))
    encoder(torch.rand(16, 3, 64, 32))
    save_encoder(path, encoder.eval(), {})
    return path


@pytest.fixture(scope="module")
def dancers():
    return rendered_crops()


@pytest.fixture(autouse=True)
def _rendered_once(dancers, monkeypatch):
    monkeypatch.setattr(export, "rendered_crops", lambda: dancers)


def run(*arguments):
    tyro.cli(ExportCommand, args=[str(argument) for argument in arguments]).run()


def test_the_check_is_on_rendered_dancers(dancers):
    assert len(dancers) > 8  # a batch of 8 and a shorter one
    assert all(picture.shape[0] > 60 and picture.std() > 10 for picture in dancers)


@pytest.mark.parametrize(("to", "name"), [("onnx", "mine.onnx"), ("openvino", "mine_openvino")])
def test_an_export_says_how_alike_it_is_and_tracks(weights, dancers, tmp_path, capsys, to, name):
    if to == "onnx":
        pytest.importorskip("onnx")
        pytest.importorskip("onnxruntime")
    run(weights, "--to", to, "--out", tmp_path / "new" / name)
    said = capsys.readouterr().out
    assert "batch of 1: lowest cosine similarity to mine.pt 1.0000" in said
    assert "batch of 8: lowest cosine similarity to mine.pt 1.0000" in said
    assert [path.name for path in (tmp_path / "new").iterdir()] == [name]
    assert make_embedder(tmp_path / "new" / name)(dancers).shape == (len(dancers), 512)


@pytest.fixture(scope="module")
def openvino_folder(weights, tmp_path_factory):
    """An export to copy, because each takes seconds to make."""
    folder = tmp_path_factory.mktemp("openvino") / "mine"
    write_openvino(folder, load_encoder(weights))
    return folder


def test_by_default_it_stands_beside_the_weights_and_nothing_is_overwritten(weights, openvino_folder, monkeypatch):
    monkeypatch.setitem(WRITERS, "openvino", lambda path, loaded: shutil.copytree(openvino_folder, path))
    run(weights, "--to", "openvino")
    assert (weights.parent / "mine_openvino" / "encoder.xml").is_file()
    with pytest.raises(InputError, match="mine_openvino exists"):
        run(weights, "--to", "openvino")


@pytest.mark.parametrize("name", ["bundled", "strong"])
def test_a_bundled_encoder_s_stands_here(weights, openvino_folder, tmp_path, monkeypatch, name):
    monkeypatch.setitem(WRITERS, "openvino", lambda path, loaded: shutil.copytree(openvino_folder, path))
    monkeypatch.setitem(NAMED_ENCODERS, name, weights)
    monkeypatch.chdir(tmp_path)
    run(name, "--to", "openvino")
    assert (tmp_path / "mine_openvino" / "encoder.xml").is_file()


def test_an_export_that_differs_is_refused_and_gone(weights, openvino_folder, tmp_path, monkeypatch):
    def write_wrongly(path, loaded):
        shutil.copytree(openvino_folder, path)
        numbers = np.fromfile(path / "encoder.bin", np.float32)
        numbers[np.abs(numbers) > 1e-20] *= -1  # weights; shapes and indices stand there too, as integers
        numbers.tofile(path / "encoder.bin")

    monkeypatch.setitem(WRITERS, "openvino", write_wrongly)
    with pytest.raises(InputError, match=r"not written: its embeddings differ \(lowest cosine similarity"):
        run(weights, "--to", "openvino", "--out", tmp_path / "new" / "mine")
    assert not list(tmp_path.iterdir())


def test_an_exporter_that_fails_is_one_sentence_and_leaves_nothing(weights, tmp_path, monkeypatch):
    def fail(path: Path, loaded):
        path.mkdir()
        raise RuntimeError("no such operator\nand a long story")

    monkeypatch.setitem(WRITERS, "openvino", fail)
    with pytest.raises(InputError, match=r"squeezenet1_1 uses what the format lacks \(no such operator\)"):
        run(weights, "--to", "openvino", "--out", tmp_path / "mine")
    assert not list(tmp_path.iterdir())


def test_mistakes_are_one_sentence(weights, tmp_path, monkeypatch):
    with pytest.raises(WeightsError, match="no weights file"):
        run(tmp_path / "none.pt", "--to", "openvino")
    with pytest.raises(WeightsError, match="`none` leaves nothing"):
        run("none", "--to", "openvino")
    with pytest.raises(WeightsError, match="is an export already"):
        run(tmp_path / "e.onnx", "--to", "openvino")
    write(tmp_path / "generator.pt", Checkpoint("generator", {}, {}))
    with pytest.raises(WeightsError, match="holds a generator, not an encoder"):
        run(tmp_path / "generator.pt", "--to", "openvino", "--out", tmp_path / "x")
    with pytest.raises(InputError, match=r"cannot write .*Not a directory"):
        run(weights, "--to", "openvino", "--out", weights / "new" / "x")
    with pytest.raises(InputError, match=r"does not end in \.onnx"):
        run(weights, "--to", "onnx", "--out", tmp_path / "x")
    monkeypatch.setattr(export.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(WeightsError, match=r"pip install 'followspot\[onnx\]'"):
        run(weights, "--to", "onnx", "--out", tmp_path / "x.onnx")
