"""Both ways between a foreign record and one of our models, so that nothing is lost.

A `Lens` says how some keys of a record read as some fields of ours, and how those are written
back. Two rules make every round trip exact whatever a record holds: what no lens reads is kept
under `data`; and where writing what was read would not give the very same values, the values
themselves are kept under `raw`, and used again as long as they still say what the model says.
Knows nothing about any one format.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from characterglm.character.cards.plain import same
from characterglm.character.cards.report import Report
from characterglm.character.cards.shapes import Shape

CARD = "card"
"""The extension in which what came in a card keeps what our schema has no place for."""
Model = TypeVar("Model", bound=BaseModel)
Record = dict[str, Any]
Fields = Mapping[str, Any]


@dataclass(frozen=True)
class Lens:
    """How some keys of a record and some fields of a model say the same thing."""

    keys: tuple[str, ...]
    """Keys of the record; a dot leads into a nested one (`extensions.depth`)."""
    places: tuple[str, ...]
    """Fields of the model; `extensions.NAME` for one key of its extensions."""
    read: Callable[[Record], Record]
    """The record's values, those present, by key → the model's values by place."""
    write: Callable[[Fields], Record]
    """All the model's values by place → the record's by key; `Form.blank` fills the rest."""

    @property
    def name(self) -> str:
        """What the raw values are kept under."""
        return self.keys[0]


@dataclass(frozen=True)
class Form:
    """A foreign record: its shape, what it holds when it says nothing, and its lenses."""

    shape: type[Shape]
    blank: Record
    """Keys that every such record has, with the value that means nothing."""
    lenses: tuple[Lens, ...]

    def lens_for(self, place: str) -> Lens | None:
        """The lens that writes a place."""
        return next((lens for lens in self.lenses if place in lens.places), None)

    def written(self, lens: Lens, fields: Fields) -> Record:
        """What a lens's keys hold for some fields."""
        blank = {key: self.blank[key] for key in lens.keys if key in self.blank}
        return blank | lens.write(fields)


class Kept(BaseModel):
    """What a record held beyond our fields; stands in `extensions`, so it may be anybody's."""

    model_config = ConfigDict(extra="ignore")

    data: Record = Field(default_factory=dict)
    """Keys that have no place in the model."""
    raw: dict[str, Record] = Field(default_factory=dict)
    """Values as they were written, by lens, where ours would differ."""
    absent: list[str] = []
    """Keys that the form requires and the record left out."""

    @classmethod
    def of(cls, value: object) -> Kept:
        """What an extension holds; nothing where it is not what we wrote."""
        try:
            return cls.model_validate(value)
        except ValidationError:
            return cls()

    def as_data(self) -> Record:
        """Plain data, without what is empty."""
        return self.model_dump(exclude_defaults=True)


def read_fields(form: Form, record: Record) -> Record:
    """The model's values, by place, that a record of the right shape says."""
    fields: Record = {}
    for lens in form.lenses:
        fields |= lens.read(pick(record, lens.keys))
    return fields


def residue(form: Form, record: Record, fields: Fields) -> Kept:
    """What must be kept so that `write_record` gives the record back."""
    rest = without(record, [key for lens in form.lenses for key in lens.keys])
    own = {key for lens in form.lenses for key in lens.keys}
    blank = {key: value for key, value in form.blank.items() if key not in own}
    kept = Kept(
        data={k: v for k, v in rest.items() if k not in blank or not same(v, blank[k])},
        absent=[key for key in blank if key not in record],
    )
    for lens in form.lenses:
        part = pick(record, lens.keys)
        if not same(part, form.written(lens, fields)):
            kept.raw[lens.name] = part
    return kept


def write_record(form: Form, fields: Fields, kept: Kept) -> Record:
    """The record that says what a model's fields say, with everything that was kept."""
    own = {key for lens in form.lenses for key in lens.keys}
    record = {k: v for k, v in form.blank.items() if k not in own and k not in kept.absent}
    record = copy.deepcopy(record | kept.data)
    for lens in form.lenses:
        part = kept.raw.get(lens.name)
        if part is None or not _still_says(lens, part, fields):
            part = form.written(lens, fields)
        for key, value in part.items():
            plant(record, key, copy.deepcopy(value))
    return {key: record[key] for key in (*form.blank, *record) if key in record}


