"""Addresses of streams, as they may be shown to others."""

from __future__ import annotations

import re

_USERS_PASSWORD = re.compile(r"(?<=://)([^/?#@:\s]*:)[^/?#\s]*@")
_QUERY_SECRET = re.compile(r"([?&;][^=&;#\s]*(?:pass|pw|token|secret|key|auth|sig)[^=&;#\s]*=)[^&;#\s]*", re.IGNORECASE)
"""Fields of a query whose names tell of a password."""


def without_secrets(text: str) -> str:
    """An address, or words with one, with *** for the passwords in it, before the host or in the query."""
    if "://" not in text:
        return text
    return _QUERY_SECRET.sub(r"\1***", _USERS_PASSWORD.sub(r"\1***@", text))
