"""Prompt formats: how a script is written for a model, and where its reply ends."""

from __future__ import annotations

from characterglm.errors import InputError, NotFound
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


def get_format(
    name: str, *, template: str | None = None, bos: str = "", eos: str = ""
) -> PromptFormat:
    """A prompt format by its name.

    `template` is the model's chat template (Jinja2), `bos` and `eos` the special tokens it may
    ask for; only the format `template` reads them. Raises NotFound for an unknown name,
    InputError for a template that is missing or cannot be used.
    """
    if name == "characterglm":
        return CharacterGLMFormat()
    if name == "chatml":
        return ChatMLFormat()
    if name != "template":
        raise NotFound("prompt format", name, FORMATS, hint=f"there are {', '.join(FORMATS)}")
    if not template:
        raise InputError(
            "the model carries no chat template: use --format chatml or --format characterglm"
        )
    from characterglm.prompt.formats.template import TemplateFormat

    return TemplateFormat(template, bos=bos, eos=eos)
