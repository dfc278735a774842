"""OpenAI messages, ShareGPT and Alpaca: in, out, and in again, greeting first or not."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from characterglm.dialogue import Dialogue
from characterglm.dialogue.files import detect, read_dialogues, write_dialogues
from characterglm.errors import ValidationFailed

from .conftest import said

Read = Callable[..., list[Dialogue]]
GREETED = [
    ("character", "你来了。"),
    ("user", "Hello"),
    ("user", "有人吗？"),
    ("character", "在。"),
]
MESSAGES: dict[str, Any] = {
    "messages": [
        {"role": "system", "content": "You are 李白."},
        {"role": "assistant", "content": "你来了。"},
        {"role": "user", "content": "Hello", "name": "Tom"},
        {"role": "user", "content": [{"type": "text", "text": "有人吗？"}]},
        {"role": "assistant", "content": "在。", "refusal": None},
    ],
    "metadata": {"theirs": 1},
}
SHAREGPT: dict[str, Any] = {
    "conversations": [
        {"from": "gpt", "value": "你来了。"},
        {"from": "human", "value": "Hello"},
        {"from": "user", "value": "有人吗？"},
        {"from": "gpt", "value": "在。", "weight": 1},
    ],
    "system": "You are 李白.",
    "tools": "[]",
}
ALPACA: dict[str, Any] = {
    "instruction": "有人吗？",
    "input": "",
    "output": "在。",
    "system": "You are 李白.",
    "history": [["", "你来了。"], ["Hello", ""]],
}


@pytest.mark.parametrize(
    ("name", "record"), [("openai", MESSAGES), ("sharegpt", SHAREGPT), ("alpaca", ALPACA)]
)
@pytest.mark.parametrize("array", [False, True])
def test_round_trip(
    put: Callable[..., Path], tmp_path: Path, name: str, record: dict[str, Any], array: bool
) -> None:
    path = put(record, record, array=array)
    assert detect(path).name == name
    first, second = (item.dialogue for item in read_dialogues(path, character="li-bai"))
    assert said(first) == said(second) == GREETED
    assert first.extensions["system"] == "You are 李白."
    report = write_dialogues([first], tmp_path / "out.jsonl", name)
    assert json.loads((tmp_path / "out.jsonl").read_text()) == record
    assert {note.what for note in report.of("lost")} == {"id", "created", "utterances: created"}


@pytest.mark.parametrize("system", [None, "", "You are 李白."])
@pytest.mark.parametrize("mode", ["kept", "placeholder", "system"])
@pytest.mark.parametrize("name", ["openai", "sharegpt", "alpaca"])
def test_a_hidden_greeting_comes_back(
    read: Read, tmp_path: Path, name: str, mode: Any, system: str | None
) -> None:
    (dialogue,) = read(ALPACA, character="li-bai")
    dialogue.extensions = {} if system is None else {"system": system}
    write_dialogues([dialogue], tmp_path / "out.jsonl", name, greeting=mode)
    record = json.loads((tmp_path / "out.jsonl").read_text())
    (item,) = read_dialogues(tmp_path / "out.jsonl", character="li-bai")
    assert said(item.dialogue) == GREETED
    if name == "sharegpt":
        first = record["conversations"][0]["from"]
        assert first == ("gpt" if mode == "kept" else "human")
        assert ("你来了。" in record.get("system", "")) == (mode == "system")
    if name != "alpaca":
        assert item.dialogue.extensions.get("system") == system
        note = {"kept": None, "placeholder": "placeholder", "system": "system"}[mode]
        assert record.get("metadata", {}).get("characterglm", {}).get("greeting") == note


@pytest.mark.parametrize("metadata", [["x"], None, "x", {}, {"theirs": 1}])
@pytest.mark.parametrize("name", ["openai", "sharegpt"])
def test_metadata_of_any_kind_survives_our_note(
    read: Read, put: Callable[..., Path], tmp_path: Path, name: str, metadata: Any
) -> None:
    record = MESSAGES if name == "openai" else SHAREGPT
    (dialogue,) = read({**record, "metadata": metadata}, character="li-bai")
    path = tmp_path / "out.jsonl"
    write_dialogues([dialogue], path, name, greeting="placeholder")
    (item,) = read_dialogues(path, character="li-bai")
    assert said(item.dialogue) == GREETED
    kept = item.dialogue.extensions[name].get("metadata", {})
    assert kept == metadata


def test_a_preference_pair_becomes_rated_siblings(read: Read) -> None:
    pair = {
        "conversations": [{"from": "human", "value": "你是谁？"}],
        "chosen": {"from": "gpt", "value": "青莲居士。"},
        "rejected": {"from": "gpt", "value": "I am an AI."},
    }
    (dialogue,) = read(pair, character="li-bai")
    assert said(dialogue) == [("user", "你是谁？"), ("character", "青莲居士。")]
    rated = {u.text: u.feedback.thumb for u in dialogue.swipes(dialogue.path()[-1]) if u.feedback}
    assert rated == {"青莲居士。": "up", "I am an AI.": "down"}


def test_alpaca_joins_instruction_and_input(read: Read, tmp_path: Path) -> None:
    record = {
        "instruction": "Translate",
        "input": "床前明月光",
        "output": "Moonlight",
        "history": [],
    }
    (dialogue,) = read(record, character="x")
    assert dialogue.path()[0].text == "Translate\n床前明月光"
    write_dialogues([dialogue], tmp_path / "out.jsonl", "alpaca")
    assert json.loads((tmp_path / "out.jsonl").read_text()) == record


def test_other_roles_are_told_by_a_narrator(read: Read) -> None:
    messages = [
        {"role": "user", "content": "?"},
        {"role": "assistant", "content": None, "tool_calls": [{"id": "1"}]},
        {"role": "tool", "content": "42", "tool_call_id": "1"},
    ]
    (dialogue,) = read({"messages": messages}, character="x")
    assert said(dialogue) == [("user", "?"), ("character", ""), ("narrator", "42")]


def test_without_a_character_there_is_one_message_for_all_lines(put: Callable[..., Path]) -> None:
    path = put(SHAREGPT, SHAREGPT)
    with pytest.raises(ValidationFailed, match="--character ID") as caught:
        list(read_dialogues(path))
    assert "file.jsonl:1" in str(caught.value)
    assert "file.jsonl:2" in str(caught.value)


@pytest.mark.parametrize(
    "record",
    [
        {"messages": [{"role": "user", "content": 5}]},
        {"messages": [{"role": 1, "content": ""}]},
        {"conversations": [{"value": "x"}]},
        {"conversations": ["x"]},
        {"instruction": "x", "output": None},
        {"instruction": "x", "output": "", "history": ["x"]},
    ],
)
def test_wrong_shapes(put: Callable[..., Path], record: dict[str, Any]) -> None:
    with pytest.raises(ValidationFailed, match=r"file\.jsonl:1: "):
        list(read_dialogues(put(record), character="x"))
