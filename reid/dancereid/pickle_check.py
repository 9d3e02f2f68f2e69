"""Looks through a pickle before it is run, for what would crash or fill the machine though it asks for nothing odd."""

from __future__ import annotations

import pickletools
from typing import Any, NamedTuple

DEEPEST = 100
"""Tuples within tuples; Python's hash of a tuple has no limit of its own, and overflows the stack."""
LARGEST = 100_000
"""Items in a tuple's tuples, shared ones counted as often as they stand there: what hashing it takes."""

MEMORISING = ("PUT", "BINPUT", "LONG_BINPUT", "MEMOIZE")
REMEMBERING = ("GET", "BINGET", "LONG_BINGET")
CHANGING = ("APPEND", "APPENDS", "SETITEM", "SETITEMS", "ADDITEMS", "BUILD")


class TupleSize(NamedTuple):
    """How deep tuples are nested in a value, and how many items they have in all; anything else is one item."""

    depth: int = 0
    items: int = 1


ITEM = TupleSize()


class PickleCheck:
    """Follows a pickle's stack, with the sizes of tuples in place of values."""

    def __init__(self) -> None:
        self.opcodes = 0
        self.stack: list[TupleSize | None] = []
        """None is a mark."""
        self.memo: dict[int, TupleSize | None] = {}

    def follow(self, opcode: pickletools.OpcodeInfo, argument: Any) -> None:
        """One step. Raises ValueError where it goes too far, LookupError where the stack has too little for it."""
        self.opcodes += 1
        if opcode.name in MEMORISING:
            self.memorise(len(self.memo) if argument is None else int(argument))
        elif opcode.name in REMEMBERING:
            self.stack.append(self.memo[int(argument)])
        elif opcode.name == "DUP":
            self.stack.append(self.stack[-1])
        else:
            taken = self.take(opcode)
            if opcode.name in CHANGING:
                self.stack.append(taken[0])
            elif opcode.name.endswith(("TUPLE", "TUPLE1", "TUPLE2", "TUPLE3")):
                self.stack.append(tuple_of(taken))
            else:
                self.stack += [None if kind is pickletools.markobject else ITEM for kind in opcode.stack_after]

    def memorise(self, place: int) -> None:
        """The unpickler's memory is a table as long as its largest number."""
        if place > self.opcodes:
            raise ValueError(f"its memory has a place {place} after {self.opcodes} steps")
        self.memo[place] = self.stack[-1]

    def take(self, opcode: pickletools.OpcodeInfo) -> list[TupleSize]:
        """Take what the step takes off the stack, lowest first and without marks."""
        before = opcode.stack_before
        taken: list[TupleSize] = []
        fixed = len(before)
        if pickletools.markobject in before:
            fixed = before.index(pickletools.markobject)
            while (value := self.stack.pop()) is not None:
                taken.append(value)
        for _ in range(fixed):
            taken.append(self.stack.pop() or ITEM)
        return taken[::-1]


def tuple_of(items: list[TupleSize]) -> TupleSize:
    """The size of a tuple of these. Raises ValueError where it is too large."""
    size = TupleSize(1 + max((item.depth for item in items), default=0), 1 + sum(item.items for item in items))
    if size.depth > DEEPEST or (size.depth > 1 and size.items > LARGEST):
        raise ValueError(f"its tuples are nested {size.depth} deep with {size.items} items")
    return size


def count_opcodes(data: bytes) -> int:
    """The steps of a pickle. Raises ValueError or LookupError where it is damaged, or would take too much."""
    check = PickleCheck()
    for opcode, argument, _ in pickletools.genops(data):
        check.follow(opcode, argument)
    return check.opcodes
