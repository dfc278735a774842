"""Our typed profile inside a foreign card: `data.extensions["characterglm"]`.

Holds what the card's visible fields cannot say, and only that; and who the user is (`user`), where
the character was made for one. Beside each typed field stands the
sha256 of the visible text that was written from it: where another tool has edited the text since,
the text wins and the report says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from characterglm.character.cards.lens import CARD, Form, Record, pick, read_fields, values_of
from characterglm.character.cards.options import Options, make
from characterglm.character.cards.plain import digest, same
from characterglm.character.cards.report import Report
from characterglm.character.schema import Character, Persona

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
    user: Any = None
    """The persona of the user, of any form: what is odd in it is no reason to doubt the rest."""


def put_in(data: Record, character: Character, form: Form) -> None:
    """Add the extension to a card's data if the card without it would say less."""
    bare = make(read_fields(form, data), Options(), Report(), "the card")
    mine, theirs = (each.model_dump(mode="json") for each in (character, bare))
    typed = {k: v for k, v in mine.items() if k not in _ELSEWHERE and not same(v, theirs[k])}
    user, more = _user_apart(mine["extensions"])
    if more:
        typed["extensions"] = more
    if not typed and user is None:
        return
    visible = {
        place: digest(pick(data, lens.keys)) for place in typed if (lens := form.lens_for(place))
    }
    content = Typed(character={"id": character.id, **typed}, sha256=visible, user=user)
    extensions = data.get("extensions")
    data["extensions"] = {**(extensions or {}), NAME: _as_data(content)}


def _as_data(content: Typed) -> Record:
    """Plain data; no user at all where there is none."""
    return content.model_dump(exclude={"user"} if content.user is None else set())


def user_of(extensions: Mapping[str, Any]) -> Any:
    """The persona of the user that a character's extensions hold; None where they hold none."""
    ours = extensions.get(NAME)
    return ours.get("user") if isinstance(ours, dict) else None


def persona_of(character: Character) -> Persona:
    """Who the user is by the character's card; nobody in particular where it does not say."""
    try:
        return Persona.model_validate(user_of(character.extensions) or {})
    except ValidationError:
        # An odd value stays in the extensions; it is no reason to refuse a talk.
        return Persona()


def _user_apart(extensions: Record) -> tuple[Any, Record]:
    """The user, and what else a character's extensions hold, the memory of its card apart."""
    more = {key: value for key, value in extensions.items() if key != CARD}
    user = user_of(extensions)
    if user is not None:
        ours = {key: value for key, value in more.pop(NAME).items() if key != "user"}
        more |= {NAME: ours} if ours else {}
    return user, more


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
    if typed.user is not None:
        ours = chosen.get(f"extensions.{NAME}")
        more = ours if isinstance(ours, dict) else {}
        chosen[f"extensions.{NAME}"] = {**more, "user": typed.user}
    report.add("mapped", f"extensions.{NAME}", ", ".join(chosen))
    return chosen


def _stated(place: str, typed: Typed) -> bool:
    key, _, inner = place.partition(".")
    value: Any = typed.character.get(key)
    return key in typed.character and (not inner or (inner != CARD and inner in value))
