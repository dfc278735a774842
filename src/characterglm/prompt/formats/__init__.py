"""Prompt formats: how a script is written for a model, and where its reply ends."""

from __future__ import annotations

from characterglm.errors import NotFound
from characterglm.prompt.formats.base import PromptFormat, Rendered
from characterglm.prompt.formats.characterglm import CharacterGLMFormat
from characterglm.prompt.formats.chatml import ChatMLFormat

FORMATS = ("characterglm", "chatml", "template")

__all__ = [
    "FORMATS",
    "CharacterGLMFormat",
    "ChatMLFormat",
    "PromptFormat",
    "Rendered",
    "get_format",
]


def get_format(name: str) -> PromptFormat:
    """A prompt format by its name. Raises NotFound."""
    if name == "characterglm":
        return CharacterGLMFormat()
    if name == "chatml":
        return ChatMLFormat()
    raise NotFound("prompt format", name, FORMATS, hint=f"there are {', '.join(FORMATS)}")
