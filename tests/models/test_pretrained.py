import socket
from dataclasses import replace
from pathlib import Path
from urllib.error import URLError

import pytest
import torch
import torchvision
from places import SHARED

from models.bundled import PERSON_ENCODER
from models.checkpoint import Checkpoint, WeightsError, read, save_atomically, write
from models.digest import sha256
from models.encoder import ContextEncoder, EncoderOptions
from models.pretrained import load_encoder, save_encoder, start_encoder

OPTIONS = EncoderOptions("mobilenet_v2", 64, 32, last_stride=1, bnneck=True)
CROPS = torch.rand(2, 3, 64, 32, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("trunk", [OPTIONS.trunk, "regnet_y_400mf"])
def test_a_saved_encoder_rebuilds_itself(tmp_path, trunk):
    """A RegNet reckons its widths with tensors while it is built."""
    encoder = ContextEncoder(options := replace(OPTIONS, trunk=trunk)).eval()
    save_encoder(tmp_path / "e.pt", encoder, {"data": "none", "rank1": 12.5})
    loaded = load_encoder(tmp_path / "e.pt")
    assert loaded.encoder.options == options
    assert not loaded.encoder.training
    assert loaded.metadata == {"data": "none", "rank1": 12.5}
    assert loaded.sha256 == sha256(tmp_path / "e.pt")
    assert torch.equal(loaded.encoder.embed(CROPS), encoder.embed(CROPS))


def test_a_file_from_before_there_were_other_poolings_is_what_it_was(tmp_path):
    encoder = ContextEncoder(OPTIONS).eval()
    old = {name: value for name, value in vars(OPTIONS).items() if name not in ("pooling", "instance_norm")}
    write(tmp_path / "old.pt", Checkpoint("encoder", old, encoder.state_dict(), {}))
    loaded = load_encoder(tmp_path / "old.pt").encoder
    assert torch.equal(loaded.embed(CROPS), encoder.embed(CROPS))


def test_half_precision_halves_the_file_and_hardly_moves_the_embedding(tmp_path):
    encoder = ContextEncoder(OPTIONS).eval()
    save_encoder(tmp_path / "full.pt", encoder, {})
    save_encoder(tmp_path / "half.pt", encoder, {}, half=True)
    assert (tmp_path / "half.pt").stat().st_size < 0.55 * (tmp_path / "full.pt").stat().st_size
    assert (tmp_path / "half.pt").stat().st_size < 6_000_000
    similarity = (load_encoder(tmp_path / "half.pt").encoder.embed(CROPS) * encoder.embed(CROPS)).sum(1)
    assert similarity.min() > 0.9999


@pytest.mark.parametrize("wrapped", [False, True])
def test_a_plain_torchvision_file_is_recognised(tmp_path, wrapped):
    model = torchvision.models.mobilenet_v2()
    state = {f"module.{name}": tensor for name, tensor in model.state_dict().items()}
    torch.save({"state_dict": state} if wrapped else state, tmp_path / "plain.pt")
    encoder = load_encoder(tmp_path / "plain.pt").encoder
    assert encoder.options.trunk == "mobilenet_v2"
    expected = model.eval().features((CROPS - encoder.mean) / encoder.std).mean((2, 3))
    assert torch.allclose(encoder(CROPS), expected, atol=1e-5)


@pytest.mark.skipif(not (SHARED / "weights").is_dir(), reason="no ../shared/weights beside the project")
def test_the_shared_imagenet_file_loads_and_another_network_does_not():
    assert load_encoder(SHARED / "weights" / "mobilenet_v2_imagenet.pt").encoder.dimension == 1280
    with pytest.raises(WeightsError, match="fits no encoder"):
        load_encoder(SHARED / "weights" / "osnet_x0_25_msmt17.pth")


@pytest.mark.parametrize(
    "content", [b"", b"root:x:0:0:root:/root\n", b"\x00" * 2000, bytes(range(256)) * 20, b"PK\x03\x04broken"]
)
def test_a_file_that_is_no_weights_is_one_clear_sentence(tmp_path, content):
    path = tmp_path / "weights.pt"
    path.write_bytes(content)
    with pytest.raises(WeightsError, match=r"weights\.pt") as caught:
        load_encoder(path)
    assert "\n" not in str(caught.value)


def test_missing_files_folders_truncated_files_and_other_networks_are_distinguished(tmp_path):
    with pytest.raises(WeightsError, match="no weights file"):
        load_encoder(tmp_path / "nowhere.pt")
    with pytest.raises(WeightsError, match="no weights file"):
        load_encoder(tmp_path)
    save_encoder(tmp_path / "e.pt", ContextEncoder(OPTIONS), {})
    (tmp_path / "cut.pt").write_bytes((tmp_path / "e.pt").read_bytes()[:100_000])
    with pytest.raises(WeightsError, match="damaged"):
        load_encoder(tmp_path / "cut.pt")
    write(tmp_path / "g.pt", Checkpoint("generator", {}, {"a": torch.zeros(1)}))
    with pytest.raises(WeightsError, match="holds a generator"):
        load_encoder(tmp_path / "g.pt")
    torch.save([1, 2, 3], tmp_path / "list.pt")
    with pytest.raises(WeightsError, match="no dictionary of tensors"):
        load_encoder(tmp_path / "list.pt")


def test_nothing_pickled_is_ever_run(tmp_path):
    class Trap:
        def __reduce__(self):
            return (Path.touch, (tmp_path / "sprung",))

    torch.save({"a": Trap()}, tmp_path / "trap.pt")
    with pytest.raises(WeightsError):
        load_encoder(tmp_path / "trap.pt")
    assert not (tmp_path / "sprung").exists()


def test_a_disk_that_fills_up_leaves_the_last_good_file(tmp_path, monkeypatch):
    write(tmp_path / "last.pt", Checkpoint("encoder", {}, {"a": torch.ones(1)}))

    def full(content, stream):
        stream.write(b"half a file")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(torch, "save", full)
    with pytest.raises(WeightsError, match=r"last\.pt \(No space left on device\); free some room"):
        save_atomically({}, tmp_path / "last.pt")
    assert read(tmp_path / "last.pt").tensors["a"] == 1
    assert [path.name for path in tmp_path.iterdir()] == ["last.pt"]


def test_training_starts_from_a_file_from_nothing_or_says_why_not(tmp_path, monkeypatch):
    model = torchvision.models.mobilenet_v2()
    torch.save(model.state_dict(), tmp_path / "imagenet.pt")
    encoder = start_encoder(OPTIONS, str(tmp_path / "imagenet.pt"))
    assert torch.equal(encoder.trunk.features[0][0].weight, model.features[0][0].weight)
    save_encoder(tmp_path / "ours.pt", encoder, {})
    again = start_encoder(OPTIONS, str(tmp_path / "ours.pt"))
    assert torch.equal(again.trunk.features[0][0].weight, model.features[0][0].weight)
    assert start_encoder(OPTIONS, "none").dimension == 1280
    with pytest.raises(WeightsError, match="do not fit the trunk resnet18"):
        start_encoder(EncoderOptions("resnet18", 64, 32), str(tmp_path / "imagenet.pt"))
    with pytest.raises(WeightsError, match=r"has the trunk mobilenet_v2 .* not resnet18 in 0; choose the same"):
        start_encoder(EncoderOptions("resnet18", 64, 32), str(tmp_path / "ours.pt"))


def test_a_bundled_encoder_is_a_start_and_a_neck_of_ones_own_is_learnt_anew():
    bundled = load_encoder(PERSON_ENCODER).encoder
    with_neck = start_encoder(EncoderOptions("mobilenet_v2", 64, 32, bnneck=True), "bundled")
    assert torch.equal(with_neck.neck.running_var, bundled.neck.running_var)
    without = start_encoder(EncoderOptions("mobilenet_v2", 64, 32, pooling="gem"), "bundled")
    last = list(bundled.trunk.state_dict())[-4]
    for started in (with_neck, without):
        assert torch.equal(started.trunk.state_dict()[last], bundled.trunk.state_dict()[last])


def test_weights_that_cannot_be_downloaded_are_one_sentence_after_seconds(monkeypatch):
    waits = []

    def offline(self, **kwargs):
        waits.append(socket.getdefaulttimeout())
        raise URLError("no route to host")

    monkeypatch.setattr(torchvision.models.MobileNet_V2_Weights, "get_state_dict", offline)
    with pytest.raises(WeightsError, match=r"could not be downloaded.*no route to host.*--start FILE.*--start none"):
        start_encoder(OPTIONS, "download")
    assert waits == [15]
    assert socket.getdefaulttimeout() is None
