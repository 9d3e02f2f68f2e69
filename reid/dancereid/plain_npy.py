"""Reads the .npy files that hold a pickled Python value, and runs nothing that stands in them.

A pickle is a program. This one may build numbers, text, lists, tuples, sets, dictionaries and NumPy arrays of those;
every other name it asks for is refused before it is looked up. NumPy's own classes are not handed out either: what a
pickle tells them they believe (a type that hides pointers among numbers), so stand-ins take it and check it.
"""

from __future__ import annotations

import io
import math
import pickle
import re
import reprlib
import struct
import textwrap
import tokenize
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from ..data.crops import DataError
from .pickle_check import count_opcodes

TYPE_CODE = re.compile(r"[<>|=]?([?biufcSUO])\d*")
BYTE_ORDERS = ("<", ">", "|", "=")
SHARING = 100
"""A value may have that many items for each step of its pickle; lists that hold a list twice may have 2 ** steps."""


class RefusedError(Exception):
    """A pickle asked for something that is not plain data."""


def array_of_objects(items: Sequence[Any]) -> np.ndarray:
    """The items as the cells of an array (N,), whatever they are; NumPy itself would join arrays to a bigger one."""
    cells = np.empty(len(items), object)
    for place, item in enumerate(items):
        cells[place] = item
    return cells


class PlainType:
    """Stands in for `numpy.dtype`: numbers, text and objects. Raises RefusedError for any other type."""

    def __init__(self, code: str, *copied: bool) -> None:
        if not (isinstance(code, str) and TYPE_CODE.fullmatch(code)):
            raise RefusedError(f"an array of {reprlib.repr(code)}")
        self.dtype = np.dtype(code)

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        if state[1] not in BYTE_ORDERS:
            raise RefusedError(f"an array of byte order {reprlib.repr(state[1])}")
        self.dtype = self.dtype.newbyteorder(state[1])


class PlainArray:
    """Stands in for `numpy.ndarray`; `value` is the array, in whose cells further stand-ins may be."""

    value: np.ndarray

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        _, shape, kind, fortran, data = state
        if kind.dtype.hasobject:
            cells = array_of_objects(data)
        else:
            cells = np.frombuffer(data.encode("latin-1") if isinstance(data, str) else data, kind.dtype)
        self.value = cells.reshape(shape, order="F" if fortran else "C")


def begun_array(*_: Any) -> PlainArray:
    """NumPy's `_reconstruct`: an array whose content follows."""
    return PlainArray()


def array_of_buffer(data: Any, kind: PlainType, shape: tuple[int, ...], order: str, *_: Any) -> np.ndarray:
    """NumPy's `_frombuffer`, of protocol 5."""
    return np.frombuffer(data, kind.dtype).reshape(shape, order="F" if order == "F" else "C")


def scalar(kind: PlainType, data: Any) -> Any:
    """NumPy's `scalar`: one number or text."""
    raw = data.encode("latin-1") if isinstance(data, str) else data
    return np.frombuffer(raw, kind.dtype)[0]


def encode(text: str, coding: str) -> bytes:
    """How pickles of protocol 2 and below carry bytes: as text in Latin-1. Raises RefusedError for any other coding."""
    if coding not in ("latin1", "latin-1"):
        raise RefusedError(f"bytes coded as {reprlib.repr(coding)}")
    return text.encode("latin-1")


def bytes_to_change(data: bytes | str = b"", coding: str = "latin-1") -> bytearray:
    """`bytearray` of bytes. Raises RefusedError for a number, which is a length to allocate."""
    if not isinstance(data, bytes | str):
        raise RefusedError(f"a bytearray of {reprlib.repr(data)}")
    return bytearray(encode(data, coding) if isinstance(data, str) else data)


@dataclass(frozen=True)
class Admitted:
    """What a pickle gets in place of a function or class: it may call it, and neither change it nor look into it."""

    make: Callable[..., Any]

    def __call__(self, *arguments: Any) -> Any:
        return self.make(*arguments)

    def __setstate__(self, state: Any) -> None:
        raise RefusedError("a change of what it may call")


@dataclass(frozen=True)
class Empty(Admitted):
    """A class that stands in pickles as the default of a `defaultdict` only, where it is called without arguments."""

    def __call__(self, *arguments: Any) -> Any:
        if arguments:
            raise RefusedError(f"a call of {self.make.__name__}")
        return self.make()


