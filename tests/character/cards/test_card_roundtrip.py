"""Cards V1-V3 as JSON values: nothing is lost on the way in and out, whatever a card holds."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from characterglm.character import (
    Attributes,
    Behaviors,
    Boundaries,
    Character,
    Fact,
    Identity,
    Linguistic,
    Lorebook,
    LoreEntry,
    Relationship,
)
from characterglm.character.cards import card
from characterglm.character.cards.options import Options
from characterglm.character.cards.plain import same
from characterglm.character.cards.report import Report
from characterglm.errors import ValidationFailed

Record = dict[str, Any]

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
words = st.sampled_from(
    ["", "A quiet fox.", "一只安静的狐狸。", " two\r\n\r\nparts ", "line\n\n\nline", "<START>"]
)
prose = words | texts
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(-1e9, 1e9) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=4,
)
unknown = st.dictionaries(texts.map("x_{}".format), json_values, max_size=2)
numbers = st.integers(-5, 200) | st.floats(-5, 200)


def record(required: Record, optional: Record) -> st.SearchStrategy[Record]:
    """Records with some of the optional keys, some of them null, and unknown ones."""
    maybe = {key: value | st.none() for key, value in optional.items()}
    known = st.fixed_dictionaries(required, optional=maybe)
    return st.builds(lambda more, some: more | some, unknown, known)


names = prose.filter(
    lambda name: bool(name.strip(" \r\n\t\x0b\x0c\x85\xa0\u2028\u2029")) and name.strip()
)
flags = st.booleans()
lists = st.lists(prose, max_size=3)
v1_texts = dict.fromkeys(("description", "personality", "scenario", "first_mes"), prose)
examples = st.sampled_from(
    [
        "<START>\n{{user}}: Hi\n{{char}}: Hello\nthere\n<START>\n{{char}}: 你好",
        "{{char}}: one",
        "She says hello.",
        "Night falls.\n<BOT>: who is there?",
        "<start>\n{{User}}：full width",
    ]
)
st_extras = {
    "position": st.integers(-1, 8) | texts,
    "depth": numbers,
    "role": st.integers(-1, 4),
    "probability": numbers,
    "useProbability": flags,
    "selectiveLogic": st.integers(-1, 5),
    "match_whole_words": flags | texts,
    "case_sensitive": flags | texts,
    "sticky": numbers,
    "group": texts,
}
entries = record(
    {"keys": lists, "content": prose | st.just("@@depth 3\n@@@role user\nlore")},
    {
        "extensions": record({}, st_extras),
        "enabled": flags,
        "insertion_order": numbers,
        "case_sensitive": flags,
        "use_regex": flags,
        "name": prose,
        "priority": numbers,
        "id": st.integers(0, 9) | texts | st.just("007"),
        "comment": prose,
        "selective": flags,
        "secondary_keys": lists,
        "constant": flags,
        "position": st.sampled_from(["before_char", "after_char", "", 3]),
    },
)
books = record(
    {"entries": st.lists(entries, max_size=2)},
    {
        "name": prose,
        "description": prose,
        "scan_depth": numbers,
        "token_budget": numbers,
        "recursive_scanning": flags,
        "extensions": unknown,
    },
)
v1_cards = record({"name": names, **v1_texts, "mes_example": prose | examples}, {})
v2_optional = {
    "creator_notes": prose,
    "system_prompt": prose,
    "post_history_instructions": prose,
    "alternate_greetings": lists,
    "tags": lists,
    "creator": prose,
    "character_version": prose,
    "extensions": unknown,
    "character_book": books,
    "mes_example": prose | examples,
    **v1_texts,
}
v3_optional = {
    **v2_optional,
    "nickname": prose,
    "creator_notes_multilingual": st.dictionaries(texts, texts, max_size=2),
    "source": lists,
    "group_only_greetings": lists,
    "creation_date": numbers,
}


def rooted(spec: str, version: str, optional: Record) -> st.SearchStrategy[Record]:
    """A card of a version, with anything around its data, copies of the data among it."""
    versions = st.sampled_from([version, float(version), "9.5", None, "x"])

    def around(data: Record, more: Record, number: Any, copies: bool) -> Record:
        root = more | (copy.deepcopy(data) if copies else {})
        root |= {"spec": spec, "data": data}
        return root if number is None else {**root, "spec_version": number}

    return st.builds(around, record({"name": names}, optional), unknown, versions, flags)


cards = (
    v1_cards
    | rooted("chara_card_v2", "2.0", v2_optional)
    | rooted("chara_card_v3", "3.0", v3_optional)
)


def read(document: Record) -> Character:
    """The character of a card that a file held."""
    return card.read(json.loads(json.dumps(document)), "test", Options(), Report())


@given(cards)
def test_a_foreign_card_comes_back_as_the_equal_json_value(document: Record) -> None:
    version = card.version_of(document)
    assert version is not None
    character = read(document)
    stored = Character.model_validate_json(character.model_dump_json())
    assert same(card.write(stored, version), document)


@given(cards, st.sampled_from(list(card.VERSIONS.values())))
def test_every_card_can_be_written_as_every_version(document: Record, to: card.Version) -> None:
    character = read(document)
    again = read(card.write(character, to))
    assert again.name == character.name
    if to is not card.V1:
        assert again.greetings == character.greetings
        assert again.attributes == character.attributes


facts = st.lists(prose.map(lambda value: Fact(text=value)), max_size=2)
some = st.lists(prose, max_size=2)
characters = st.builds(
    Character,
    id=st.sampled_from(["fox", "狐狸", "fox-2"]),
    name=st.sampled_from(["Fox", "狐狸"]),
    language=st.sampled_from(["zh", "en", "ja"]),
    category=st.sampled_from(["celebrity", "daily_life", "fictional", "virtual_love"]),
    tags=some,
    attributes=st.builds(
        Attributes,
        identity=st.builds(Identity, gender=prose, titles=some, birthplace=prose),
        interests=facts,
        others=facts,
        relationships=st.lists(st.builds(Relationship, name=prose, note=prose), max_size=1),
    ),
    behaviors=st.builds(
        Behaviors, linguistic=st.builds(Linguistic, style=prose), personality=facts
    ),
    scenario=prose,
    greetings=some,
    lorebook=st.none()
    | st.builds(
        Lorebook,
        name=prose,
        scan_depth=st.integers(0, 9),
        token_budget=st.none() | st.integers(0, 900),
        entries=st.lists(
            st.builds(
                LoreEntry,
                id=texts,
                keys=some,
                content=prose | st.just("@@depth 2\nlore"),
                logic=st.sampled_from(["and_any", "and_all", "not_any", "not_all"]),
                position=st.sampled_from(["before_character", "after_character", "depth"]),
                depth=st.integers(0, 9),
                role=st.sampled_from(["system", "user", "assistant"]),
                use_regex=flags,
                selective=flags,
                probability=st.integers(0, 100),
                priority=st.integers(0, 200),
            ),
            max_size=2,
        ),
    ),
    boundaries=st.builds(Boundaries, story_point=prose),
    license=st.sampled_from(["unknown", "CC0-1.0"]),
    authors=some,
    extensions=st.dictionaries(texts.map("y_{}".format), json_values, max_size=1),
)


@given(characters, st.sampled_from([card.V2, card.V3]))
def test_our_own_export_reads_back_as_the_equal_character(
    character: Character, version: card.Version
) -> None:
    assert read(card.write(character, version)) == character


@pytest.mark.parametrize("version", [card.V2, card.V3], ids=lambda version: version.name)
def test_a_visible_text_edited_after_our_export_wins(version: card.Version) -> None:
    character = Character(
        id="fox",
        name="Fox",
        language="en",
        category="daily_life",
        attributes=Attributes(identity=Identity(occupation="baker")),
        behaviors=Behaviors(linguistic=Linguistic(style="terse")),
    )
    document = card.write(character, version)
    document["data"]["description"] = "Fox was a baker.\n\nNow she sails."
    report = Report()
    edited = card.read(document, "test", Options(), report)
    assert [fact.text for fact in edited.attributes.others] == [
        "Fox was a baker.",
        "Now she sails.",
    ]
    assert edited.attributes.identity.occupation == ""
    assert edited.behaviors == character.behaviors
    assert edited.category == "daily_life"
    assert [note.what for note in report.of("warning")] == ["description"]


def test_an_edit_of_ours_is_written_and_the_rest_stays_as_it_was() -> None:
    data = {"name": "Fox", "description": "One.\r\nTwo.", "tags": ["a "], "creator_notes": "hush"}
    document = {"spec": "chara_card_v2", "spec_version": "2.0", "data": data, "name": "Fox"}
    character = read(document)
    character.tags = ["b"]
    character.name = "Vixen"
    written = card.write(character, card.V2)
    assert written["data"] == {**data, "name": "Vixen", "tags": ["b"]}
    assert written["name"] == "Vixen"  # the root's copy follows


def test_where_the_fields_of_a_card_go() -> None:
    report = Report()
    data = {
        "name": "白狐",
        "description": "山里的狐狸。\n\n会说话。",
        "personality": "安静",
        "scenario": "雪夜",
        "first_mes": "你来了。",
        "alternate_greetings": ["又见面了。"],
        "mes_example": "<START>\n{{user}}：冷吗？\n{{char}}：不冷。",
        "creator": "someone",
        "creator_notes": "not for prompts",
        "character_book": {"entries": [{"keys": ["雪"], "content": "雪很深。", "extensions": {}}]},
        "extensions": {"talkativeness": "0.5"},
    }
    character = card.read(
        {"spec": "chara_card_v2", "spec_version": "2.0", "data": data}, "t", Options(), report
    )
    assert (character.language, character.category) == ("zh", "fictional")
    assert [fact.text for fact in character.attributes.others] == ["山里的狐狸。", "会说话。"]
    assert [fact.text for fact in character.behaviors.personality] == ["安静"]
    assert character.greetings == ["你来了。", "又见面了。"]
    assert [(line.speaker, line.text) for line in character.examples[0]] == [
        ("user", "冷吗？"),
        ("character", "不冷。"),
    ]
    assert character.lorebook is not None
    assert character.lorebook.entries[0].keys == ["雪"]
    assert character.authors == ["someone"]
    assert character.extensions["card"]["data"] == {
        "creator_notes": "not for prompts",
        "extensions": {"talkativeness": "0.5"},
    }
    lines = [str(note) for note in report.notes]
    assert "mapped: description → attributes" in lines
    assert "kept: creator_notes → extensions.card.data.creator_notes" in lines


def test_every_field_of_a_wrong_type_is_reported_at_once() -> None:
    data = {
        "name": 5,
        "description": ["x"],
        "tags": "fox",
        "alternate_greetings": [1],
        "character_book": {"entries": [{"keys": [2], "content": {}, "enabled": "yes"}]},
    }
    with pytest.raises(ValidationFailed) as failure:
        read({"spec": "chara_card_v2", "spec_version": "2.0", "data": data})
    assert {problem.field for problem in failure.value.problems} == {
        "name",
        "description",
        "tags",
        "alternate_greetings.0",
        "character_book.entries.0.keys.0",
        "character_book.entries.0.content",
        "character_book.entries.0.enabled",
    }


def test_a_list_of_many_wrong_values_is_one_problem() -> None:
    data = {"name": "Fox", "alternate_greetings": [1] * 100_000}
    with pytest.raises(ValidationFailed) as failure:
        read({"spec": "chara_card_v2", "spec_version": "2.0", "data": data})
    assert [problem.field for problem in failure.value.problems] == ["alternate_greetings"]


def test_a_text_of_endless_paragraphs_stays_one_fact() -> None:
    character = read({"name": "Fox", "description": "a\n\n" * 20_000, "first_mes": ""})
    assert len(character.attributes.others) == 1


def test_a_newer_version_is_read_with_a_warning() -> None:
    report = Report()
    document = {"spec": "chara_card_v4", "spec_version": "4.0", "data": {"name": "Fox", "soul": 1}}
    character = card.read(document, "test", Options(), report)
    assert [note.what for note in report.of("warning")] == ["chara_card_v4 4.0"]
    assert same(card.write(character, card.V3), document)


@pytest.mark.parametrize(
    "extension",
    [5, {"character": {"name": []}}, {"character": {}, "sha256": []}, {"character": {"soul": 1}}],
)
def test_somebody_elses_extension_of_our_name_is_kept_unread(extension: Any) -> None:
    data = {"name": "Fox", "description": "red", "extensions": {"characterglm": extension}}
    document = {"spec": "chara_card_v2", "spec_version": "2.0", "data": data}
    assert same(card.write(read(document), card.V2), document)


@pytest.mark.parametrize(
    "memory", [5, {"raw": 3}, {"raw": {"description": {"description": 5}}}, {"mirrored": [[]]}]
)
def test_an_extension_edited_by_hand_does_no_harm(memory: Any) -> None:
    character = Character(id="fox", name="Fox", language="en", category="fictional")
    character.extensions = {"card": memory}
    assert card.write(character, card.V2)["data"]["name"] == "Fox"
