"""Our JSON Lines: a lossless round trip; damage is refused as a whole, line by line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from characterglm.character import Persona
from characterglm.dialogue import Consent, Dialogue, Feedback, Generation, Speaker, Utterance
from characterglm.dialogue.files import read_dialogues, write_dialogues
from characterglm.dialogue.files.formats import Reading
from characterglm.dialogue.files.own import FORMAT
from characterglm.dialogue.repository import Dialogues
from characterglm.errors import InputError, NotFound, ValidationFailed
from characterglm.store import open_store


def test_every_field_comes_back(full_dialogue: Dialogue, tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    report = write_dialogues([full_dialogue, Dialogue(character="x", id="2")], path)
    assert report.notes == []
    assert len(path.read_text().splitlines()) == 2
    items = list(read_dialogues(path))
    assert items[0].dialogue == full_dialogue
    assert items[1].dialogue.id == "2"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2)
    ),
    max_leaves=4,
)
TEXT = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=10)
MOMENT = st.datetimes(datetime(1971, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))
EXTENSIONS = st.dictionaries(
    TEXT, JSON.map(lambda v: json.loads(json.dumps(v).replace("\\u0000", ""))), max_size=2
)


@st.composite
def dialogues(draw: Any) -> Dialogue:
    """Any tree of up to six utterances with anything in its fields."""
    ids = [f"{draw(st.integers(0, 10**9))}-{n}" for n in range(draw(st.integers(0, 6)))]
    utterances = [
        Utterance(
            id=id_,
            parent=draw(st.sampled_from([None, *ids[:number]])),
            speaker=Speaker(
                role=draw(st.sampled_from(["user", "character", "narrator"])), name=draw(TEXT)
            ),
            text=draw(TEXT),
            status=draw(st.sampled_from(["complete", "streaming", "interrupted"])),
            origin=draw(st.sampled_from(["human", "model", "edited"])),
            generation=draw(
                st.none() | st.builds(Generation, engine=TEXT, model=TEXT, sampling=EXTENSIONS)
            ),
            feedback=draw(
                st.none()
                | st.builds(
                    Feedback,
                    thumb=st.sampled_from(["up", None]),
                    tags=st.lists(TEXT, max_size=2),
                    note=TEXT,
                )
            ),
            created=draw(MOMENT),
            extensions=draw(EXTENSIONS),
        )
        for number, id_ in enumerate(ids)
    ]
    return Dialogue(
        id=f"d-{draw(st.integers(0, 10**9))}",
        title=draw(TEXT),
        character=draw(TEXT),
        character_version=draw(st.none() | st.integers(1, 9)),
        persona=Persona(name=draw(TEXT).strip(), info=draw(TEXT).strip()),
        kind=draw(st.sampled_from(["chit_chat", "interview", "companionship"])),
        category=draw(TEXT),
        source=draw(st.sampled_from(["human_roleplay", "synthesis", "literature", "interaction"])),
        consent=draw(
            st.builds(
                Consent,
                scope=st.sampled_from(["none", "train"]),
                version=TEXT,
                given=st.none() | MOMENT,
                withdrawn=st.none() | MOMENT,
            )
        ),
        license=draw(TEXT),
        utterances=utterances,
        leaf=draw(st.sampled_from([None, *ids])),
        created=draw(MOMENT),
        extensions=draw(EXTENSIONS),
    )


@given(dialogues())
def test_any_dialogue_survives_the_file(dialogue: Dialogue) -> None:
    assert FORMAT.write is not None
    text = json.dumps(FORMAT.write(dialogue, "kept"), ensure_ascii=False)
    assert FORMAT.read(json.loads(text), Reading()) == dialogue


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dialogues]:
    with open_store(f"sqlite:///{tmp_path_factory.mktemp('store') / 'test.db'}") as store:
        yield Dialogues(store)


@given(dialogues())
@settings(max_examples=50)
def test_any_dialogue_survives_the_database(kept: Dialogues, dialogue: Dialogue) -> None:
    kept.create(dialogue)
    assert kept.get(dialogue.id) == dialogue
    kept.delete(dialogue.id)


def test_broken_lines_are_refused_all_together(full_dialogue: Dialogue, tmp_path: Path) -> None:
    path = tmp_path / "bad.jsonl"
    write_dialogues([full_dialogue], path)
    good = path.read_text()
    wrong = json.loads(good) | {"kind": "gossip", "unheard": 1, "id": "other"}
    ring = json.loads(good)
    ring["utterances"][0]["parent"] = "aaaaa"
    lines = ["{broken", json.dumps(wrong), "", "[1]", json.dumps(ring), '{"a": NaN}', good]
    path.write_text(good + "\n".join(lines))
    iterator = read_dialogues(path)
    assert next(iterator).dialogue == full_dialogue
    with pytest.raises(ValidationFailed, match="nothing imported") as caught:
        list(iterator)
    message = str(caught.value)
    for part in (
        ":2: the record is not valid JSON",
        ":3: kind",
        ":3: unheard",
        ":5: the record is no",
    ):
        assert part in message
    assert ":6: utterances" in message
    assert ":7: the record: NaN is no JSON number" in message


def test_a_newer_schema_asks_for_an_update(full_dialogue: Dialogue, tmp_path: Path) -> None:
    path = tmp_path / "new.jsonl"
    path.write_text(json.dumps(full_dialogue.model_dump(mode="json") | {"schema_version": 2}))
    with pytest.raises(ValidationFailed, match="schema_version 2, this version reads 1"):
        list(read_dialogues(path))


def test_export_never_overwrites_unasked(full_dialogue: Dialogue, tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    path.write_text("precious")
    with pytest.raises(InputError, match="exists already; --force"):
        write_dialogues([full_dialogue], path)
    assert path.read_text() == "precious"
    write_dialogues([full_dialogue], path, force=True)
    assert [file.name for file in tmp_path.iterdir()] == ["out.jsonl"]
    with pytest.raises(InputError, match="cannot be written"):
        write_dialogues([full_dialogue], tmp_path / "no" / "folder.jsonl")
    with pytest.raises(NotFound, match="did you mean jsonl"):
        write_dialogues([full_dialogue], tmp_path / "x", "jsonll")
