"""SillyTavern chats: swipes become siblings, and an imported chat is written back equal."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from characterglm.dialogue import Dialogue, Speaker, Utterance
from characterglm.dialogue.files import detect, read_dialogues, write_dialogues
from characterglm.dialogue.files.sillytavern import moment
from characterglm.errors import InputError, ValidationFailed

from .conftest import said

HEADER = {
    "user_name": "小明",
    "character_name": "Seraphine",
    "create_date": "2026-1-2 @03h 04m 05s 678ms",
    "chat_metadata": {"note_prompt": "", "tainted": True},
}
CHAT: list[dict[str, Any]] = [
    HEADER,
    {
        "name": "Seraphine",
        "is_user": False,
        "is_system": False,
        "send_date": "January 2, 2026 3:05am",
        "mes": "You wake in the glade.",
        "swipe_id": 1,
        "swipes": ["Good morning, traveller.", "You wake in the glade."],
        "swipe_info": [{"send_date": "x", "extra": {}}, {"extra": {"api": "kobold", "model": "m"}}],
        "extra": {"display_text": "<b>You wake</b>"},
        "force_avatar": "seraphine.png",
    },
    {"name": "小明", "is_user": True, "send_date": 1767323107000, "mes": "我在哪里？", "extra": {}},
    {"name": "小明", "is_user": True, "send_date": "?", "mes": "喂？"},
    {
        "name": "System",
        "is_user": False,
        "is_system": True,
        "mes": "Night falls.",
        "extra": {"type": "narrator"},
    },
    {
        "name": "Seraphine",
        "is_user": False,
        "mes": "edited by hand",
        "swipe_id": 0,
        "swipes": ["as generated"],
    },
]


@pytest.fixture
def chat(put: Callable[..., Path]) -> tuple[Path, Dialogue]:
    path = put(*CHAT, name="chat.jsonl")
    assert detect(path).name == "sillytavern"
    (item,) = read_dialogues(path)
    return path, item.dialogue


def written(dialogue: Dialogue, folder: Path) -> list[dict[str, Any]]:
    write_dialogues([dialogue], folder / "out.jsonl", "sillytavern", force=True)
    return [json.loads(line) for line in (folder / "out.jsonl").read_text().splitlines()]


def test_what_was_said(chat: tuple[Path, Dialogue]) -> None:
    _, dialogue = chat
    assert said(dialogue) == [
        ("character", "You wake in the glade."),
        ("user", "我在哪里？"),
        ("user", "喂？"),
        ("narrator", "Night falls."),
        ("character", "edited by hand"),
    ]
    greeting, *_, last = dialogue.path()
    assert [one.text for one in dialogue.swipes(greeting)] == CHAT[1]["swipes"]
    assert greeting.generation is not None
    assert (greeting.origin, greeting.generation.model) == ("model", "m")
    assert greeting.created == datetime(2026, 1, 2, 3, 5, tzinfo=UTC)
    assert [one.text for one in dialogue.swipes(last)] == ["as generated", "edited by hand"]
    assert (dialogue.character, dialogue.persona.name) == ("seraphine", "小明")


def test_it_is_written_back_equal(chat: tuple[Path, Dialogue], tmp_path: Path) -> None:
    _, dialogue = chat
    assert written(dialogue, tmp_path) == CHAT


def test_what_was_said_since_is_added(chat: tuple[Path, Dialogue], tmp_path: Path) -> None:
    _, dialogue = chat
    greeting, last = dialogue.path()[0], dialogue.path()[-1]
    character = Speaker(role="character", name="Seraphine")
    third = Utterance(parent=greeting.parent, speaker=character, text="Third greeting")
    more = Utterance(parent=last.id, speaker=Speaker(role="user"), text="谢谢")
    dialogue.utterances += [third, more]
    dialogue.leaf = more.id
    lines = written(dialogue, tmp_path)
    assert lines[1]["swipes"] == [*CHAT[1]["swipes"], "Third greeting"]
    assert len(lines[1]["swipe_info"]) == 3
    assert lines[1]["swipe_id"] == 1
    assert lines[2:6] == CHAT[2:]
    assert (lines[6]["mes"], lines[6]["is_user"], lines[6]["name"]) == ("谢谢", True, "小明")


def test_a_dialogue_of_our_own(full_dialogue: Dialogue, tmp_path: Path) -> None:
    report = write_dialogues([full_dialogue], tmp_path / "x.jsonl", "sillytavern")
    (item,) = read_dialogues(tmp_path / "x.jsonl", character="sun-wukong")
    assert said(item.dialogue) == said(full_dialogue)
    assert len(item.dialogue.utterances) == 6  # the branch of the user's edit has no place
    lost = {note.what for note in report.of("lost")}
    assert {"branches and other versions", "consent", "license", "utterances: feedback"} <= lost
    with pytest.raises(InputError, match="one dialogue a file"):
        write_dialogues([full_dialogue] * 2, tmp_path / "y.jsonl", "sillytavern")
    assert not (tmp_path / "y.jsonl").exists()


def test_only_a_header_is_an_empty_dialogue(read: Callable[..., list[Dialogue]]) -> None:
    (dialogue,) = read(HEADER)
    assert dialogue.utterances == []


def test_broken_messages_are_named_by_line(put: Callable[..., Path]) -> None:
    path = put(HEADER, {"mes": 1}, {"mes": "fine"}, {"name": "no text"})
    with pytest.raises(ValidationFailed, match=r"file\.jsonl:2: mes(.|\n)*file\.jsonl:4: mes"):
        list(read_dialogues(path))


def test_a_group_chat_goes_to_the_first_who_speaks(read: Callable[..., list[Dialogue]]) -> None:
    header = {"user_name": "unused", "character_name": "unused"}
    line = {"mes": "Hm.", "is_user": False}
    (dialogue,) = read(header, line | {"name": "Anna"}, line | {"name": "Bo"})
    assert (dialogue.character, dialogue.persona.name) == ("anna", "")
    assert [one.speaker.name for one in dialogue.path()] == ["Anna", "Bo"]


@pytest.mark.parametrize(
    ("stamp", "found"),
    [
        ("2026-01-02T03:04:05.678Z", (3, 4, 5, 678_000)),
        ("2026-1-2@03h04m05s", (3, 4, 5, 0)),
        ("January 2, 2026 3:04pm", (15, 4, 0, 0)),
        (1767323045678, (3, 4, 5, 678_000)),
        ("2026-13-77 @99h 04m 05s", None),
        (10**30, None),
        ("yesterday", None),
        (None, None),
    ],
)
def test_moments(stamp: object, found: tuple[int, int, int, int] | None) -> None:
    expected = None if found is None else datetime(2026, 1, 2, *found, tzinfo=UTC)
    assert moment(stamp) == expected
