"""The people of report.html: a card each, with a picture and a strip of poses, each of which seeks in the video."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from html import escape

from ..cast_memory import told_from_numbers
from ..drawing.colours import colour_of, css
from .clock import clock, span
from .portraits import Portrait
from .presence import Person


def people_cards(people: list[Person], names: Mapping[int, str], portraits: Mapping[int, Portrait]) -> str:
    """The section of the people who have pictures; nothing where none has."""
    cards = "\n".join(_card(person, names, portraits[person.id]) for person in people if person.id in portraits)
    if not cards:
        return ""
    return section("people", "People", f'<div class="cards">\n{cards}\n</div>')


def section(name: str, title: str, content: str) -> str:
    """A part of the page under its own heading."""
    return f'<section aria-labelledby="{name}"><h2 id="{name}">{title}</h2>{content}</section>'


def face(portrait: Portrait | None) -> str:
    """The small picture beside a name; nothing where there is none."""
    return f'<img class="face" alt="" src="{data_address(portrait.best.jpeg)}">' if portrait else ""


def named(identity: int, names: Mapping[int, str]) -> str:
    """A person's name, or number where there is no name."""
    return told_from_numbers(names[identity]) if identity in names else str(identity)


def who(identity: int, names: Mapping[int, str]) -> str:
    """A person's colour and name, or number where there is no name."""
    return f"<i></i><b><bdi>{escape(named(identity, names))}</bdi></b>"


def data_address(jpeg: bytes) -> str:
    """A JPEG as the address of a picture: it is part of the page."""
    return f"data:image/jpeg;base64,{b64encode(jpeg).decode()}"


def _card(person: Person, names: Mapping[int, str], portrait: Portrait) -> str:
    name = named(person.id, names)
    facts = [f"id {person.id}"] if person.id in names else []
    facts += [f"{span(person.seconds)} on stage"]
    facts += [f"{len(person.stays)} stays"] if len(person.stays) > 1 else []
    poses = "".join(
        f'<button data-time="{pose.time:.3f}" aria-label="{escape(name)} at {clock(pose.time)}">'
        f'<img alt="" loading="lazy" width="{pose.size[0]}" height="{pose.size[1]}" src="{data_address(pose.jpeg)}">'
        f"<span>{clock(pose.time)[:-2]}</span></button>"
        for pose in portrait.poses
    )
    return (
        f'<article class="card" style="--colour:{css(colour_of(person.id))}">'
        f'<h3><span class="name">{who(person.id, names)}</span> <small>{" · ".join(facts)}</small></h3>'
        f'<div class="poses">{poses}</div></article>'
    )
