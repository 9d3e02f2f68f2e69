"""What a page asks for, checked: numbers of an address, and the JSON object of a change."""

from __future__ import annotations

import math
from typing import Any

from starlette.requests import Request

from tracker.types import InputError

from .edits import FARTHEST
from .json_files import parsed

LARGEST_REQUEST = 4_000_000
MAX_DIGITS = 9


def number(request: Request, name: str) -> int:
    """A count in the address. Raises InputError."""
    text = request.query_params.get(name, "")
    if not text.isascii() or not text.isdecimal() or len(text) > MAX_DIGITS:
        raise InputError(f"{name} must be a number from 0 on, of {MAX_DIGITS} digits at most, not {text[:20]!r}")
    return int(text)


def coordinate(request: Request, name: str) -> float:
    """A place in pixels in the address. Raises InputError."""
    text = request.query_params.get(name, "")
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not abs(value) <= FARTHEST:
        raise InputError(f"{name} must be a number of pixels, not {text[:20]!r}")
    return value


def asked_frame(request: Request) -> tuple[str, int]:
    """The video and the number of a frame. Raises InputError."""
    return request.query_params.get("video", ""), number(request, "frame")


async def wish_of(request: Request) -> dict[str, Any]:
    """The JSON object a page sent. Raises InputError where it is none, or far too large."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST_REQUEST:
            raise InputError("this is too much for one edit; make it in several")
    try:
        wish = parsed(body)
    except ValueError as error:
        raise InputError(f"a change must be a JSON object ({error})") from error
    if not isinstance(wish, dict):
        raise InputError("a change must be a JSON object")
    return wish
