"""`characterglm character new`: guided, or from a description by way of a model."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from characterglm.cli.character import open_characters
from characterglm.errors import InputError

if TYPE_CHECKING:
    from characterglm.authoring import Authored
    from characterglm.character import Character
    from characterglm.cli.interview import Ask


def new(
    *,
    language: str = "",
    id: str = "",  # noqa: A002 - the option's name
    from_text: Annotated[str, Parameter(allow_leading_hyphen=True)] = "",
    model: str = "",
    output: Path | None = None,
) -> None:
    """Make a character: by answering questions, or from a description.

    Parameters
    ----------
    language
        zh or en: the language of the questions and of the character.
    id
        Its id; made from its name unless given.
    from_text
        A file with a description in plain words, or - for standard input; a model turns it into
        a character.
    model
        The model that does so, as for `characterglm chat`.
    output
        Write the character to this YAML file instead of saving it.
    """
    from characterglm.character import slugify
    from characterglm.cli.character_view import show_note, show_yaml
    from characterglm.cli.messages import texts, user_language

    if id and id != slugify(id):
        raise InputError(f"'{id}' is not an id; try --id {slugify(id)}")
    if output and output.exists():
        raise InputError(f"{output} exists already; choose another --output")
    if language not in ("", "zh", "en"):
        raise InputError(f"--language is zh or en, not '{language}'")
    words = texts("character", language or user_language())
    if from_text:
        authored = _write(_description(from_text), language, model)
        character = authored.character
    else:
        character = _ask(language or user_language())
    if id:
        character = character.model_copy(update={"id": id})
    show_yaml(character)
    if from_text and authored.empty:
        show_note(words["left_empty"].format(fields=", ".join(authored.empty)))
    _keep(character, output, words)


def _ask(language: str) -> Character:
    from characterglm.cli.character_view import show_note
    from characterglm.cli.interview import Interview
    from characterglm.cli.messages import texts

    words = texts("character", language)
    show_note(words["intro"])
    return Interview(_asker(), words).character(language)


def _asker() -> Ask:
    """A line editor for a person, plain lines for a pipe."""
    if not sys.stdin.isatty():
        return _plain_asker()
    from prompt_toolkit import PromptSession

    session: PromptSession[str] = PromptSession()
    return session.prompt


def _plain_asker() -> Ask:
    from characterglm.cli import stdin

    answers = stdin.lines()

    def ask(question: str) -> str:
        print(question, end="", flush=True)
        try:
            return next(answers)
        except StopIteration:
            raise EOFError from None

    return ask


def _description(source: str) -> str:
    from characterglm.character.yamlfile import read_text
    from characterglm.cli import stdin

    text = stdin.read_all() if source == "-" else read_text(Path(source))
    if not text.strip():
        raise InputError("the description is empty: say who the character is, in a few sentences")
    return text


def _write(description: str, language: str, model: str) -> Authored:
    import asyncio

    from rich.console import Console

    from characterglm.authoring import character_from_text
    from characterglm.cli.messages import texts, user_language
    from characterglm.cli.model import load

    async def write() -> Authored:
        opened = load(model)
        note = texts("character", language or user_language())["writing"].format(
            model=opened.engine.model
        )
        try:
            with Console(stderr=True).status(note):
                return await character_from_text(
                    opened.engine, description, language=language or None
                )
        finally:
            await opened.engine.close()

    return asyncio.run(write())


def _keep(character: Character, output: Path | None, words: Mapping[str, str]) -> None:
    from characterglm.character.yamlfile import write_character
    from characterglm.cli.character_view import show_note
    from characterglm.store.atomic import whole_file

    if output:
        try:
            with whole_file(output) as stream:
                stream.write(write_character(character).encode())
        except OSError as error:
            raise InputError(f"{output} cannot be written: {error.strerror}") from None
        show_note(words["written"].format(path=output))
        return
    with open_characters() as characters:
        added = characters.add(character)
    show_note(words["saved"].format(id=added.id, version=1))
