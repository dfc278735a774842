"""`characterglm chat` on the scripted engine, through the command line as a user types it."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest

from characterglm.cli.app import run
from characterglm.engines import Sampling
from characterglm.engines.opening import Opened
from characterglm.engines.scripted import ScriptedEngine
from characterglm.errors import EngineError, NotFound
from characterglm.prompt.formats import get_format

REPLIES = ["妖怪在东边。", "妖怪在西边洞里。", "老孙这就去看看。", "师父放心！"]


@pytest.fixture(autouse=True)
def scripted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every model is the scripted engine; returns the names that were opened."""
    opened: list[str] = []

    def open_model(name: str, *, sampling: Any = None, **options: Any) -> Opened:
        opened.append(name)
        engine = ScriptedEngine(REPLIES, model=name)
        return Opened(engine, get_format("chatml"), Sampling.model_validate(sampling or {}))

    monkeypatch.setattr("characterglm.engines.opening.open_model", open_model)
    monkeypatch.setattr("characterglm.cli.model.ensure", lambda name: None)
    monkeypatch.setenv("CHARACTERGLM_LOCALE", "en_US.UTF-8")
    return opened


def chat(capsys: pytest.CaptureFixture[str], *arguments: str, status: int = 0) -> str:
    assert run(["chat", *arguments]) == status
    output = capsys.readouterr()
    return output.out if status == 0 else output.err


def typed(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *lines: str
) -> list[str]:
    """What a fresh chat prints for lines on standard input, without the greeting."""
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO("\n".join(lines).encode())))
    run(["chat", "sun-wukong"])
    output = capsys.readouterr()
    return [*output.out.splitlines()[1:], *output.err.splitlines()]


def test_a_script_says_its_messages_and_prints_the_replies(
    capsys: pytest.CaptureFixture[str],
) -> None:
    lines = chat(capsys, "孙悟空", "-m", "妖怪在哪？", "-m", "多谢。").splitlines()
    assert lines[0].startswith("孙悟空 （从树梢上倒挂下来")
    assert lines[1:] == ["孙悟空 妖怪在东边。", "孙悟空 妖怪在西边洞里。"]


def test_json_has_one_object_a_reply(capsys: pytest.CaptureFixture[str]) -> None:
    lines = chat(capsys, "sun-wukong", "-m", "妖怪在哪？", "-m", "多谢。", "--json").splitlines()
    first, second = (json.loads(line) for line in lines)
    assert (first["user"], first["reply"]) == ("妖怪在哪？", "妖怪在东边。")
    assert first["finish_reason"] == "stop"
    assert first["completion_tokens"] == 6
    assert first["dialogue"] == second["dialogue"]