ADMITTED: dict[tuple[str, str], Admitted] = {
    ("numpy", "ndarray"): Admitted(PlainArray),
    ("numpy", "dtype"): Admitted(PlainType),
    ("collections", "OrderedDict"): Admitted(OrderedDict),
    ("collections", "defaultdict"): Admitted(defaultdict),
    ("_codecs", "encode"): Admitted(encode),
    **{
        (f"numpy.{core}.{module}", name): Admitted(stand_in)
        for core in ("core", "_core")  # NumPy 1 and 2 call it differently, in what they write too
        for module, name, stand_in in (
            ("multiarray", "_reconstruct", begun_array),
            ("multiarray", "scalar", scalar),
            ("numeric", "_frombuffer", array_of_buffer),
        )
    },
    **{
        (builtins, name): made
        for builtins in ("builtins", "__builtin__")  # the latter is Python 2's
        for name, made in (
            *((kind.__name__, Admitted(kind)) for kind in (set, frozenset, complex)),
            *((kind.__name__, Empty(kind)) for kind in (list, dict, tuple, int, float, bool)),
            ("bytearray", Admitted(bytes_to_change)),
        )
    },
}
"""What a pickle may ask for by name; nothing here reads, writes or runs anything."""

DAMAGES = (
    *(pickle.UnpicklingError, EOFError, ValueError, TypeError, AttributeError, LookupError, ArithmeticError),
    *(MemoryError, RecursionError, SyntaxError, BufferError, tokenize.TokenError, struct.error),
)
"""What a damaged file makes the readers raise."""


class PlainUnpickler(pickle.Unpickler):
    """An unpickler of plain data, with stand-ins for arrays. Raises RefusedError where anything else is asked for."""

    def find_class(self, module: str, name: str) -> Admitted:
        if (module, name) not in ADMITTED:
            raise RefusedError(f"{module}.{name}")
        return ADMITTED[module, name]


class Unwrapping:
    """Puts arrays where stand-ins were; dictionaries of any kind become plain ones.

    Raises ValueError for a value of more than `most` items, those counted again that stand in several places.
    """

    def __init__(self, most: int) -> None:
        self.left = most

    def __call__(self, value: Any) -> Any:
        self.left -= 1
        if self.left < 0:
            raise ValueError("it holds far more than its length could")
        if isinstance(value, PlainArray):
            value = value.value
        if isinstance(value, np.ndarray) and value.dtype.hasobject:
            return array_of_objects([self(cell) for cell in value.ravel()]).reshape(value.shape)
        if isinstance(value, dict):
            return {self(key): self(item) for key, item in value.items()}
        if type(value) in (list, tuple, set, frozenset):
            return type(value)(self(item) for item in value)
        return value


def load_plain_npy(path: Path) -> Any:
    """The value in a .npy file of one pickled object (`np.save` of a dictionary), or the array in any other .npy file.

    Arrays may be read-only. Raises DataError where there is no such file, it is damaged, or it asks for more than plain
    data.
    """
    try:
        with path.open("rb") as file:
            return read_plain_npy(file)
    except RefusedError as refused:
        raise DataError(
            f"{path} is refused: it asks for {one_line(refused)}, and detections are nothing but numbers, text, "
            "containers and NumPy arrays; get the file again from a source you trust."
        ) from None
    except OSError as error:
        raise DataError(f"Cannot read {path} ({error.strerror}); check the path.") from error
    except DAMAGES as error:
        raise DataError(f"{path} cannot be read as a .npy file ({one_line(error)}); get it again.") from error


def one_line(error: Exception) -> str:
    """What an error says, cut where a file chose it to be long; its name where it says nothing."""
    return textwrap.shorten(str(error), 200) or type(error).__name__


def read_plain_npy(file: BinaryIO) -> Any:
    """`load_plain_npy` of an open file; raises RefusedError or one of `DAMAGES`."""
    version = np.lib.format.read_magic(file)
    read_header = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, _, dtype = read_header(file)
    data = file.read()
    if not dtype.hasobject:
        if math.prod(shape) * dtype.itemsize > len(data):
            raise ValueError("it ends within its array")
        file.seek(0)
        return np.lib.format.read_array(file, allow_pickle=False)
    unwrapped = Unwrapping(SHARING * count_opcodes(data))
    # Latin-1 is the coding in which Python 2 wrote the bytes of arrays.
    value = unwrapped(PlainUnpickler(io.BytesIO(data), encoding="latin1").load())
    return value.item() if isinstance(value, np.ndarray) and shape == () else value