def _still_says(lens: Lens, part: Record, fields: Fields) -> bool:
    """Whether values read long ago mean what the model's fields say now."""
    try:
        said = lens.read(part)
        return all(fields.get(place) == said.get(place) for place in lens.places)
    except (TypeError, ValueError, AttributeError, KeyError):
        return False  # `extensions` may have been edited into anything


def tell(form: Form, record: Record, kept: Kept, report: Report, under: str) -> None:
    """Report where each key of a record went; `under` names the extension."""
    for lens in form.lenses:
        keys = [key for key, value in pick(record, lens.keys).items() if _says(value)]
        if keys:
            report.add("mapped", ", ".join(keys), ", ".join(lens.places))
    for key, value in kept.data.items():
        if _says(value):
            report.add("kept", key, f"extensions.{under}.data.{key}")


def _says(value: Any) -> bool:
    return value not in (None, "") and value != [] and value != {}


def plain(
    key: str,
    place: str,
    default: Any,
    read: Callable[[Any], Any] = lambda value: value,
    write: Callable[[Any], Any] = lambda value: value,
) -> Lens:
    """One key, one field; an absent or null key reads as the default, which is not written."""

    def read_part(part: Record) -> Record:
        value = part.get(key)
        return {place: copy.copy(default) if value is None else read(value)}

    def write_part(fields: Fields) -> Record:
        return {} if fields[place] == default else {key: write(fields[place])}

    return Lens((key,), (place,), read_part, write_part)


def values_of(model: BaseModel) -> Record:
    """A model's values by place, its extensions one by one."""
    values = {name: getattr(model, name) for name in type(model).model_fields}
    extensions = values.pop("extensions", {})
    return values | {f"extensions.{key}": value for key, value in extensions.items()}


def build(model: type[Model], form: Form, record: Record, under: str) -> Model:
    """A model from a record of the right shape; what must be kept stands in `extensions[under]`."""
    made = assemble(model, read_fields(form, record))
    remember(made, under, residue(form, record, values_of(made)))
    return made


def assemble(model: type[Model], fields: Fields) -> Model:
    """A model from its values by place."""
    own = {key: value for key, value in fields.items() if not key.startswith("extensions.")}
    more = {key.partition(".")[2]: value for key, value in fields.items() if key not in own}
    return model(**own, extensions=more)


def remember(model: BaseModel, under: str, kept: Kept) -> None:
    """Put what must be kept into a model's extensions, unless there is nothing."""
    if data := kept.as_data():
        model.extensions = {**model.extensions, under: data}  # type: ignore[attr-defined]


def pick(record: Record, keys: tuple[str, ...]) -> Record:
    """The values of some dotted keys, those that are there."""
    found: Record = {}
    for key in keys:
        outer, _, inner = key.partition(".")
        if not inner and key in record:
            found[key] = record[key]
        elif inner and isinstance(record.get(outer), dict) and inner in record[outer]:
            found[key] = record[outer][inner]
    return found


def plant(record: Record, key: str, value: Any) -> None:
    """Put a value at a dotted key."""
    outer, _, inner = key.partition(".")
    if not inner:
        record[key] = value
        return
    if not isinstance(record.get(outer), dict):
        record[outer] = {}
    record[outer][inner] = value


def without(record: Record, keys: list[str]) -> Record:
    """A deep copy of a record that lacks some dotted keys."""
    rest = dict(record)
    for key in keys:
        outer, _, inner = key.partition(".")
        if not inner:
            rest.pop(key, None)
        elif isinstance(rest.get(outer), dict):
            rest[outer] = {k: v for k, v in rest[outer].items() if k != inner}
    return copy.deepcopy(rest)
