"""Standard input: line by line or as a whole, whatever bytes it holds."""

from __future__ import annotations

import io

import pytest

from characterglm.character.yamltree import MAX_BYTES
from characterglm.cli import stdin
from characterglm.cli.app import run
from characterglm.errors import InputError


def give(monkeypatch: pytest.MonkeyPatch, data: bytes) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(data)))


def test_lines_come_without_their_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    give(monkeypatch, "\ufeff你好\r\n\nI am Bo\n再见".encode())
    assert list(stdin.lines()) == ["你好", "", "I am Bo", "再见"]


def test_everything_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    give(monkeypatch, "小满\n十七岁\n".encode())
    assert stdin.read_all() == "小满\n十七岁\n"
    give(monkeypatch, b"x" * MAX_BYTES)
    assert len(stdin.read_all()) == MAX_BYTES


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (
            "妖怪在哪？\n".encode("gbk"),
            "looks like GBK.*Pipe it through: iconv -f GB18030 -t UTF-8",
        ),
        ("妖怪在哪？\n".encode("utf-16"), "looks like UTF-16"),
        (b"\xff\xff\n", "not a UTF-8 text"),
        (b"a\0b\n", "is not text"),
        (b"x" * (MAX_BYTES + 1), "larger than 1024 KB"),
    ],
)
def test_what_is_no_text(data: bytes, message: str, monkeypatch: pytest.MonkeyPatch) -> None:
    give(monkeypatch, data)
    with pytest.raises(InputError, match=message):
        stdin.read_all()
    give(monkeypatch, data)
    with pytest.raises(InputError, match=message):
        list(stdin.lines())


def test_a_chat_refuses_what_is_no_text(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("characterglm.cli.model.ensure", lambda name: None)
    give(monkeypatch, "妖怪在哪？\n".encode("gbk"))
    assert run(["chat", "sun-wukong", "--model", "./nothing.gguf"]) == 1
    assert "looks like GBK" in capsys.readouterr().err
