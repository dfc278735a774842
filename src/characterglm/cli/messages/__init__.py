"""The terminal's words in the user's language; the texts are data: `WHAT.LANGUAGE.yaml`."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from characterglm.character import yamltree
from characterglm.settings import settings

LANGUAGES = ("en", "zh")


@cache
def texts(what: str, language: str) -> Mapping[str, Any]:
    """The texts of one view in a language; English for one that has none."""
    name = language if language in LANGUAGES else "en"
    found: dict[str, Any] = yamltree.load(
        files(__package__).joinpath(f"{what}.{name}.yaml").read_text("utf-8")
    ).data
    return found


def user_language(fallback: str = "en") -> str:
    """The language of the user's locale, en or zh; `fallback` for any other."""
    wanted = settings().locale.split(".")[0].split("_")[0].lower()
    return wanted if wanted in LANGUAGES else fallback.split("-")[0]


class Messages:
    """The texts of one view, ready to be filled in."""

    def __init__(self, what: str, language: str) -> None:
        self._texts = texts(what, language)

    def __call__(self, key: str, **values: object) -> str:
        """The text for `key`, with its `{names}` filled in."""
        return str(self._texts[key]).format(**values)

    @property
    def help(self) -> dict[str, str]:
        """What each command does."""
        return dict(self._texts["help"])
