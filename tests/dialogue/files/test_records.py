"""Files as streams of records: every layout, every kind of damage, one clear message."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from characterglm.character.cards import plain
from characterglm.character.cards.report import Report
from characterglm.dialogue.files import detect, read_dialogues
from characterglm.dialogue.files.records import records
from characterglm.errors import CharacterGLMError, InputError, NotFound, Problem


def stream(path: Path) -> tuple[list[tuple[int, object]], list[Problem]]:
    problems: list[Problem] = []
    return [(one.line, one.value) for one in records(path, problems, Report())], problems


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('{"a": 1}\n\n{"a": 2}\n', [(1, {"a": 1}), (3, {"a": 2})]),
        ('\ufeff{"a": "文"}', [(1, {"a": "文"})]),
        ('{"a": 1}\r\n{"a": 2}\r\n', [(1, {"a": 1}), (2, {"a": 2})]),
        ('{\n "a": 1\n}', [(1, {"a": 1})]),
        ('[\n{"a": 1},\n\n{"a": [",", "]"]}\n]\n', [(2, {"a": 1}), (4, {"a": [",", "]"]})]),
        ("[]", []),
        (" [ ] ", []),
    ],
)
def test_layouts(tmp_path: Path, text: str, found: list[tuple[int, object]]) -> None:
    path = tmp_path / "x.json"
    path.write_text(text, encoding="utf-8", newline="")
    assert stream(path) == (found, [])


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "is empty"),
        (b" \n ", "is empty"),
        (b'[{"a": 1}, {"a"', ":1: not valid JSON"),
        (b'[{"a": 1},\n', "not valid JSON"),
        (b'[{"a": 1}\n {"b": 2}]', ":2: not valid JSON: the list is broken"),
        (b'[{"a": 1}', ":1: not valid JSON: the file ends in the middle"),
        (b'[{"a": 1}] trailing', "the list is broken"),
        (b"[" * 100_000, "nested too deep|not valid JSON"),
        ('[{"a": "文"}]'.encode("utf-16"), "not UTF-8"),
        (b"<html><body>404</body></html>", "web page"),
        (b"plain words", "not valid JSON"),
        (b"\x89PNG\r\n\x1a\n", "not UTF-8"),
    ],
)
def test_damage(tmp_path: Path, data: bytes, message: str) -> None:
    path = tmp_path / "x.json"
    path.write_bytes(data)
    with pytest.raises(CharacterGLMError, match=message):
        list(read_dialogues(path, "openai", "x"))


def test_no_such_file_and_a_folder(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        detect(tmp_path / "nothing")
    with pytest.raises(InputError, match="cannot be read"):
        detect(tmp_path)


def test_limits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plain, "MAX_FILE", 100)
    path = tmp_path / "x.json"
    path.write_text("[" + ",".join(['{"a": 1}'] * 50) + "]")
    with pytest.raises(InputError, match=r"jq -c '\.\[\]' x\.json > x\.jsonl"):
        list(records(path, [], Report()))
    path.write_text('{"a": 1}\n' * 50)
    assert len(list(records(path, [], Report()))) == 50
    path.write_text('{"a": 1}\n' + json.dumps({"a": "x" * 200}))
    with pytest.raises(InputError, match="line 2 is longer"):
        list(records(path, [], Report()))


def test_an_unknown_shape_names_what_it_found(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_text('[{"question": "?", "answer": "!"}]')
    with pytest.raises(InputError, match=r"first record are question, answer.*--format"):
        detect(path)


@given(st.binary(max_size=60) | st.text('[]{}":,a1\\ \n', max_size=40).map(str.encode))
def test_any_bytes_end_in_dialogues_or_one_clear_error(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    path = tmp_path_factory.mktemp("fuzz") / "x.jsonl"
    path.write_bytes(data)
    try:
        list(read_dialogues(path, character="x"))
    except CharacterGLMError as error:
        assert str(error)
