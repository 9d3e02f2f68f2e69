import io
import os
import pickle
from collections import OrderedDict, defaultdict

import numpy as np
import pytest

from reid.dancereid.plain_npy import load_plain_npy
from reid.data.crops import DataError

DETECTIONS = {
    0: {
        7: {
            "id": np.int64(1),
            "box_pos": np.array([1.0, 2.0, 3.0, 4.0]),
            "pose_pos": np.asfortranarray(np.arange(34.0).reshape(17, 2)),
            "score": np.float32(0.5),
        }
    },
    1: OrderedDict(a=defaultdict(list, {1: [2, "three"]}), b=({4, 5}, b"\x00\xff", None, True)),
}


def write(path, value, protocol=4, replace=(b"", b"")):
    """As `np.save` does, with the protocol and the names of another Python or NumPy."""
    file = io.BytesIO()
    np.lib.format.write_array_header_1_0(file, {"descr": "|O", "fortran_order": False, "shape": ()})
    file.write(pickle.dumps(value, protocol).replace(*replace) if replace[0] else pickle.dumps(value, protocol))
    path.write_bytes(file.getvalue())
    return path


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_every_protocol_of_plain_data_is_read(tmp_path, protocol):
    read = load_plain_npy(write(tmp_path / "a.npy", np.array(DETECTIONS, object), protocol))
    box = read[0][7]
    assert box["id"] == 1
    assert box["score"] == np.float32(0.5)
    assert box["box_pos"].tolist() == [1, 2, 3, 4]
    assert (box["pose_pos"] == np.arange(34).reshape(17, 2)).all()
    assert read[1] == {"a": {1: [2, "three"]}, "b": ({4, 5}, b"\x00\xff", None, True)}


@pytest.mark.parametrize(
    ("mine", "others"),
    [(b"numpy._core.multiarray", b"numpy.core.multiarray"), (b"numpy.core.multiarray", b"numpy._core.multiarray")],
)
def test_what_another_numpy_wrote_is_read(tmp_path, mine, others):
    # Protocol 2 ends module names with a line feed, so that names of another length may stand in their place.
    path = write(tmp_path / "a.npy", np.array(DETECTIONS, object), 2, (mine, others))
    if mine in pickle.dumps(np.array(1), 2):
        assert others in path.read_bytes()
    assert load_plain_npy(path)[0][7]["box_pos"].tolist() == [1, 2, 3, 4]


def test_what_numpy_saves_is_read_and_so_are_arrays_of_arrays(tmp_path):
    np.save(tmp_path / "a.npy", np.array(DETECTIONS, object))
    assert load_plain_npy(tmp_path / "a.npy")[0][7]["score"] == 0.5
    np.save(tmp_path / "b.npy", np.arange(3))
    assert load_plain_npy(tmp_path / "b.npy").tolist() == [0, 1, 2]
    pair = np.empty(2, object)
    pair[0], pair[1] = np.ones(2), np.zeros(2)
    np.save(tmp_path / "c.npy", pair)
    read = load_plain_npy(tmp_path / "c.npy")
    assert (read.shape, read[0].tolist(), read[1].tolist()) == ((2,), [1, 1], [0, 0])


class Writes:
    """Unpickled by `pickle`, it writes a file."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (os.system, (f"echo written > '{self.path}'",))


class Nested(Writes):
    """The same, in the arguments of something allowed."""

    def __reduce__(self):
        return (list, ((1, Writes(self.path)),))


class Hidden(Writes):
    """The same, in the state of an array."""

    def __reduce__(self):
        name = np.array(0).__reduce__()[0]
        return (name, (np.ndarray, (0,), b"b"), (1, (1,), np.dtype(object), False, [Writes(self.path)]))


class Fetched:
    """Takes a method out of something allowed."""

    def __reduce__(self):
        return (np.ndarray.tofile, (np.zeros(1), "written"))


@pytest.mark.parametrize("protocol", [0, 2, 4])
@pytest.mark.parametrize("evil", [Writes, Nested, Hidden])
def test_a_pickle_that_would_write_a_file_is_refused_in_a_sentence(tmp_path, evil, protocol, monkeypatch):
    written = tmp_path / "written"
    path = write(tmp_path / "evil.npy", {0: {1: {"id": 1, "box_pos": evil(written)}}}, protocol)
    with pytest.raises(DataError, match=r"evil.npy is refused: it asks for (posix|os|nt).system, and") as caught:
        load_plain_npy(path)
    assert "\n" not in str(caught.value)
    assert not written.exists()
    # The file is no dud: NumPy's own reader does what it says.
    np.load(path, allow_pickle=True)
    assert written.exists()


def test_methods_reached_through_something_allowed_are_refused(tmp_path):
    with pytest.raises(DataError, match=r"refused: it asks for (builtins.getattr|numpy.ndarray.tofile)"):
        load_plain_npy(write(tmp_path / "a.npy", Fetched()))


class TypeOf:
    """An array type of the pickle's own making."""

    def __init__(self, *state):
        self.state = state

    def __reduce__(self):
        return (np.dtype, *self.state)


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        (TypeOf(("V8", False, True)), "refused: it asks for an array of 'V8'"),
        (TypeOf(([("a", "O")],)), "refused: it asks for an array of"),
        (TypeOf(("f8", False, True), (3, "!", None, None, None, -1, -1, 0)), "refused: .* byte order '!'"),
        (TypeOf(("f8", False, True), (3, "<")), None),
    ],
)
def test_types_that_could_hide_pointers_among_numbers_are_refused(tmp_path, kind, message):
    # A structure of objects that says it has none would let the pickle choose the address of an object.
    path = write(tmp_path / "a.npy", Typed(kind))
    if message is None:
        assert load_plain_npy(path) == 1.0
        return
    with pytest.raises(DataError, match=message):
        load_plain_npy(path)


class Typed:
    """One cell of a type."""

    def __init__(self, kind):
        self.kind = kind

    def __reduce__(self):
        name = np.array(0).__reduce__()[0]
        return (name, (np.ndarray, (0,), b"b"), (1, (1,), self.kind, False, np.array([1.0]).tobytes()))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "cannot be read as a .npy file"),
        (b"PK\x03\x04" + bytes(40), "cannot be read as a .npy file"),
        (pickle.dumps({}), "cannot be read as a .npy file"),
        (None, "Cannot read"),
    ],
)
def test_a_damaged_or_missing_file_is_one_sentence(tmp_path, content, message):
    path = tmp_path / "a.npy"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(DataError, match=message) as caught:
        load_plain_npy(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_cut_short_anywhere_is_one_sentence(tmp_path):
    whole = write(tmp_path / "a.npy", np.array(DETECTIONS, object)).read_bytes()
    for length in range(0, len(whole) - 1, 7):
        (tmp_path / "cut.npy").write_bytes(whole[:length])
        with pytest.raises(DataError, match="cannot be read"):
            load_plain_npy(tmp_path / "cut.npy")
