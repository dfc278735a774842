"""`characterglm character new`: the questions, what becomes of the answers, and descriptions."""

from __future__ import annotations

import errno
import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from characterglm.authoring.from_text import _words
from characterglm.character import Character
from characterglm.character.yamlfile import read_character
from characterglm.cli.app import run
from characterglm.cli.character import open_characters
from characterglm.cli.interview import Interview
from characterglm.cli.messages import texts
from characterglm.engines.base import Sampling
from characterglm.engines.opening import Opened
from characterglm.engines.scripted import ScriptedEngine
from characterglm.prompt import get_format


def interview(answers: dict[str, list[str]], language: str = "zh") -> tuple[Character, list[str]]:
    """Answers by the beginning of the question; anything else is skipped."""
    asked: list[str] = []
    current: Iterator[str] = iter(())

    def ask(prompt: str) -> str:
        nonlocal current
        asked.append(prompt)
        if not prompt.startswith("- "):
            started = [lines for question, lines in answers.items() if prompt.startswith(question)]
            current = iter(started[0]) if started else current
            if not started and words["labels"]["character"] not in prompt:
                current = current if prompt.startswith(words["labels"]["user"]) else iter(())
        return next(current, "")

    words = texts("character", language)
    return Interview(ask, words).character(language), asked


def test_every_question_can_be_skipped() -> None:
    for language in ("en", "zh"):
        character, asked = interview({}, language)
        assert character.name == texts("character", language)["unnamed"]
        assert character.category == "daily_life"
        assert len(asked) == len(texts("character", language)["questions"])


def test_answers_become_a_character() -> None:
    character, _ = interview(
        {
            "名字": ["小满"],
            "角色类别": ["4"],
            "年龄": ["16"],
            "称号": ["满满", "小班长"],
            "兴趣": ["看书", " 跑步 "],
            "认识的人": ["老张：爷爷", "阿福"],
            "自称": ["我"],
            "开场白": ["你好呀。"],
            "一段示例对话": ["在吗", "在的。", "吃了吗"],
            "许可": ["CC-BY-4.0"],
        }
    )
    assert (character.id, character.name, character.category) == ("小满", "小满", "virtual_love")
    assert character.attributes.identity.age == "16"
    assert character.attributes.identity.titles == ["满满", "小班长"]
    assert [str(fact) for fact in character.attributes.interests] == ["看书", "跑步"]
    people = [(one.name, one.relation) for one in character.attributes.relationships]
    assert people == [("老张", "爷爷"), ("阿福", "")]
    assert character.behaviors.linguistic.self_reference == ["我"]
    assert character.greetings == ["你好呀。"]
    assert [(line.speaker, line.text) for line in character.examples[0]] == [
        ("user", "在吗"),
        ("character", "在的。"),
        ("user", "吃了吗"),
    ]
    assert character.license == "CC-BY-4.0"


@pytest.mark.parametrize(
    ("answers", "category"),
    [(["fictional"], "fictional"), (["9", "hero", "1"], "celebrity"), (["x", ""], "daily_life")],
)
def test_a_category_is_chosen_by_number_or_name(answers: list[str], category: str) -> None:
    given = iter(["Bo", *answers])

    def ask(prompt: str) -> str:
        return next(given, "")

    assert Interview(ask, texts("character", "en")).character("en").category == category


def test_the_end_of_the_answers_ends_the_questions() -> None:
    given = iter(["Bo"])

    def ask(prompt: str) -> str:
        try:
            return next(given)
        except StopIteration:
            raise EOFError from None

    assert Interview(ask, texts("character", "en")).character("en").name == "Bo"


def test_every_question_names_a_field_of_the_schema() -> None:
    empty = Character(id="a", name="a", language="zh", category="fictional")
    for field in texts("character", "en")["questions"]:
        value: object = empty
        for name in field.split("."):
            value = getattr(value, name)


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.TextIOWrapper]:
    """What stands on standard input."""
    stream = io.TextIOWrapper(io.BytesIO())
    monkeypatch.setattr("sys.stdin", stream)
    yield stream


