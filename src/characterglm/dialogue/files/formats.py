"""What a dialogue format is, and what passes through one; knows none of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

from pydantic import ValidationError

from characterglm.character.cards.report import Report
from characterglm.character.cards.shapes import Shape, check
from characterglm.character.schema import Character, slugify
from characterglm.dialogue.schema import Dialogue
from characterglm.errors import InputError

Value = dict[str, Any]
GreetingMode = Literal["kept", "placeholder", "system"]
"""How a dialogue that the character opens is written for tools that want the user first: as it
is; after a placeholder for the user; or folded into the system text."""


@dataclass(frozen=True, slots=True)
class Record:
    """One dialogue of a file, decoded, and the 1-based line on which it begins."""

    line: int
    value: Any


@dataclass
class Reading:
    """What a reader may need besides the record."""

    character: str | None = None
    """Id of the character, where the reading person named one."""
    report: Report = field(default_factory=Report)

    def character_id(self, name: str = "") -> str:
        """The id of the character of a dialogue whose format calls it `name`."""
        if self.character is not None:
            return self.character
        if not name.strip():
            raise InputError("names no character: say which with --character ID")
        return slugify(name)

    def keep(self, rest: Mapping[str, Any], under: str) -> Value:
        """Extensions for what has no place of its own; the report says so."""
        for key in rest:
            self.report.add("kept", key, f"extensions.{under}")
        return {under: dict(rest)} if rest else {}


@dataclass(frozen=True, slots=True)
class Item:
    """One dialogue read."""

    dialogue: Dialogue
    profile: Value | None = None
    """The record, where it describes the character too; see `Format.describe`."""


@dataclass(frozen=True)
class Format:
    """One way in which others, or we, keep dialogues. Each record must be a JSON object."""

    name: str
    """What `--format` calls it."""
    title: str
    recognises: Callable[[Value], bool]
    """Whether the first record of a file looks like this format."""
    read: Callable[[Value, Reading], Dialogue]
    """Raises InputError or pydantic's ValidationError for a record that cannot be used."""
    write: Callable[[Dialogue, GreetingMode], Value] | None = None
    """None where the format is only read."""
    mapped: tuple[tuple[str, str], ...] = ()
    """(their name, ours), for the report."""
    gather: Callable[[Iterable[Record]], Iterator[Record]] = iter
    """The records of the dialogues, from those of the file."""
    spread: Callable[[Value], list[Value]] = lambda value: [value]
    """The reverse: what to write to the file for one record."""
    single: bool = False
    """Whether a file holds exactly one dialogue."""
    complete: bool = False
    """Whether a record says everything of a dialogue, the id of its character included."""
    describe: Callable[[Value, Report], Character] | None = None
    """The character of a record, where it carries a profile too."""


S = TypeVar("S", bound=Shape)


def shaped(shape: type[S], record: Any) -> S:
    """A record as a shape. Raises ValidationFailed with every place that is not of it."""
    try:
        return shape.model_validate(record)
    except ValidationError:
        check(shape, record, "record")
        raise
