"""`characterglm character prompt`, as typed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from rich.console import Console

from characterglm.cli.app import run
from characterglm.cli.character_prompt import show_prompt
from characterglm.cli.pull_bar import PullBar
from characterglm.errors import PullFailed
from characterglm.models import ModelSpec, Progress
from characterglm.prompt import Prompt, Segment
from characterglm.settings import settings

Capture = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def english(monkeypatch: pytest.MonkeyPatch) -> None:
    """A wide English terminal."""
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("CHARACTERGLM_LOCALE", "en_GB.UTF-8")
    settings.cache_clear()


def test_the_prompt_as_the_model_gets_it(capsys: Capture) -> None:
    assert run(["character", "prompt", "sun-wukong", "--format", "characterglm"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("以下是一段孙悟空和用户之间的对话。\n关于孙悟空的信息：孙悟空，男")
    assert "\n[孙悟空]" in out and not out.rstrip().endswith("[孙悟空]")


def test_a_message_calls_up_lore_and_opens_the_reply(capsys: Capture) -> None:
    line = "character prompt sun-wukong --message 金箍棒借我 --persona 小明:十二岁 --explain"
    assert run(line.split()) == 0
    out = capsys.readouterr().out
    assert "<|im_start|>user\n金箍棒借我<|im_end|>\n<|im_start|>assistant\n" in out
    assert "关于小明：十二岁" in out
    rows = {row.split()[0]: row for row in out.splitlines() if row.strip()}
    assert "estimated" in rows["total"] and rows["profile"].split()[1].isdigit()
    assert "entered" in rows["金箍棒"] and "key '金箍棒' in utterance 2" in rows["金箍棒"]
    assert "stayed out" in rows["火焰山"]
    assert "The reply ends at: '<|im_end|>'" in out


def test_json_tells_all_of_it(capsys: Capture) -> None:
    assert run(["character", "prompt", "sherlock-holmes", "--budget", "1600", "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert data["tokens"] <= data["budget"] == 1600 and data["exact"] is False
    assert sum(size["tokens"] for size in data["sizes"]) == data["tokens"]
    assert {"text", "part", "speaker", "trained", "control"} == set(data["segments"][0])
    assert data["lore"] and data["stop"][0] == "<|im_end|>"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["no-such-one"], "no character 'no-such-one'"),
        (["sun-wukong", "--budget", "90"], "the profile takes"),
        (["sun-wukong", "--format", "template"], "no chat template"),
        (["sun-wukong", "--format", "chatlm"], "did you mean chatml"),
    ],
)
def test_user_errors(words: list[str], message: str, capsys: Capture) -> None:
    assert run(["character", "prompt", *words]) == 1
    assert message in capsys.readouterr().err


def test_a_model_that_is_not_here_is_pulled_in_sight(
    capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def pull(spec: ModelSpec, *, progress: Progress | None = None) -> Path:
        assert isinstance(progress, PullBar)
        raise PullFailed("no source")

    monkeypatch.setattr("characterglm.engines.opening.pull", pull)
    monkeypatch.setattr("characterglm.engines.local.server.load_runtime", lambda: None)
    assert run(["character", "prompt", "sun-wukong", "--model", "smollm2-135m"]) == 1
    assert "no source" in capsys.readouterr().err


def test_a_standalone_lorebook_counts_too(tmp_path: Path, capsys: Capture) -> None:
    book = tmp_path / "book.json"
    entry = {"keys": ["moon"], "content": "MOONLORE", "extensions": {}, "enabled": True}
    entry |= {"insertion_order": 1, "use_regex": False}
    book.write_text(
        json.dumps({"spec": "lorebook_v3", "data": {"entries": [entry], "extensions": {}}})
    )
    assert run(["character", "import", str(book)]) == 0
    assert run(["character", "list", "--lorebooks", "--json"]) == 0
    listed = capsys.readouterr().out
    book_id = json.loads(listed[listed.index("[\n") :])[0]["id"]
    assert run(["character", "attach", "sun-wukong", book_id]) == 0
    capsys.readouterr()
    assert run(["character", "prompt", "sun-wukong", "--message", "the moon"]) == 0
    assert "MOONLORE" in capsys.readouterr().out


def test_special_tokens_look_different_and_escapes_are_gone() -> None:
    segments = (
        Segment("<|im_end|>", "format", control=True),
        Segment("<|im_end|>\x1b[2J", "history"),
    )
    prompt = Prompt(segments, (), (), "chatml", 2)
    console = Console(force_terminal=True, color_system="standard", width=80)
    with console.capture() as captured:
        show_prompt(console, prompt)
    assert captured.get() == "\x1b[7m<|im_end|>\x1b[0m<|im_end|>\n"
