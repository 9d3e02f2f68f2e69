"""`--help` of every command: what people use, in a screen or two; `--help-all`: everything."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from typing import Annotated, Any, get_type_hints

import pytest
from tyro.conf import FlagCreatePairsOff, Positional, arg

from tools.cli import VERBS, Verb
from tools.run.help import Advanced, Common, help_text

LINES, COLUMNS = 60, 80


def commands(choice: dict[str, Any], words: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    for word, verb in choice.items():
        command = verb.load() if isinstance(verb, Verb) else verb
        said = (*words, word)
        yield from commands(command, said) if isinstance(command, dict) else [(" ".join(said), command)]


COMMANDS = dict(commands(VERBS))


@pytest.mark.parametrize("words", COMMANDS)
def test_every_command_shows_what_people_use_in_sixty_lines_and_where_the_rest_is(words: str):
    prog = f"followspot {words}"
    lines = help_text(COMMANDS[words], prog, width=COLUMNS).splitlines()
    assert len(lines) <= LINES
    assert max(map(len, lines)) <= COLUMNS
    assert f"{prog} --help-all shows everything." in " ".join(" ".join(lines[-2:]).split())


def test_a_benchmark_of_recipes_needs_its_data_alone():
    help = help_text(COMMANDS["benchmark recipes"], "followspot benchmark recipes", width=COLUMNS)
    assert help.splitlines()[0] == "usage: followspot benchmark recipes --data PATH [OPTIONS]"


def test_what_may_be_left_out_stands_in_brackets():
    """A run's folder alone is drawn, or a video and its tracks."""
    help = help_text(COMMANDS["render"], "followspot render", width=COLUMNS)
    assert help.splitlines()[0] == "usage: followspot render SOURCE [TRACKS] [OPTIONS]"


@pytest.mark.parametrize("words", COMMANDS)
def test_the_fields_marked_as_common_exist(words: str):
    hints = get_type_hints(COMMANDS[words], include_extras=True)
    for hint in hints.values():
        for mark in getattr(hint, "__metadata__", ()):
            if isinstance(mark, Common):
                assert set(mark.names) <= {each.name for each in fields(hint.__origin__)}


@dataclass(frozen=True)
class Lights:
    """How bright it is."""

    brightness: float = 0.5
    """From 0 to 1. More than that burns."""
    colour: str = "white"
    """Of all lamps."""


@dataclass(frozen=True)
class Sound:
    """How loud it is."""

    volume: int = 3
    """In steps."""
    lights: Lights = field(default_factory=Lights)


@dataclass(frozen=True)
class Show:
    """Put on a show.

    It goes on.
    """

    dancers: Positional[tuple[str, ...]]
    """Who dances."""
    stage: str
    """Where: a very long sentence that no-one could get into two lines of a terminal however wide they thought it to
    be, so that it is cut somewhere."""
    seats: int | None = None
    """For so many."""
    fog: FlagCreatePairsOff[bool] = False
    """Let there be fog."""
    encore: bool = True
    """Come back."""
    trapdoor: Annotated[int, Advanced] = 7
    """Its number."""
    lights: Annotated[Lights, arg(name="")] = field(default_factory=Lights)
    sound: Annotated[Sound, arg(name="")] = field(default_factory=Sound)
    spots: Lights = field(default_factory=Lights)
    followspot: Annotated[Lights, Common(("colour",))] = field(default_factory=Lights)


def flags(text: str) -> list[str]:
    return re.findall(r"^  (-.*?|[A-Z]+ ?(?:\.\.\.)?)(?:  .*)?$", text, re.MULTILINE)


def test_parts_of_parts_and_what_is_marked_are_left_to_help_all():
    text = help_text(Show, "show", width=80)
    every = ["--config FILE", "-h, --help", "--help-all"]
    plain = ["DANCERS ...", "--stage STR", "--seats INT", "--fog", "--[no-]encore"]
    parts = ["--brightness FLOAT", "--colour STR", "--volume INT", "--followspot.colour STR"]
    assert flags(text) == [*plain, *parts, *every]
    hidden = ["--trapdoor INT", "--lights.brightness FLOAT", "--lights.colour STR", "--spots.brightness FLOAT"]
    hidden += ["--spots.colour STR", "--followspot.brightness FLOAT"]
    everything = help_text(Show, "show", width=80, everything=True)
    assert sorted(flags(everything)) == sorted([*plain, *parts, *every, *hidden])
    assert "6 more options, and more on these: show --help-all shows everything." in text


def test_an_option_gets_two_lines_and_its_default_and_all_of_them_on_demand():
    short, whole = (" ".join(help_text(Show, "show", width=80, everything=all).split()) for all in (False, True))
    assert short.startswith("usage: show DANCERS ... --stage STR [OPTIONS] Put on a show. It goes on. arguments:")
    assert (
        "Where: a very long sentence that no-one could get into two lines of a terminal however wide they ... --"
        in short
    )
    assert "however wide they thought it to be, so that it is cut somewhere. --" in whole
    assert "For so many. --fog Let there be fog. --[no-]encore Come back. (default: True)" in short
    assert "From 0 to 1. More than that burns. (default: 0.5)" in whole


def test_on_a_narrow_terminal_words_stay_whole():
    lines = help_text(Show, "show", width=30).splitlines()
    assert "  --followspot.colour STR" in lines
    assert all(len(line) <= 30 or " " not in line.strip() for line in lines)
    assert "      Let there be fog." in lines
