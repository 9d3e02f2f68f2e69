"""Reads the .npy files that hold a pickled Python value, and runs no code in them.

A pickle is a program for a stack machine, here followed step by step. It may build numbers, text, lists, tuples, sets,
dictionaries and NumPy arrays of those; every other name it asks for is refused before it is looked up. NumPy's own
classes are not used either: they trust what a pickle says (a type that hides pointers among numbers), so
stand-ins take it and check it. Containers stay lists until the pickle has ended and their items are counted: what is
nested too deep or shared too often would crash Python or fill the machine when it is hashed.
"""

from __future__ import annotations

import io
import math
import pickletools
import re
import reprlib
import struct
import textwrap
import tokenize
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from ..data.crops import DataError

TYPE_CODE = re.compile(r"[<>|=]?([?biufcSUO])\d*")
BYTE_ORDERS = ("<", ">", "|", "=")
SHARING = 100
"""A value may have that many items for each step of its pickle; lists that hold a list twice may have 2 ** steps."""


class RefusedError(Exception):
    """A pickle asked for something that is not plain data."""


Make = Callable[[list[Any]], Any]


class Items(list[Any]):
    """A container in the making; `make` takes its items, of a dictionary keys and values in turn."""

    __slots__ = ("make",)

    def __init__(self, make: Make, items: Iterable[Any] = ()) -> None:
        super().__init__(items)
        self.make = make

    def __repr__(self) -> str:
        return f"a container of {len(self)}"


def dictionary(items: list[Any]) -> dict[Any, Any]:
    """Keys and values in turn as a dictionary."""
    return dict(zip(items[::2], items[1::2], strict=True))


MAKERS: tuple[tuple[str, Make], ...] = (
    ("LIST", list),
    ("TUPLE", tuple),
    ("DICT", dictionary),
    ("SET", set),
    ("FROZENSET", frozenset),
)
CONTAINERS: dict[str, tuple[Make, int | None]] = {
    **{name: (make, None) for name, make in MAKERS},
    **{f"EMPTY_{name}": (make, 0) for name, make in MAKERS},
    **{f"TUPLE{count}": (tuple, count) for count in (1, 2, 3)},
}
"""Steps that make a container: what finishes it, and how many values they take; None: all above the mark."""
GROWTH = {"APPEND": 1, "SETITEM": 2, "APPENDS": None, "SETITEMS": None, "ADDITEMS": None}
"""Steps that put more into a container, and how many values they take."""
CONSTANTS = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False}


def array_of_objects(items: Sequence[Any]) -> np.ndarray:
    """The items as the cells of an array (N,), whatever they are; NumPy itself would join arrays to a bigger one."""
    cells = np.empty(len(items), object)
    for place, item in enumerate(items):
        cells[place] = item
    return cells


def raw(data: bytes | str) -> bytes:
    """Python 2 wrote the bytes of arrays as text in Latin-1."""
    return data.encode("latin-1") if isinstance(data, str) else data


class PlainType:
    """Stands in for `numpy.dtype`: numbers, text and objects. Raises RefusedError for any other type."""

    def __init__(self, code: str, *copied: bool) -> None:
        if not (isinstance(code, str) and TYPE_CODE.fullmatch(code)):
            raise RefusedError(f"an array of {reprlib.repr(code)}")
        self.dtype = np.dtype(code)

    def build(self, version: int, order: str, *rest: Any) -> None:
        """Take the byte order."""
        if order not in BYTE_ORDERS:
            raise RefusedError(f"an array of byte order {reprlib.repr(order)}")
        self.dtype = self.dtype.newbyteorder(order)  # type: ignore[arg-type]


class PlainArray:
    """Stands in for `numpy.ndarray`; `value` is the array, in whose cells containers in the making may be."""

    value: np.ndarray

    def __init__(self, *_: Any) -> None:
        """NumPy's `_reconstruct`: an array whose content follows."""

    def build(self, version: int, shape: Sequence[int], kind: PlainType, fortran: bool, data: Any) -> None:
        """Take the content."""
        cells = array_of_objects(data) if kind.dtype.hasobject else np.frombuffer(raw(data), kind.dtype)
        self.value = cells.reshape(tuple(shape), order="F" if fortran else "C")


def array_of_buffer(data: Any, kind: PlainType, shape: Sequence[int], order: str, *_: Any) -> np.ndarray:
    """NumPy's `_frombuffer`, of protocol 5."""
    return np.frombuffer(data, kind.dtype).reshape(tuple(shape), order="F" if order == "F" else "C")


def scalar(kind: PlainType, data: Any) -> Any:
    """NumPy's `scalar`: one number or text."""
    return np.frombuffer(raw(data), kind.dtype)[0]


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


def pairs(items: Iterable[Iterable[Any]] = ()) -> Items:
    """`OrderedDict` of pairs."""
    return Items(dictionary, (part for key, value in items for part in (key, value)))


def refuse_call(*_: Any) -> None:
    """For classes that stand in pickles as the default of a `defaultdict` only, which is not called here."""
    raise RefusedError("a call of what is only named elsewhere")


