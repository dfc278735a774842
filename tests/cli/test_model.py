"""`characterglm model`, as typed."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import pytest

from characterglm.cli.app import run
from characterglm.models import registry
from characterglm.settings import settings

Capture = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tables are not wrapped, and no source is reached."""
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("LANG", "en_GB.UTF-8")
    for name in ("LC_ALL", "LC_MESSAGES"):
        monkeypatch.delenv(name, raising=False)
    for name in ("HF_ENDPOINT", "MODELSCOPE_ENDPOINT"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    settings.cache_clear()


@pytest.fixture
def fetched(home: Path) -> Path:
    """A file of the right size in the place of the smallest model."""
    file = registry()["smollm2-135m"].file
    path = home / "models" / file.name
    path.parent.mkdir(parents=True)
    with path.open("wb") as out:
        out.truncate(file.size)
    return path


def test_list(capsys: Capture, fetched: Path) -> None:
    assert run(["model", "list"]) == 0
    lines = {line.split()[0]: line for line in capsys.readouterr().out.splitlines()}
    default, small = lines["qwen2.5-coder-1.5b"], lines["smollm2-135m"]
    for word in ("(default)", "1.1 GB", "no", "Apache-2.0", "zh en", "embedded model"):
        assert word in default
    assert " yes " in small


def test_list_in_chinese(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANG", "zh_CN.UTF-8")
    settings.cache_clear()
    assert run(["model", "list"]) == 0
    assert "内置模型" in capsys.readouterr().out


def test_list_as_json(capsys: Capture, fetched: Path) -> None:
    assert run(["model", "list", "--json"]) == 0
    found = {record["name"]: record for record in json.loads(capsys.readouterr().out)}
    assert found["qwen2.5-coder-1.5b"]["aliases"] == ["default"]
    assert found["qwen2.5-coder-1.5b"]["path"] is None
    assert found["smollm2-135m"]["path"] == str(fetched)
    assert found["smollm2-135m"]["purpose"] == "tests"


def test_show_a_model_that_is_not_here(capsys: Capture) -> None:
    assert run(["model", "show", "default"]) == 0
    out = capsys.readouterr().out
    for word in (
        "1,117,320,768",
        "cc324af070c2",
        "32,768",
        "characterglm",
        "package index (22 wheels",
    ):
        assert word in out
    assert "header" not in out


def _text(text: str) -> bytes:
    return struct.pack("<Q", len(text)) + text.encode()


def test_show_a_file(capsys: Capture, tmp_path: Path) -> None:
    path = tmp_path / "mine.gguf"
    said = {
        "general.name": "evil\x1b[2Jname",
        "general.license": "mit",
        "tokenizer.chat_template": "{{ messages }}",
    }
    keys = [_text(key) + struct.pack("<I", 8) + _text(value) for key, value in said.items()]
    path.write_bytes(struct.pack("<4sIQQ", b"GGUF", 3, 0, len(keys)) + b"".join(keys))
    assert run(["model", "show", str(path)]) == 0
    out = capsys.readouterr().out
    assert "\x1b" not in out
    for word in ("evilname", "mit", "14 characters", str(path)):
        assert word in out
    assert run(["model", "show", str(path), "--json"]) == 0
    header = json.loads(capsys.readouterr().out)["header"]
    assert (header["license"], header["name"]) == ("mit", "evil\x1b[2Jname")


def test_pull_says_where_it_tried(capsys: Capture) -> None:
    assert run(["model", "pull", "smollm2-135m", "--source", "hub"]) == 1
    err = capsys.readouterr().err
    assert "98.4 MB, licence Apache-2.0; source: model hub" in err
    assert "error: smollm2-135m could not be pulled" in err
    assert "Connection refused" in err


def test_pull_from_a_source_that_does_not_exist(capsys: Capture) -> None:
    assert run(["model", "pull", "--source", "torrent"]) == 2
    assert "torrent" in capsys.readouterr().err


def test_remove(capsys: Capture, fetched: Path) -> None:
    assert run(["model", "remove", "smollm2-135m"]) == 0
    assert capsys.readouterr().out == "smollm2-135m: 98.4 MB freed\n"
    assert not fetched.exists()
    assert run(["model", "remove", "smollm2-135m"]) == 0
    assert capsys.readouterr().out == "smollm2-135m is not here\n"


@pytest.mark.parametrize("command", ["show", "pull", "remove"])
def test_an_unknown_model(capsys: Capture, command: str) -> None:
    assert run(["model", command, "smolm2-135m"]) == 1
    assert "did you mean smollm2-135m" in capsys.readouterr().err


def test_an_error_does_not_command_the_terminal(capsys: Capture) -> None:
    assert run(["model", "show", "no\x1b[2Jthing"]) == 1
    assert "no model 'nothing'" in capsys.readouterr().err


def test_nothing_shown_is_shortened(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    assert run(["model", "show", "default"]) == 0
    out = capsys.readouterr().out
    assert "…" not in out
    folded = "".join(line[29:] for line in out.splitlines()).replace(" ", "")
    assert registry()["qwen2.5-coder-1.5b"].file.sha256 in folded
