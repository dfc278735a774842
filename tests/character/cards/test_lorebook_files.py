"""Lorebooks as files: world info and `lorebook_v3`, and what they share with books in cards."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from characterglm.character import Lorebook, LoreEntry
from characterglm.character.cards import read_card, write_lorebook
from characterglm.character.cards.book import BOOK_V2, BOOK_V3, read_book, write_book
from characterglm.character.cards.plain import same
from characterglm.character.cards.world_info import WORLD, read_world, write_world
from characterglm.errors import ValidationFailed

Record = dict[str, Any]

WORLD_FILE = {
    "entries": {
        "0": {
            "uid": 0,
            "key": ["雪", "snow"],
            "keysecondary": ["山"],
            "comment": "weather",
            "content": "It snows. 下雪了。",
            "constant": False,
            "selective": True,
            "selectiveLogic": 3,
            "order": 50,
            "position": 4,
            "depth": 2,
            "role": 1,
            "disable": True,
            "probability": 40,
            "useProbability": True,
            "matchWholeWords": None,
            "caseSensitive": True,
            "sticky": 3,
            "groupWeight": 100,
        },
        "7": {"uid": 7, "key": ["/fox(es)?/i"], "content": "Foxes.", "position": 2},
    },
    "name": "hills",
    "originalData": {"anything": [1]},
}

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8)
numbers = st.integers(-3, 120) | st.floats(-3, 120)
flags = st.booleans()
values = texts | numbers | flags | st.none()
entry_values: Record = {
    "uid": st.integers(0, 4) | texts,
    "key": st.lists(texts | st.just("/a/"), max_size=2),
    "keysecondary": st.lists(texts, max_size=2),
    "comment": texts,
    "content": texts,
    "constant": flags,
    "selective": flags,
    "selectiveLogic": numbers,
    "order": numbers,
    "position": numbers,
    "depth": values,
    "role": values,
    "disable": flags,
    "probability": values,
    "useProbability": values,
    "caseSensitive": flags,
    "matchWholeWords": flags,
    "sticky": values,
    "groupWeight": values,
    "excludeRecursion": values,
}
entries = st.builds(
    lambda known, more: {f"x{key}": value for key, value in more.items()} | known,
    st.fixed_dictionaries({}, optional={k: v | st.none() for k, v in entry_values.items()}),
    st.dictionaries(texts, values, max_size=2),
)
keys = st.integers(0, 4).map(str) | texts
worlds = st.fixed_dictionaries(
    {"entries": st.dictionaries(keys, entries, max_size=3)},
    optional={"name": texts | st.none(), "x": values},
)


@given(worlds)
def test_any_world_info_comes_back_as_the_equal_json_value(world: Record) -> None:
    book = read_world(json.loads(json.dumps(world)))
    assert same(write_world(Lorebook.model_validate_json(book.model_dump_json())), world)


@given(worlds)
def test_world_info_survives_a_stay_in_a_card(world: Record) -> None:
    book = read_world(world)
    for form in (BOOK_V2, BOOK_V3):
        back = read_book(form, write_book(form, book))
        for mine, theirs in zip(book.entries, back.entries, strict=True):
            assert theirs.logic == mine.logic
            assert (theirs.position, theirs.role) == (mine.position, mine.role)
            assert theirs.extensions.get("sillytavern") == mine.extensions.get("sillytavern")


def put(path: Path, value: Any) -> Path:
    path.write_text(json.dumps(value), encoding="utf-8")
    return path


def test_world_info_goes_to_our_fields(tmp_path: Path) -> None:
    found = read_card(put(tmp_path / "world.json", WORLD_FILE))
    assert (found.format, found.characters) == ("world-info", [])
    book = found.lorebooks[0]
    first, second = book.entries
    assert book.name == "hills"
    assert (first.keys, first.secondary_keys, first.logic) == (["雪", "snow"], ["山"], "and_all")
    assert (first.position, first.depth, first.role) == ("depth", 2, "user")
    assert (first.enabled, first.probability, first.order) == (False, 40, 50)
    assert (first.case_sensitive, first.whole_words) == (True, False)
    assert first.extensions["sillytavern"] == {"sticky": 3}
    assert (second.use_regex, second.position) == (True, "before_character")
    report = write_lorebook(book, "world-info", tmp_path / "out.json")
    assert json.loads((tmp_path / "out.json").read_text("utf-8")) == WORLD_FILE
    assert report.notes == []


def test_a_lorebook_v3_file_comes_back_equal(tmp_path: Path) -> None:
    entry = {"keys": ["a"], "content": "@@depth 1\n@@@role user\nlore", "id": "x", "soul": 1}
    data = {"name": "hills", "entries": [entry], "extensions": {"a": 1}, "scan_depth": 9}
    document = {"spec": "lorebook_v3", "data": data, "more": None}
    found = read_card(put(tmp_path / "book.json", document))
    assert found.lorebooks[0].entries[0].content.startswith("@@depth 1")
    write_lorebook(found.lorebooks[0], "lorebook_v3", tmp_path / "out.json")
    assert json.loads((tmp_path / "out.json").read_text("utf-8")) == document


def test_entries_without_a_number_get_the_next_free_one() -> None:
    made = [LoreEntry(content=str(n), id=i) for n, i in enumerate(["", "1", "abc", "1", ""])]
    world = write_world(Lorebook(entries=made))
    assert list(world["entries"]) == ["0", "1", "2", "3", "4"]
    assert [entry["uid"] for entry in world["entries"].values()] == [0, 1, 2, 3, 4]
    assert [entry["content"] for entry in world["entries"].values()] == list("01234")


def test_export_says_what_world_info_cannot_hold(tmp_path: Path) -> None:
    book = Lorebook(
        name="hills",
        token_budget=300,
        entries=[LoreEntry(name="snow", content="It snows.", priority=3)],
    )
    report = write_lorebook(book, "world-info", tmp_path / "out.json")
    assert [(note.kind, note.what, note.why) for note in report.notes] == [
        ("lost", "token_budget", "the format has no place for it"),
        ("changed", "entry 'snow': priority", "not held"),
    ]


def test_wrong_types_are_all_reported(tmp_path: Path) -> None:
    bad = {"entries": {"0": {"key": "snow", "content": 5}, "1": {"order": "first"}}}
    with pytest.raises(ValidationFailed) as failure:
        read_card(put(tmp_path / "world.json", bad))
    fields = [problem.field for problem in failure.value.problems]
    assert fields == ["entries.0.key", "entries.0.content", "entries.1.order"]


def test_the_forms_name_every_field_of_an_entry() -> None:
    for form in (WORLD, BOOK_V3):
        assert form.lens_for("entries") is not None
    named = {place for lens in BOOK_V3.lenses for place in lens.places}
    assert named == set(Lorebook.model_fields) - {"extensions"}
