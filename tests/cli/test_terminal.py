"""Nothing in a text may command the terminal."""

from __future__ import annotations

import json
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from characterglm.cli import terminal
from characterglm.cli.terminal import one_line, plain, print_json


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b]0;title\x07after", "after"),
        ("\x1b]52;c;c3RvbGVu\x1b\\after", "after"),
        ("\x1bP+q544e\x1b\\after", "after"),
        ("\x9b2Jafter", "after"),
        ("\x1bcafter", "after"),
        ("\x1b]8;;file:///etc\x07link\x1b]8;;\x07", "link"),
        ("line\r\nnext\tcell\roverwritten", "line\nnext\tcelloverwritten"),
        ("abc\u202edcba", "abcdcba"),
        ("\x1b]never closed", "never closed"),
        ("你好，世界 🐒", "你好，世界 🐒"),
    ],
)
def test_plain(text: str, shown: str) -> None:
    assert plain(text) == shown


@given(st.text(st.characters(), max_size=50), st.integers(0, 50))
def test_no_control_character_is_left_however_a_stream_is_cut(text: str, cut: int) -> None:
    for shown in (plain(text), plain(text[:cut]) + plain(text[cut:])):
        assert not any(ord(c) < 32 and c not in "\n\t" for c in shown)
        assert not any(0x7F <= ord(c) <= 0x9F for c in shown)


def test_one_line() -> None:
    assert one_line(" a\n\tb\x1b[1m c ") == "a b c"
    assert one_line("一二三四五六", 4) == "一二三…"
    assert one_line("一二三四", 4) == "一二三四"


@given(st.text(st.characters(), max_size=50))
@example("\x9b2J\u202e\ud83d\n\t孙悟空 🐒")
def test_json_arrives_whole_and_commands_nothing(text: str) -> None:
    for lines in (True, False):
        with redirect_stdout(StringIO()) as out:
            print_json({"text": text}, lines=lines)
        printed = out.getvalue()
        assert json.loads(printed) == {"text": text}
        assert plain(printed) == printed
        assert printed.count("\n") == (1 if lines else 3)


def test_nothing_prints_json_past_the_one_printer() -> None:
    modules = Path(terminal.__file__).parent.glob("*.py")
    assert [each.name for each in modules if "dumps(" in each.read_text("utf-8")] == ["terminal.py"]


def test_json_is_sent_at_once_and_keeps_chinese_readable() -> None:
    class Pipe(StringIO):
        flushed = ""

        def flush(self) -> None:
            self.flushed = self.getvalue()

    with redirect_stdout(Pipe()) as pipe:
        print_json({"名字": "孙悟空"}, lines=True)
    assert pipe.flushed == '{"名字": "孙悟空"}\n'
