"""Character Card V1 ⊂ V2 ⊂ V3 ↔ `Character`: one set of lenses, each version adding to the last.

Works on JSON values; where these lie (a JSON file, a PNG's chunk, a CHARX archive) is the business
of the modules that carry them. Specifications: malfoyslastname/character-card-spec-v2 and
kwaroran/character-card-spec-v3.

What a card says beyond our schema stands in `character.extensions["card"]` and comes back on
export; `data` there holds the keys of the card's own data, among them `system_prompt`,
`post_history_instructions` and `nickname`, which a prompt may use, and `creator_notes`, which none
may.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from characterglm.character.cards import own
from characterglm.character.cards.book import BOOK_V2, BOOK_V3, book_lens
from characterglm.character.cards.lens import (
    CARD,
    Fields,
    Form,
    Kept,
    Lens,
    Record,
    plain,
    read_fields,
    residue,
    tell,
    values_of,
    write_record,
)
from characterglm.character.cards.options import Options, make, sample_of
from characterglm.character.cards.plain import same
from characterglm.character.cards.report import Report
from characterglm.character.cards.shapes import RootShape, Shape, V1Shape, V2Shape, V3Shape, check
from characterglm.character.cards.texts import (
    paragraphs,
    parse_examples,
    text,
    texts,
    write_attributes,
    write_behaviors,
    write_examples,
)
from characterglm.character.schema import Attributes, Behaviors, Character


def _greetings(*keys: str) -> Lens:
    def read(part: Record) -> Record:
        return {"greetings": texts([part.get(keys[0]), *(part.get("alternate_greetings") or [])])}

    def write(fields: Fields) -> Record:
        first, *others = fields["greetings"] or [""]
        return {"first_mes": first, **({"alternate_greetings": others} if len(keys) > 1 else {})}

    return Lens(keys, ("greetings",), read, write)


_V1_LENSES = (
    Lens(("name",), ("name",), lambda p: {"name": text(p["name"])}, lambda f: {"name": f["name"]}),
    Lens(
        ("description",),
        ("attributes",),
        lambda part: {"attributes": Attributes(others=paragraphs(part.get("description")))},
        lambda fields: {"description": write_attributes(fields["attributes"], fields["language"])},
    ),
    Lens(
        ("personality",),
        ("behaviors",),
        lambda part: {"behaviors": Behaviors(personality=paragraphs(part.get("personality")))},
        lambda fields: {"personality": write_behaviors(fields["behaviors"], fields["language"])},
    ),
    plain("scenario", "scenario", "", text),
    plain("mes_example", "examples", [], parse_examples, write_examples),
)
_V2_LENSES = (
    *_V1_LENSES,
    _greetings("first_mes", "alternate_greetings"),
    plain("tags", "tags", [], texts),
    plain("creator", "authors", [], lambda value: texts([value]), ", ".join),
)
_V1_BLANK = dict.fromkeys(
    ("name", "description", "personality", "scenario", "first_mes", "mes_example"), ""
)
_V2_BLANK: Record = {
    **_V1_BLANK,
    "creator_notes": "",
    "system_prompt": "",
    "post_history_instructions": "",
    "alternate_greetings": [],
    "tags": [],
    "creator": "",
    "character_version": "",
    "extensions": {},
}


@dataclass(frozen=True)
class Version:
    """One version of the specification."""

    name: str
    form: Form
    """The record that holds the character."""
    spec: str = ""
    """What its root calls itself; empty for V1, whose root is the record."""
    number: str = ""

    @property
    def root(self) -> Form:
        """The record around `data`, without it."""
        return Form(Shape, {"spec": self.spec, "spec_version": self.number}, ())


V1 = Version("v1", Form(V1Shape, _V1_BLANK, (*_V1_LENSES, _greetings("first_mes"))))
V2 = Version(
    "v2", Form(V2Shape, _V2_BLANK, (*_V2_LENSES, book_lens(BOOK_V2))), "chara_card_v2", "2.0"
)
V3 = Version(
    "v3",
    Form(
        V3Shape,
        {**_V2_BLANK, "group_only_greetings": []},
        (*_V2_LENSES, book_lens(BOOK_V3)),
    ),
    "chara_card_v3",
    "3.0",
)
VERSIONS = {version.name: version for version in (V1, V2, V3)}


def version_of(value: Any) -> Version | None:
    """Which version a JSON value is a card of; None for anything else."""
    if not isinstance(value, dict):
        return None
    spec, data = value.get("spec"), value.get("data")
    if isinstance(data, dict) and isinstance(spec, str) and spec.startswith("chara_card_v"):
        return V2 if spec == V2.spec else V3
    if isinstance(data, dict) and "name" in data and not {"name", "spec"} & value.keys():
        return V2
    marks = {"first_mes", "mes_example", "personality", "description"} & value.keys()
    return V1 if "name" in value and "spec" not in value and len(marks) >= 2 else None


def read(document: Record, what: str, options: Options, report: Report) -> Character:
    """The character of a card; raises `ValidationFailed` with every wrong field."""
    version = version_of(document) or V1
    data = _data_of(document, version, what)
    report.format = version.name
    _warn_of_newer(document, version, report)
    data, typed = own.take_out(data, report)
    visible = read_fields(version.form, data)
    fields = visible | own.choose(version.form, data, typed, report)
    character = make(fields, options, report, what, sample_of(visible))
    kept = residue(version.form, data, values_of(character))
    tell(version.form, data, kept, report, CARD)
    memory = _memory(document, data, version, kept)
    if memory:
        character.extensions = {**character.extensions, CARD: memory}
    return character


def _data_of(document: Record, version: Version, what: str) -> Record:
    if version is V1:
        check(V1Shape, document, what)
        return document
    check(RootShape, document, what)
    check(version.form.shape, document["data"], what)
    data: Record = document["data"]
    return data


def _warn_of_newer(document: Record, version: Version, report: Report) -> None:
    spec, number = document.get("spec"), document.get("spec_version")
    try:
        newer = version is not V1 and float(number or 0) > float(version.number)
    except ValueError:
        newer = False
    if newer or (version is V3 and spec != V3.spec):
        named = f"{spec} {number}"
        report.add("warning", named, why="newer than this program; unknown fields are kept")


def _memory(document: Record, data: Record, version: Version, kept: Kept) -> Record:
    """What the extension holds: nothing for a card that says no more than our schema."""
    memory = kept.as_data()
    if version is not V1:
        around = {key: value for key, value in document.items() if key != "data"}
        mirrored = [key for key, value in around.items() if key in data and same(value, data[key])]
        rest = {key: value for key, value in around.items() if key not in mirrored}
        root = residue(version.root, rest, {}).as_data()
        memory |= {key: value for key, value in (("root", root), ("mirrored", mirrored)) if value}
    return {"spec": version.name, **memory} if memory else {}


def memory_of(character: Character) -> Record:
    """What a character's extension remembers of its card."""
    memory = character.extensions.get(CARD)
    return memory if isinstance(memory, dict) else {}


def source_version(character: Character) -> Version:
    """The version that a character came in; V3 for one that came in none."""
    spec = memory_of(character).get("spec")
    return VERSIONS.get(spec, V3) if isinstance(spec, str) else V3


def write(character: Character, version: Version, assets: list[Record] | None = None) -> Record:
    """The card of a character; `assets` are the items of a V3 card's list, None for no list."""
    memory = memory_of(character)
    kept, same_version = Kept.of(memory), memory.get("spec") == version.name
    if not same_version:
        kept.absent = []
    if assets is not None:
        kept.data["assets"] = assets
    data = write_record(version.form, values_of(character), kept)
    if version is V1:
        return data
    own.put_in(data, character, version.form)
    return _around(data, version, memory, same_version)


def _around(data: Record, version: Version, memory: Record, same_version: bool) -> Record:
    kept = Kept.of(memory.get("root"))
    if not same_version:
        kept = Kept(data={k: v for k, v in kept.data.items() if k not in version.root.blank})
    root = write_record(version.root, {}, kept)
    names = memory.get("mirrored")
    mirrored = [key for key in data if key in names] if isinstance(names, list) else []
    return {**root, **{key: data[key] for key in mirrored}, "data": data}
