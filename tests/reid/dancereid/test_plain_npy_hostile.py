import struct
import subprocess
import sys

import pytest
from places import ROOT

from reid.dancereid.plain_npy import load_plain_npy
from reid.data.crops import DataError

HEADER = b"{'descr': '|O', 'fortran_order': False, 'shape': (), }"
ARRAY = b"cnumpy._core.multiarray\n_reconstruct\n"
DOUBLED = b"]\x94" + b"".join(b"](h%sh%se\x94" % (bytes([place]), bytes([place])) for place in range(60))
PAIRS = b")\x94" + b"".join(b"h%sh%s\x86\x94" % (bytes([place]), bytes([place])) for place in range(60))
EIGHT_GIGABYTES = b"\x8a\x05" + struct.pack("<Q", 8 << 30)[:5]

HOSTILE = {
    "a tuple nested deep as a key": b"}" + b")" + b"\x85" * 300_000 + b"Ns.",
    "the same through BUILD of nothing": b"}" + b")" + b"\x85Nb" * 200_000 + b"Ns.",
    "tuple, called": b"cbuiltins\ntuple\n]N\x61\x85R.",
    "lists nested deep": b"]" * 200_000 + b"a" * 199_999 + b".",
    "lists that hold one twice": DOUBLED + b".",
    "pairs of pairs as a key": b"}" + PAIRS + b"Ns.",
    "such a list as a type": DOUBLED + b"cnumpy\ndtype\nh\x3c\x85R.",
    "a far place of the memory": b"Nr\xff\xff\xff\x7f.",
    "a far place in digits": b"Np99999999999\n.",
    "a long bytearray": b"cbuiltins\nbytearray\n" + EIGHT_GIGABYTES + b"\x85R.",
    "a list of it": b"cbuiltins\nlist\ncbuiltins\nbytearray\n" + EIGHT_GIGABYTES + b"\x85R\x85R.",
    "a long bytearray that is not there": b"\x96" + struct.pack("<Q", 8 << 30) + b".",
    "a function changed": ARRAY + b"}\x8c\x01aNsb.",
    "a function's code changed": ARRAY + b"N}\x8c\x0c__defaults__)s\x86b.",
    "a class changed": b"cnumpy\nndarray\nN}\x8c\x0c__setstate__Ns\x86b.",
    "a name of several lines": b"\x8c\x03a\nb\x8c\x03c\nd\x93.",
    "nothing": b"",
    "an empty stack": b".",
    "a mark too few": b"t.",
}
HEADERS = {
    "brackets": b"{'descr':((((",
    "a long array": b"{'descr': '<f8', 'fortran_order': False, 'shape': (10000000000,), }",
    "a shape of no number": b"{'descr': '<f8', 'fortran_order': False, 'shape': (-5,), }",
}
READ = """
import resource, sys
from pathlib import Path
resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))
from reid.data.crops import DataError
from reid.dancereid.plain_npy import load_plain_npy
for path in sorted(Path(sys.argv[1]).iterdir()):
    try:
        load_plain_npy(path)
    except DataError as error:
        print(error, flush=True)
    else:
        print(path, "was read", flush=True)
"""


def npy(header, content=b""):
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + content


def test_a_hostile_file_is_one_sentence_and_neither_crash_nor_hang(tmp_path):
    # In another process, as the interpreter would not survive some of them.
    for name, content in HOSTILE.items():
        (tmp_path / f"{name}.npy").write_bytes(npy(HEADER, content))
    for name, header in HEADERS.items():
        (tmp_path / f"header of {name}.npy").write_bytes(npy(header))
    root = ROOT
    done = subprocess.run(
        [sys.executable, "-c", READ, str(tmp_path)], cwd=root, capture_output=True, text=True, timeout=120, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    paths = sorted(tmp_path.iterdir())
    assert len(lines) == len(paths)
    for path, line in zip(paths, lines, strict=True):
        assert line.startswith(f"{path} ")
        assert "cannot be read as a .npy file (" in line or "is refused: it asks for" in line
        assert "()" not in line
        assert len(line) < 600


@pytest.mark.parametrize("name", ["a function changed", "a function's code changed"])
def test_our_own_functions_stay_as_they_are(tmp_path, name):
    (tmp_path / "a.npy").write_bytes(npy(HEADER, HOSTILE[name]))
    with pytest.raises(DataError, match="it asks for a change of what it may call"):
        load_plain_npy(tmp_path / "a.npy")
