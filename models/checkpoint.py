"""A weights file that rebuilds its own model: plain values and tensors only, no pickled classes."""

from __future__ import annotations

import os
import tempfile
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import torch

from .digest import sha256
from .errors import WeightsError
from .trunk import ShapesOnly

Network = TypeVar("Network", bound=torch.nn.Module)

FORMAT = "followspot"
WRAPPERS = ("state_dict", "model_state_dict", "model")


@dataclass(frozen=True)
class Checkpoint:
    """The content of a weights file.

    `kind` names the network ("encoder", "generator", ...; None for another program's file, which does not name it),
    `options` are the plain values its options dataclass is made of, `tensors` its state dict,
    `metadata` what it was trained on, scores, calibration. `sha256` is the file's own, in hexadecimal.
    """

    kind: str | None
    options: dict[str, Any]
    tensors: dict[str, torch.Tensor]
    metadata: dict[str, Any] = field(default_factory=dict)
    sha256: str = ""


def save_atomically(content: Any, path: Path) -> None:
    """`torch.save` that leaves the old file whole if the disk fills up or the process is killed halfway.

    Raises WeightsError where the file cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "wb") as stream:
                torch.save(content, stream)
                stream.flush()
                os.fsync(stream.fileno())
            Path(name).chmod(0o644)
            os.replace(name, path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except (OSError, RuntimeError) as error:  # torch turns some of the stream's errors into the latter
        reason = getattr(error, "strerror", None) or "writing broke off, as on a full disk"
        raise WeightsError(
            f"Cannot write {path} ({reason}); free some room: an earlier file of that name is as it was."
        ) from error


def write(path: Path, checkpoint: Checkpoint, half: bool = False) -> None:
    """Write `checkpoint` to `path` atomically; `half` stores its floating-point tensors as float16."""

    def stored(tensor: torch.Tensor) -> torch.Tensor:
        tensor = tensor.detach().cpu().contiguous()
        return tensor.half() if half and tensor.is_floating_point() else tensor.clone()

    content = {
        "format": FORMAT,
        "kind": checkpoint.kind,
        "options": checkpoint.options,
        "tensors": {name: stored(tensor) for name, tensor in checkpoint.tensors.items()},
        "metadata": checkpoint.metadata,
    }
    save_atomically(content, path)


def load_plain(path: Path) -> Any:
    """The plain values and tensors that `torch.save` put into the file; raises WeightsError where it cannot be read."""
    if not path.is_file():
        raise WeightsError(f"There is no weights file {path}; check the path.")
    if path.stat().st_size == 0:
        raise WeightsError(f"The weights file {path} is empty; copy it again.")
    try:
        require_unpacked(path)
        return torch.load(path, map_location="cpu", weights_only=True)
    except PermissionError as error:
        raise WeightsError(f"The weights file {path} may not be read; check its permissions.") from error
    except Exception as error:  # garbage can make the unpickler raise anything
        raise WeightsError(f"{path} is not a weights file of plain tensors, or it is damaged; give another.") from error


def require_unpacked(path: Path) -> None:
    """Raises ValueError where the zip file holds more than its own size, as only one does that was made to."""
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > path.stat().st_size:
                raise ValueError("it is packed")


def built_with(tensors: Mapping[str, torch.Tensor], build: Callable[[], Network]) -> Network:
    """The network that `build` makes, with these tensors as its state.

    Raises RuntimeError where they are not of its shapes; then it was not built in memory, which might not hold it.
    """
    with ShapesOnly():
        expected = shapes_of(build().state_dict())
    if expected != shapes_of(tensors):
        raise RuntimeError("tensors of other names or shapes")
    network = build()
    network.load_state_dict(tensors)
    return network


def shapes_of(tensors: Mapping[str, torch.Tensor]) -> dict[str, torch.Size]:
    """Name -> shape, without the counters that old files lack."""
    return {name: tensor.shape for name, tensor in tensors.items() if not name.endswith("num_batches_tracked")}


def ours(content: Mapping[str, Any], path: Path) -> Checkpoint:
    """The content of our own file. Raises WeightsError where an entry is missing or of another kind."""
    kinds = {"kind": str, "options": dict, "tensors": dict, "metadata": dict}
    wrong = [name for name, kind in kinds.items() if not isinstance(content.get(name), kind)]
    if wrong or not all(map(is_tensor, content["tensors"].items())) or not all(map(is_name, content["options"])):
        raise WeightsError(f"{path} is no whole weights file of ours; get it again.")
    if sum(tensor.numel() * tensor.element_size() for tensor in content["tensors"].values()) > path.stat().st_size:
        raise WeightsError(f"{path} claims larger tensors than it holds; get it again.")
    return Checkpoint(content["kind"], content["options"], content["tensors"], content["metadata"], sha256(path))


def is_name(value: Any) -> bool:
    """Whether this is text."""
    return isinstance(value, str)


def is_tensor(item: tuple[Any, Any]) -> bool:
    """Whether this is a name with a tensor."""
    return isinstance(item[0], str) and isinstance(item[1], torch.Tensor)


def read(path: Path) -> Checkpoint:
    """Read our own weights file, or another program's state dict. Raises WeightsError for anything else."""
    content = load_plain(path)
    if isinstance(content, Mapping) and content.get("format") == FORMAT:
        return ours(content, path)
    for wrapper in WRAPPERS:
        if isinstance(content, Mapping) and isinstance(content.get(wrapper), Mapping):
            content = content[wrapper]
    tensors = content if isinstance(content, Mapping) else {}
    if not tensors or not all(map(is_tensor, tensors.items())):
        raise WeightsError(f"{path} holds no network's weights (no dictionary of tensors); give another file.")
    return Checkpoint(None, {}, dict(tensors), sha256=sha256(path))
