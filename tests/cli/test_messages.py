"""What the terminal says, in both languages alike."""

from __future__ import annotations

import string
from collections.abc import Mapping
from importlib.resources import files
from typing import Any

import pytest

from characterglm.cli.messages import texts, user_language
from characterglm.settings import settings

VIEWS = sorted(
    {
        file.name.split(".")[0]
        for file in files("characterglm.cli.messages").iterdir()
        if file.name.endswith(".yaml")
    }
)


@pytest.mark.parametrize("view", VIEWS)
def test_both_languages_say_the_same_things(view: str) -> None:
    assert _shape(texts(view, "en")) == _shape(texts(view, "zh"))


def _shape(value: Any, key: str = "") -> Any:
    """Keys, and the names to be filled in; a list is compared by its length."""
    if isinstance(value, Mapping):
        # Only Chinese needs the reasons translated: their keys are the English.
        return {name: _shape(each, name) for name, each in value.items() if name != "reasons"}
    if isinstance(value, str):
        return sorted(name for _, name, _, _ in string.Formatter().parse(value) if name)
    return len(value) if isinstance(value, list) else type(value).__name__


@pytest.mark.parametrize(
    ("locale", "fallback", "language"),
    [
        ("zh_CN.UTF-8", "en", "zh"),
        ("en_GB.UTF-8", "zh", "en"),
        ("C.UTF-8", "zh", "zh"),
        ("", "en", "en"),
        ("de_DE", "zh-Hant", "zh"),
    ],
)
def test_the_locale_chooses_the_language(
    monkeypatch: pytest.MonkeyPatch, locale: str, fallback: str, language: str
) -> None:
    monkeypatch.setenv("CHARACTERGLM_LOCALE", locale)
    settings.cache_clear()
    assert user_language(fallback) == language
