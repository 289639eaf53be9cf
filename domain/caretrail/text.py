"""Text safe to show: nothing in it moves the cursor, hides or reverses the line; numbers with their nouns."""

from __future__ import annotations

import unicodedata


def visible(text: str) -> str:
    r"""Escape characters that would not print: controls, newlines, bidi overrides, surrogates, as `\x1b` or `\u202e`.

    >>> print(visible("a\x1b[2Jb"))
    a\x1b[2Jb
    """
    if text.isprintable():
        return text
    return "".join(
        char if char.isprintable() or unicodedata.category(char) == "Zs" else char.encode("unicode_escape").decode()
        for char in text
    )


def plural(number: int, noun: str, nouns: str = "") -> str:
    """Count things: `1 event`, `12,000 events`; `nouns` is a plural that does not end in s."""
    return f"{number:,} {noun if number == 1 else nouns or f'{noun}s'}"
