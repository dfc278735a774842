"""The values of SillyTavern's world info that our lorebook has fields for.

They stand in world info files (camelCase, in the entry) and in cards (snake_case, in the entry's
`extensions`), so both formats take their lenses from here. Those that our activation does not
know (inclusion groups, sticky, cooldown, …) travel in `extensions.sillytavern`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from characterglm.character.cards.lens import Fields, Lens, Record
from characterglm.character.cards.plain import same

POSITIONS = {"before_character": 0, "after_character": 1, "depth": 4}
_NEAREST = {
    2: "before_character",
    3: "after_character",
    5: "before_character",
    6: "after_character",
}
"""Around the author's note and the examples: places that our prompt has no slot for."""
ROLES = ("system", "user", "assistant")
LOGICS = ("and_any", "not_all", "not_any", "and_all")
EXTRAS = (
    "exclude_recursion",
    "prevent_recursion",
    "delay_until_recursion",
    "display_index",
    "group",
    "group_override",
    "group_weight",
    "use_group_scoring",
    "scan_depth",
    "automation_id",
    "vectorized",
    "sticky",
    "cooldown",
    "delay",
)
PLACE = "extensions.sillytavern"


def number(value: Any) -> int | None:
    """A whole number, or None for anything else, `true` included."""
    return int(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def count(value: Any, default: int) -> int:
    """A number that is at least 0; the default where there is none."""
    found = number(value)
    return default if found is None else max(0, found)


def position_of(value: Any) -> str | None:
    """Our position for a number, None where it is none of theirs."""
    found = number(value)
    ours = {theirs: name for name, theirs in POSITIONS.items()}
    return None if found is None else ours.get(found, _NEAREST.get(found))


def role_of(value: Any) -> str:
    """Our role for a number; `system` where there is none."""
    found = number(value)
    return ROLES[found] if found is not None and 0 <= found < len(ROLES) else "system"


def logic(key: str) -> Lens:
    """How secondary keys count."""

    def read(part: Record) -> Record:
        found = count(part.get(key), 0)
        return {"logic": LOGICS[found] if found < len(LOGICS) else "and_any"}

    def write(fields: Fields) -> Record:
        place = LOGICS.index(fields["logic"])
        return {key: place} if place else {}

    return Lens((key,), ("logic",), read, write)


def probability(key: str, switch: str) -> Lens:
    """How often an entry enters, and whether that counts at all."""

    def read(part: Record) -> Record:
        used = part.get(switch) is not False
        return {"probability": min(100, count(part.get(key), 100)) if used else 100}

    def write(fields: Fields) -> Record:
        percent = fields["probability"]
        return {} if percent == 100 else {key: percent, switch: True}

    return Lens((key, switch), ("probability",), read, write)


def extras(key_of: Callable[[str], str], blank: Record | None = None) -> Lens:
    """Everything that only SillyTavern acts on, under names that both formats share.

    A value that says no more than `blank` is not taken up.
    """
    default = blank or {}
    keys = {key_of(name): name for name in EXTRAS}

    def read(part: Record) -> Record:
        told = {k: v for k, v in part.items() if k not in default or not same(v, default[k])}
        return {PLACE: {keys[key]: value for key, value in told.items()}} if told else {}

    def write(fields: Fields) -> Record:
        values = fields.get(PLACE)
        values = values if isinstance(values, dict) else {}
        return {key: values[name] for key, name in keys.items() if name in values}

    return Lens(tuple(keys), (PLACE,), read, write)