BUILTINS: dict[str, Callable[..., Any]] = {
    "set": lambda items=(): Items(set, items),
    "frozenset": lambda items=(): Items(frozenset, items),
    "complex": complex,
    "bytearray": bytes_to_change,
    **dict.fromkeys(("list", "dict", "tuple", "int", "float", "bool"), refuse_call),
}
ADMITTED: dict[tuple[str, str], Callable[..., Any]] = {
    ("numpy", "ndarray"): PlainArray,
    ("numpy", "dtype"): PlainType,
    ("collections", "OrderedDict"): pairs,
    ("collections", "defaultdict"): lambda _=None: Items(dictionary),
    ("_codecs", "encode"): encode,
    **{
        (f"numpy.{core}.{module}", name): stand_in
        for core in ("core", "_core")  # NumPy 1 and 2 call it differently, in what they write too
        for module, name, stand_in in (
            ("multiarray", "_reconstruct", PlainArray),
            ("multiarray", "scalar", scalar),
            ("numeric", "_frombuffer", array_of_buffer),
        )
    },
    **{
        (builtins, name): made
        for builtins in ("builtins", "__builtin__")  # the latter is Python 2's
        for name, made in BUILTINS.items()
    },
}
"""What a pickle may ask for by name, to call it; nothing here reads, writes or runs anything."""

DAMAGES = (
    *(EOFError, ValueError, TypeError, AttributeError, LookupError, ArithmeticError, MemoryError, RecursionError),
    *(SyntaxError, BufferError, tokenize.TokenError, struct.error),
)
"""What a damaged file makes the readers raise."""


class Machine:
    """A pickle's stack machine. Raises RefusedError for anything but plain data, one of `DAMAGES` where it is none."""

    def __init__(self) -> None:
        self.steps = self.left = 0
        self.stack: list[Any] = []
        self.marks: list[int] = []
        """Heights of the stack."""
        self.memo: dict[int, Any] = {}

    def run(self, data: bytes) -> Any:
        """The value that the pickle builds. Raises ValueError where it holds far more than the pickle has steps."""
        for opcode, argument, _ in pickletools.genops(data):
            self.steps += 1
            self.follow(opcode, argument)
        self.left = SHARING * self.steps
        return self.finished(self.stack.pop())

    def follow(self, opcode: pickletools.OpcodeInfo, argument: Any) -> None:
        """One step."""
        stack, name = self.stack, opcode.name
        if name in ("MEMOIZE", "PUT", "BINPUT", "LONG_BINPUT"):
            place = len(self.memo) if name == "MEMOIZE" else argument
            if place > self.steps:
                raise ValueError(f"its memory has a place {place} after {self.steps} steps")
            self.memo[place] = stack[-1]
        elif name in ("GET", "BINGET", "LONG_BINGET"):
            stack.append(self.memo[argument])
        elif name in CONSTANTS or (opcode.arg and opcode.stack_after not in ([], [pickletools.anyobject])):
            stack.append(CONSTANTS.get(name, argument))  # or a number, text or bytes
        elif name == "MARK":
            self.marks.append(len(stack))
        elif name in CONTAINERS:
            make, count = CONTAINERS[name]
            stack.append(Items(make, self.take(count)))
        elif name in GROWTH:
            items = self.take(GROWTH[name])
            stack[-1].extend(items)
        elif name in ("GLOBAL", "STACK_GLOBAL"):
            module, called = argument.split(" ", 1) if argument else self.take(2)
            if (module, called) not in ADMITTED:
                raise RefusedError(f"{module}.{called}")
            stack.append(ADMITTED[module, called])
        elif name == "REDUCE":
            function, arguments = self.take(2)
            stack.append(function(*arguments))  # one of ADMITTED: nothing else here can be called
        elif name == "BUILD":
            (state,) = self.take(1)
            if not isinstance(stack[-1], PlainType | PlainArray):
                raise RefusedError("a change of what it may call")
            stack[-1].build(*state)
        elif name not in ("PROTO", "FRAME", "STOP"):
            raise RefusedError(f"the step {name}")

    def take(self, count: int | None = None) -> list[Any]:
        """Take the upper `count` values off the stack, lowest first; without a number, all above the last mark."""
        start = self.marks.pop() if count is None else len(self.stack) - count
        if not 0 <= start <= len(self.stack):
            raise LookupError("it takes more than there is")
        taken = self.stack[start:]
        del self.stack[start:]
        return taken

    def finished(self, value: Any) -> Any:
        """The value with its containers made and arrays where stand-ins were; items are counted wherever they stand."""
        self.left -= 1
        if self.left < 0:
            raise ValueError("it holds far more than its length could")
        if isinstance(value, Items):
            return value.make([self.finished(item) for item in value])
        if isinstance(value, PlainArray):
            value = value.value
        if isinstance(value, np.ndarray) and value.dtype.hasobject:
            return array_of_objects([self.finished(cell) for cell in value.ravel()]).reshape(value.shape)
        return value


def load_plain_npy(path: Path) -> Any:
    """The value in a .npy file of one pickled object (`np.save` of a dictionary), or the array in any other .npy file.

    Arrays may be read-only. Raises DataError where there is no such file, it is damaged, or it asks for more than plain
    data.
    """
    try:
        with path.open("rb") as file:
            return read_plain_npy(io.BytesIO(file.read()))  # a file would take the memory that a false length asks for
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
    value = Machine().run(data)
    return value.item() if isinstance(value, np.ndarray) and shape == () else value
