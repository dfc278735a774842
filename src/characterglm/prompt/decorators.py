"""Decorators at the head of a lorebook entry (`@@depth 2`), and what they ask for.

Knows their grammar and which of them mean something in a chat; nothing about matching. Source:
Character Card V3, "Decorators". What is unknown or malformed is passed over, in favour of its
fallbacks (`@@@…`) where it has any. Which are left out: docs/decisions/lorebook-decorators.md.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, cast

_LINE = re.compile(r"(@{2,3})([A-Za-z_]+)(?:[ \t]+(.*))?$")

Front = Literal["before", "after"]
NoteRole = Literal["system", "user", "assistant"]


@dataclass(frozen=True, slots=True)
class Decorators:
    """The decorators of one entry that apply here; None or empty where there is none."""

    activate: bool = False
    dont_activate: bool = False
    activate_only_after: int | None = None
    activate_only_every: int | None = None
    keep_activate_after_match: bool = False
    dont_activate_after_match: bool = False
    ignore_on_max_context: bool = False
    depth: int | None = None
    reverse_depth: int | None = None
    scan_depth: int | None = None
    is_greeting: int | None = None
    role: NoteRole | None = None
    position: Front | None = None
    additional_keys: tuple[tuple[str, ...], ...] = field(default=())
    """Each group must be hit, whatever other groups say."""
    exclude_keys: tuple[str, ...] = ()


_NONE = Decorators()


def read_decorators(content: str) -> tuple[Decorators, str]:
    """The decorators of an entry, and its text without them."""
    if not content.lstrip().startswith("@@"):
        return _NONE, content.strip()
    lines = content.strip().split("\n")
    found: dict[str, object] = {}
    settled = True
    while lines and (not lines[0].strip() or _LINE.match(lines[0].strip())):
        match = _LINE.match(lines.pop(0).strip())
        if match and (len(match[1]) == 2 or not settled):
            settled = _take(found, match[2].lower(), (match[3] or "").strip())
    return Decorators(**found), "\n".join(lines).strip()  # type: ignore[arg-type]


def _take(found: dict[str, object], name: str, text: str) -> bool:
    """Note one decorator; False if its fallback should be looked at. The first of a name counts."""
    read = _READERS.get(name)
    value = read(text) if read else None
    if value is None:
        return False
    if name == "additional_keys":
        groups = cast("tuple[tuple[str, ...], ...]", found.get(name, ()))
        found[name] = (*groups, value)
    else:
        found.setdefault(name, value)
    return True


def _flag(text: str) -> bool | None:
    return None if text.lower() == "false" else True


def _number(least: int) -> Callable[[str], int | None]:
    def read(text: str) -> int | None:
        known = re.fullmatch(r"-?[0-9]{1,9}", text)
        return int(text) if known and int(text) >= least else None

    return read


def _keys(text: str) -> tuple[str, ...] | None:
    return tuple(key.strip() for key in text.split(",") if key.strip()) or None


_READERS: dict[str, Callable[[str], object]] = {
    "activate": _flag,
    "dont_activate": _flag,
    "keep_activate_after_match": _flag,
    "dont_activate_after_match": _flag,
    "ignore_on_max_context": _flag,
    "activate_only_after": _number(0),
    "activate_only_every": _number(1),
    "depth": _number(-999_999_999),
    "reverse_depth": _number(0),
    "scan_depth": _number(0),
    "is_greeting": _number(0),
    "role": lambda text: text if text in ("system", "user", "assistant") else None,
    "position": {
        "before_desc": "before",
        "after_desc": "after",
        "personality": "after",
        "scenario": "after",
    }.get,
    "additional_keys": _keys,
    "exclude_keys": _keys,
}
