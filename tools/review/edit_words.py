"""What an edit does, in words: "frames 10 to 80 of 3 given to Anna"."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tracker.cast_memory import told_from_numbers

from ..run.output import count
from .edits import NEW, Edit

Called = Callable[[Any], str]


def told(edit: Edit, names: Mapping[int, str]) -> str:
    """The edit within a sentence; people have the names that they have now."""

    def called(number: Any) -> str:
        return "a new person" if number == NEW else told_from_numbers(names.get(number, "")) or f"person {number}"

    return WORDS[edit["do"]](edit, called)


def _listed(people: list[Any], called: Called) -> str:
    if len(people) > 3:
        return count(len(people), "person", "people")
    return " and ".join(filter(None, [", ".join(map(called, people[:-1])), called(people[-1])]))


def _frames(first: int, last: int) -> str:
    return f"frame {first}" if first == last else f"frames {first} to {last}"


def _when(edit: Edit) -> str:
    last = edit.get("to_frame")
    return f"from frame {edit['from_frame']} on" if last is None else f"in {_frames(edit['from_frame'], last)}"


def _given(edit: Edit, called: Called) -> str:
    last, to = edit.get("to_frame"), called(edit["to"])
    if last is None:
        return f"{called(edit['person'])} given to {to} {_when(edit)}"
    return f"{_frames(edit['from_frame'], last)} of {called(edit['person'])} given to {to}"


def _renamed(edit: Edit, called: Called) -> str:
    name = edit["name"].strip()
    return (
        f"person {edit['person']} called {told_from_numbers(name)}"
        if name
        else f"the name of person {edit['person']} taken away"
    )


def _unboxed(edit: Edit, called: Called) -> str:
    if edit.get("to_frame") is None:
        return f"the box of {called(edit['person'])} in frame {edit['frame']} removed"
    return f"{called(edit['person'])} absent in {_frames(edit['frame'], edit['to_frame'])}"


WORDS: dict[str, Callable[[Edit, Called], str]] = {
    "merge": lambda edit, called: f"{_listed(edit['people'][1:], called)} made part of {called(edit['people'][0])}",
    "split": lambda edit, called: f"{called(edit['person'])} split",
    "move": lambda edit, called: f"{count(len(edit['images']), 'crop')} moved to {called(edit['person'])}",
    "drop": lambda edit, called: f"{count(len(edit['images']), 'crop')} thrown out",
    "delete": lambda edit, called: f"{_listed(edit['people'], called)} deleted",
    "keep": lambda edit, called: f"all but {_listed(edit['people'], called)} deleted",
    "rename": _renamed,
    "box": lambda edit, called: f"the box of {called(edit['person'])} in frame {edit['frame']} set",
    "boxes": lambda edit, called: (
        f"{count(len(edit['frames']), 'box', 'boxes')} of the detector given to {called(edit['person'])}"
    ),
    "unbox": _unboxed,
    "between": lambda edit, called: (
        f"straight lines for {called(edit['person'])} between {edit['from_frame']} and {edit['to_frame']}"
    ),
    "give": _given,
    "swap": lambda edit, called: f"{_listed(edit['people'][:2], called)} swapped {_when(edit)}",
    "reassign": lambda edit, called: "a doubtful moment put right",
    "look": lambda edit, called: f"{count(len(edit['moments']), 'moment')} looked at",
    "unlook": lambda edit, called: f"{count(len(edit['moments']), 'moment')} not looked at",
}
"""By kind, as in `edits.KINDS`."""