def test_a_dialogue_goes_on_in_the_next_process(capsys: pytest.CaptureFixture[str]) -> None:
    first = json.loads(chat(capsys, "sun-wukong", "-m", "一", "--json"))
    again = chat(capsys, "--session", first["dialogue"][:23], "-m", "二")
    assert "妖怪在东边。" in again
    assert again.splitlines()[-1] == "孙悟空 妖怪在东边。"
    wrong = chat(capsys, "lin-daiyu", "--session", first["dialogue"], "-m", "三", status=1)
    assert "is with sun-wukong" in wrong


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["sun-wukon", "-m", "x"], "did you mean sun-wukong"),
        (["-m", "x"], "with whom?"),
        (["--session", "last"], "begin one"),
        (["--session", "01a1fe1c"], "01a1fe1c"),
        (["sun-wukong", "--persona", "missing.yaml", "-m", "x"], "missing.yaml"),
        (["sun-wukong", "--config", "missing.yaml"], "missing.yaml"),
    ],
)
def test_each_mistake_is_one_message(
    capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    shown = chat(capsys, *arguments, status=1)
    assert message in shown
    assert "Traceback" not in shown
    assert len(shown.strip().splitlines()) == 1


def test_options_may_stand_in_a_file(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, scripted: list[str]
) -> None:
    config = tmp_path / "chat.yaml"
    config.write_text("model: from-file\nseed: 5\nmessage: [你好]\n", "utf-8")
    chat(capsys, "sun-wukong", "--config", str(config))
    chat(capsys, "sun-wukong", "--config", str(config), "--model", "from-flag")
    assert scripted == ["from-file", "from-flag"]


def test_swipes_edits_and_branches(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = typed(
        capsys,
        monkeypatch,
        "妖怪在哪？",
        "/regenerate",
        "/swipe",
        "/swipe 1",
        "/edit 妖怪多大？",
        "/branch",
        "/undo",
        "/history",
    )
    assert shown[:4] == ["孙悟空 妖怪在东边。", "孙悟空 妖怪在西边洞里。", *shown[2:4]]
    assert shown[2:4] == [" 1 妖怪在东边。", "*2 妖怪在西边洞里。"]
    assert shown[4:6] == ["孙悟空 妖怪在东边。", "孙悟空 老孙这就去看看。"]
    assert [line[0] for line in shown[6:9]] == [" ", " ", "*"]
    assert shown[6].startswith(" a 孙悟空 妖怪在东边。")
    assert shown[9] == "Taken back: 妖怪多大？"
    assert len(shown) == 11


def test_files_personas_models_and_feedback(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    scripted: list[str],
) -> None:
    file = tmp_path / "talk.jsonl"
    shown = typed(
        capsys,
        monkeypatch,
        "/persona",
        "/persona 唐僧：取经人",
        "妖怪在哪？",
        "/feedback up 像",
        "/feedback so-so",
        "/save 初见",
        f"/save {file}",
        "/model",
        "/model another",
        "再说。",
        "/prompt",
        "/nonsense",
        "/help",
        "clear",
        "/load",
        "stop",
        "never said",
    )
    text = "\n".join(shown)
    kept = json.loads(file.read_text("utf-8"))
    assert kept["persona"]["name"] == "唐僧"
    assert kept["title"] == "初见"
    assert kept["utterances"][-1]["feedback"] == {"thumb": "up", "tags": [], "note": "像"}
    assert scripted == ["default", "another"]
    for part in (
        "no persona",
        "You are now 唐僧",
        "Noted.",
        "type /feedback up",
        "Saved as 初见",
        "Answering now: default",
        "Answering now: another",
        "no command /nonsense",
        "/regenerate",
        "A new dialogue begins",
        "初见",
    ):
        assert part in text
    assert "never said" not in text


def test_a_reply_cannot_command_the_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(globals(), "REPLIES", ["\x1b]0;owned\x07\x1b[2Jhello\x9b31m\u202e"])
    shown = chat(capsys, "sherlock-holmes", "-m", "hi")
    assert "hello" in shown
    assert not set(shown) & {"\x1b", "\x07", "\x9b", "\u202e"}


def test_branches_are_entered_by_their_letters(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = typed(capsys, monkeypatch, "一", "/undo", "二", "/branch", "/branch a", "/branch z")
    assert shown[3:5] == [" a 孙悟空 妖怪在东边。", "*b 孙悟空 妖怪在西边洞里。"]
    assert shown[-2].endswith("孙悟空 妖怪在东边。")
    assert "'z' is no number" in shown[-1]


def test_a_models_failure_is_shown_and_what_was_said_is_kept(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:

        def fail(name: str, **options: Any) -> Opened:
            raise EngineError("the endpoint is down")

        broken.setattr("characterglm.engines.opening.open_model", fail)
        assert "the endpoint is down" in chat(capsys, "sun-wukong", "-m", "你好", status=1)
    again = chat(capsys, "--session", "last", "-m", "/regenerate").splitlines()
    assert again[1] == "you 你好"
    assert again[-1] == "孙悟空 妖怪在东边。"


def test_one_failure_among_several_messages_is_told_by_the_status(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert "no command /nonsense" in chat(
        capsys, "sun-wukong", "-m", "/nonsense", "-m", "你好", status=1
    )


def test_a_mistyped_model_leaves_no_dialogue_behind(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(name: str) -> None:
        raise NotFound("model", name)

    monkeypatch.setattr("characterglm.cli.model.ensure", missing)
    chat(capsys, "sun-wukong", "--model", "tpyo", "-m", "x", status=1)
    assert "begin one" in chat(capsys, "--session", "last", "-m", "x", status=1)


def test_the_last_dialogue_with_a_character_is_found(capsys: pytest.CaptureFixture[str]) -> None:
    chat(capsys, "sun-wukong", "-m", "一")
    chat(capsys, "sherlock-holmes", "-m", "two")
    assert "you 一" in chat(capsys, "sun-wukong", "--session", "last", "-m", "三")


def test_words_that_are_no_utf8_are_kept_as_far_as_they_go(
    capsys: pytest.CaptureFixture[str],
) -> None:
    shown = chat(capsys, "sun-wukong", "-m", "caf\udce9", "-m", "/history")
    assert "caf\ufffd" in shown


def test_a_tilde_that_is_nobodys_home_does_not_end_the_chat(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = typed(
        capsys,
        monkeypatch,
        "/persona ~bob: a pirate",
        "/persona ~no-such-user-here/me.yaml",
        "/save ~no-such-user-here/x.jsonl",
        "妖怪在哪？",
    )
    text = "\n".join(shown)
    assert "You are now ~bob" in text
    assert text.count("no such home directory") == 2
    assert "妖怪在东边。" in text
