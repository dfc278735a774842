"""Our typed profile inside a foreign card: `data.extensions["characterglm"]`.

Holds what the card's visible fields cannot say, and only that. Beside each typed field stands the
sha256 of the visible text that was written from it: where another tool has edited the text since,
the text wins and the report says so.
"""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from characterglm.character.cards.lens import CARD, Form, Record, pick, read_fields, values_of
from characterglm.character.cards.options import Options, make
from characterglm.character.cards.plain import digest, same
from characterglm.character.cards.report import Report
from characterglm.character.schema import Character

NAME = "characterglm"
_ELSEWHERE = {"schema_version", "id", "assets", "extensions"}
"""Not compared: assets lie beside the card, and an id belongs to a library, not to a person."""


class Typed(BaseModel):
    """The extension's content."""

    model_config = ConfigDict(extra="forbid", strict=True)

    schema_version: int = 1
    character: Record
    """Fields of `Character` as its JSON has them."""
    sha256: dict[str, str] = {}
    """By field: the digest of the visible values that were written from it."""


def put_in(data: Record, character: Character, form: Form) -> None:
    """Add the extension to a card's data if the card without it would say less."""
    bare = make(read_fields(form, data), Options(), Report(), "the card")
    mine, theirs = (each.model_dump(mode="json") for each in (character, bare))
    typed = {k: v for k, v in mine.items() if k not in _ELSEWHERE and not same(v, theirs[k])}
    more = {key: value for key, value in mine["extensions"].items() if key != CARD}
    if more:
        typed["extensions"] = more
    if not typed:
        return
    visible = {
        place: digest(pick(data, lens.keys)) for place in typed if (lens := form.lens_for(place))
    }
    content = Typed(character={"id": character.id, **typed}, sha256=visible)
    extensions = data.get("extensions")
    data["extensions"] = {**(extensions or {}), NAME: content.model_dump()}


def take_out(data: Record, report: Report) -> tuple[Record, Typed | None]:
    """A card's data without the extension, and the extension."""
    extensions = data.get("extensions")
    if not isinstance(extensions, dict) or NAME not in extensions:
        return data, None
    try:
        typed = Typed.model_validate(extensions[NAME])
        Character.model_validate({**_ANYBODY, **typed.character})
    except ValidationError:
        report.add("warning", f"extensions.{NAME}", why="not in a form that we write; kept unread")
        return data, None
    rest = {key: value for key, value in extensions.items() if key != NAME}
    return {**data, "extensions": rest}, typed


_ANYBODY: Record = {"id": "x", "name": "x", "language": "en", "category": "fictional"}


def choose(form: Form, data: Record, typed: Typed | None, report: Report) -> Record:
    """The typed values that hold: those whose visible text nobody has edited since."""
    if typed is None:
        return {}
    chosen: Record = {}
    values = values_of(Character.model_validate({**_ANYBODY, **typed.character}))
    for place in values:
        if not _stated(place, typed):
            continue
        lens = form.lens_for(place)
        if lens and digest(pick(data, lens.keys)) != typed.sha256.get(place):
            visible = ", ".join(lens.keys)
            report.add("warning", visible, place, "edited since our export; the edit wins")
        else:
            chosen[place] = values[place]
    report.add("mapped", f"extensions.{NAME}", ", ".join(chosen))
    return chosen


def _stated(place: str, typed: Typed) -> bool:
    key, _, inner = place.partition(".")
    value: Any = typed.character.get(key)
    return key in typed.character and (not inner or (inner != CARD and inner in value))
