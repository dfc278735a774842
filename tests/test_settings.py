"""What the surroundings may say, and what is answered to what they may not."""

from __future__ import annotations

from pathlib import Path

import pytest

from characterglm.cli.app import run
from characterglm.errors import InputError
from characterglm.settings import home_path, settings


@pytest.mark.parametrize(
    ("variable", "value", "allowed"),
    [
        ("THREADS", "abc", "a whole number of at least 0 and of at most 1024"),
        ("THREADS", "-1", "a whole number of at least 0"),
        ("CONTEXT", "0", "a whole number of at least 1"),
        ("OPENAI_TIMEOUT", "0", "a number above 0"),
        ("OPENAI_TIMEOUT", "nan", "a number above 0"),
        ("OPENAI_RETRIES", "1.5", "a whole number of at least 0"),
    ],
)
def test_a_variable_that_cannot_be_used(
    variable: str,
    value: str,
    allowed: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv(f"CHARACTERGLM_{variable}", value)
    settings.cache_clear()
    assert run(["character", "list"]) == 1
    shown = capsys.readouterr().err
    assert shown.startswith(f"error: CHARACTERGLM_{variable} is {value}: needed is {allowed}")
    assert len(shown.splitlines()) == 1


def test_home_directories() -> None:
    assert home_path("~/x") == Path.home() / "x"
    assert home_path("a/b") == Path("a/b")
    with pytest.raises(InputError, match="no such home directory"):
        home_path("~no-such-user-here/x")
