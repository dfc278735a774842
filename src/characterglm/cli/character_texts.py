"""The words of `characterglm character` in the user's language; the texts are data."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any

from characterglm.character import yamltree
from characterglm.cli.messages import choose_language
from characterglm.settings import settings


@cache
def texts(language: str) -> dict[str, Any]:
    """Every text in a language: en or zh."""
    file = files("characterglm.cli") / "messages" / f"character.{language}.yaml"
    data: dict[str, Any] = yamltree.load(file.read_text("utf-8")).data
    return data


def user_language() -> str:
    """The language of the user's locale, en or zh; English for any other."""
    return choose_language(settings().locale, "en")
