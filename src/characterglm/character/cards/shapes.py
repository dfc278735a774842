"""What other people's records must look like to be read: their keys and the types these have.

Strict about types and open to unknown keys; null stands for an absent value, as many tools write
it. Meaning is the lenses' business.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from characterglm.character.wording import problems_of
from characterglm.character.yamlfile import dotted
from characterglm.errors import Problem, ValidationFailed

MAX_PROBLEMS = 50
"""A list of ten thousand numbers where texts should stand is one mistake, not ten thousand."""

MAX_ITEMS = 20_000
"""Texts of one list; each wrong one costs a kilobyte before it can be reported."""

OptText = str | None
OptTexts = Annotated[list[str], Field(max_length=MAX_ITEMS)] | None
OptNumber = int | float | None
OptFlag = bool | None
OptDict = dict[str, Any] | None


class Shape(BaseModel):
    """Base of all shapes."""

    model_config = ConfigDict(strict=True, extra="allow")


def check(shape: type[Shape], record: Any, what: str) -> None:
    """Raise `ValidationFailed` with every place where a record is not of a shape."""
    try:
        shape.model_validate(record)
    except ValidationError as error:
        found: dict[str, str] = {}
        for path, message in problems_of(error, shape, record):
            found.setdefault(dotted(path), message)  # a union complains once for each branch
        problems = [Problem(message, field) for field, message in found.items()]
        if len(problems) > MAX_PROBLEMS:
            more = f"and {len(problems) - MAX_PROBLEMS} more of this kind"
            problems = [*problems[:MAX_PROBLEMS], Problem(more)]
        raise ValidationFailed(what, problems) from None


class EntryShape(Shape):
    """One entry of a card's book (V2, V3)."""

    keys: OptTexts = None
    content: OptText = None
    extensions: OptDict = None
    enabled: OptFlag = None
    insertion_order: OptNumber = None
    case_sensitive: OptFlag = None
    use_regex: OptFlag = None
    name: OptText = None
    priority: OptNumber = None
    id: int | float | str | None = None
    comment: OptText = None
    selective: OptFlag = None
    secondary_keys: OptTexts = None
    constant: OptFlag = None


MAX_ENTRIES = 10_000


class BookShape(Shape):
    """A card's book (V2, V3)."""

    name: OptText = None
    description: OptText = None
    scan_depth: OptNumber = None
    token_budget: OptNumber = None
    recursive_scanning: OptFlag = None
    extensions: OptDict = None
    entries: Annotated[list[EntryShape], Field(max_length=MAX_ENTRIES)] | None = None


class V1Shape(Shape):
    """A V1 card."""

    name: str
    description: OptText = None
    personality: OptText = None
    scenario: OptText = None
    first_mes: OptText = None
    mes_example: OptText = None


class V2Shape(V1Shape):
    """The `data` of a V2 card."""

    creator_notes: OptText = None
    system_prompt: OptText = None
    post_history_instructions: OptText = None
    alternate_greetings: OptTexts = None
    character_book: BookShape | None = None
    tags: OptTexts = None
    creator: OptText = None
    character_version: OptText = None
    extensions: OptDict = None


MAX_ASSETS = 5_000


class AssetShape(Shape):
    """One asset of a V3 card."""

    type: str
    uri: str
    name: str
    ext: str


class V3Shape(V2Shape):
    """The `data` of a V3 card."""

    assets: Annotated[list[AssetShape], Field(max_length=MAX_ASSETS)] | None = None
    nickname: OptText = None
    creator_notes_multilingual: Annotated[dict[str, str], Field(max_length=MAX_ITEMS)] | None = None
    source: OptTexts = None
    group_only_greetings: OptTexts = None
    creation_date: OptNumber = None
    modification_date: OptNumber = None


class RootShape(Shape):
    """A V2 or V3 card around its `data`."""

    spec: OptText = None
    spec_version: str | int | float | None = None
    data: dict[str, Any]