def type_in(stream: io.TextIOWrapper, text: str | bytes) -> None:
    stream.buffer.write(text.encode() if isinstance(text, str) else text)
    stream.seek(0)


def test_new_saves_and_shows(typed: io.TextIOWrapper, capsys: pytest.CaptureFixture[str]) -> None:
    type_in(typed, "小满\n\n女\n")
    assert run(["character", "new", "--language", "zh"]) == 0
    out = capsys.readouterr().out
    assert "name: 小满" in out
    assert "characterglm chat 小满" in out
    with open_characters() as characters:
        assert characters.get("小满").attributes.identity.gender == "女"


def test_a_taken_id_is_never_overwritten(
    typed: io.TextIOWrapper, capsys: pytest.CaptureFixture[str]
) -> None:
    type_in(typed, "Sun\n")
    assert run(["character", "new", "--language", "en", "--id", "sun-wukong"]) == 0
    assert "Saved as sun-wukong-2" in capsys.readouterr().out


def test_new_writes_a_file(
    typed: io.TextIOWrapper, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    type_in(typed, "Bo\n")
    path = tmp_path / "bo.yaml"
    assert run(["character", "new", "--language", "en", "--output", str(path)]) == 0
    assert read_character(path).name == "Bo"
    with open_characters() as characters:
        assert characters.latest_version("bo") is None
    assert run(["character", "new", "--output", str(path)]) == 1
    assert "exists already" in capsys.readouterr().err


def test_a_file_that_cannot_be_finished_leaves_nothing(
    typed: io.TextIOWrapper,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("characterglm.store.atomic.os.fsync", full)
    type_in(typed, "Bo\n")
    path = tmp_path / "bo.yaml"
    assert run(["character", "new", "--language", "en", "--output", str(path)]) == 1
    assert "bo.yaml cannot be written: No space left" in capsys.readouterr().err
    assert not list(tmp_path.glob("*bo.yaml*"))


def test_answers_that_no_character_can_have(
    typed: io.TextIOWrapper, capsys: pytest.CaptureFixture[str]
) -> None:
    type_in(typed, "x" * 300 + "\n")
    assert run(["character", "new", "--language", "en"]) == 1
    assert "name: is longer than 200 characters" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--language", "fr"], "zh or en"),
        (["--id", "Not An Id", "--language", "en"], "try --id not-an-id"),
        (["--language", "en", "--output", "no/such/folder/a.yaml"], "cannot be written"),
        (["--from-text", "no-such-file.txt"], "no file"),
        (["--from-text", "-"], "description is empty"),
    ],
)
def test_wrong_options(
    options: list[str], message: str, typed: io.TextIOWrapper, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["character", "new", *options]) == 1
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("十七岁，喜欢看书。".encode("gbk"), "standard input looks like GBK"),
        (b"a\xff\xffb\n", "is not a UTF-8 text"),
        (b"x" * (1024 * 1024 + 1), "larger than 1024 KB"),
    ],
)
@pytest.mark.parametrize("options", [["--from-text", "-"], ["--language", "en"]])
def test_standard_input_that_cannot_be_used(
    typed: io.TextIOWrapper,
    options: list[str],
    text: bytes,
    message: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    type_in(typed, text)
    assert run(["character", "new", *options]) == 1
    assert message in capsys.readouterr().err


@pytest.mark.parametrize("source", ["file", "-"])
def test_from_a_description(
    source: str,
    typed: io.TextIOWrapper,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    words = _words("zh")
    engine = ScriptedEngine(
        [json.dumps(words[part]["example"], ensure_ascii=False) for part in ("facts", "voice")]
    )
    opened = Opened(engine, get_format("chatml"), Sampling())
    monkeypatch.setattr("characterglm.cli.model.load", lambda name: opened)
    path = tmp_path / "description.txt"
    path.write_text(words["example"], "utf-8")
    if source == "-":
        type_in(typed, words["example"])
    assert run(["character", "new", "--from-text", str(path) if source == "file" else "-"]) == 0
    out = capsys.readouterr().out
    assert "name: 小秦" in out
    assert "appearance" in out
    assert engine.closed
    with open_characters() as characters:
        assert characters.get("小秦").language == "zh"
