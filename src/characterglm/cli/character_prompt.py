"""`characterglm character prompt`: what a model is told, and what each part of it costs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from characterglm.cli.character import open_characters
from characterglm.cli.character_view import console
from characterglm.cli.lore_reasons import reason
from characterglm.cli.messages import texts, user_language
from characterglm.cli.terminal import one_line, plain, print_json

if TYPE_CHECKING:
    from characterglm.character import Character, Lorebook, Persona
    from characterglm.prompt import CachedCount, Prompt, PromptFormat


def prompt(
    character: str,
    *,
    message: str = "",
    persona: str = "",
    model: str = "",
    format: str = "",  # noqa: A002 - the option's name
    budget: int | None = None,
    explain: bool = False,
    json: bool = False,
) -> None:
    """Show what a model is told about a character: the prompt after its greeting.

    Parameters
    ----------
    character
        Its id, or its name if only one has it.
    message
        Say this after the greeting: shows what it calls up from the lorebooks.
    persona
        Who you are: a YAML file (name, info, relation), or "NAME: WHO THAT IS".
    model
        Count with this model's tokenizer, and use its format; else tokens are estimated.
    format
        Prompt format: characterglm, chatml, or template (the model's own).
    budget
        The most tokens the prompt may take.
    explain
        Also show the tokens part by part, and why each lorebook entry entered or not.
    json
        Print all of it as JSON.
    """
    from characterglm.character import Persona
    from characterglm.cli.persona import read_persona

    with open_characters() as characters:
        found = characters.get(character)
        books = characters.lorebooks(found.id)
    you = read_persona(persona) if persona else Persona()
    with _scales(model, format) as scales:
        built = _build(found, you, message, books, scales, budget)
    if json:
        print_json({"exact": scales.exact, "budget": budget, **_data(built)})
    else:
        show_prompt(console(), built, explain=explain, exact=scales.exact)


@dataclass(frozen=True)
class _Scales:
    """A format and a counter, and whether the counter is a model's own."""

    format: PromptFormat
    count: CachedCount
    exact: bool


@contextmanager
def _scales(model: str, format_: str) -> Iterator[_Scales]:
    from characterglm.engines.base import estimate
    from characterglm.prompt import cached, get_format

    if not model:
        yield _Scales(get_format(format_ or "chatml"), cached(estimate), exact=False)
        return
    import asyncio

    from characterglm.cli.model import load

    opened = load(model, format=format_)
    try:
        exact = opened.engine.count(())[1]
        yield _Scales(opened.format, cached(lambda some: opened.engine.count(some)[0]), exact)
    finally:
        asyncio.run(opened.engine.close())


def _build(
    character: Character,
    persona: Persona,
    message: str,
    books: list[Lorebook],
    scales: _Scales,
    budget: int | None,
) -> Prompt:
    from characterglm.dialogue import Speaker, Utterance
    from characterglm.prompt import build, greet

    said = [("character", greet(character, persona)), ("user", message)]
    path = [
        Utterance(speaker=Speaker.model_validate({"role": role}), text=text)
        for role, text in said
        if text
    ]
    return build(
        character,
        persona,
        path,
        format=scales.format,
        budget=budget,
        count=scales.count,
        lorebooks=books,
        reply=bool(message),
    )


def show_prompt(out: Console, prompt: Prompt, *, explain: bool = False, exact: bool = True) -> None:
    """A prompt as the model gets it, special tokens in reverse; with `explain`, its accounts."""
    written = Text()
    for segment in prompt.segments:
        written.append(plain(segment.text), style="reverse" if segment.control else "")
    out.print(written, soft_wrap=True)
    if explain:
        words = texts("character", user_language())["prompt"]
        _show_sizes(out, prompt, words, exact=exact)
        _show_lore(out, prompt, words)
        for fallback in prompt.fallbacks:
            out.print(Text(reason(fallback, user_language())))
        dropped = {"utterances": prompt.dropped_utterances, "examples": prompt.dropped_examples}
        out.print(Text(words["dropped"].format(**dropped)))
        out.print(Text(words["stops"].format(stops=" ".join(map(repr, prompt.stop)))))


def _show_sizes(out: Console, prompt: Prompt, words: dict[str, Any], *, exact: bool) -> None:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column(words["part"])
    table.add_column(words["tokens"], justify="right")
    table.add_column(words["share"], justify="right")
    for size in prompt.sizes:
        share = size.tokens / max(1, prompt.tokens)
        table.add_row(words["parts"][size.part], str(size.tokens), f"{share:.0%}")
    remark = "" if exact else words["estimated"]
    table.add_row(words["total"], str(prompt.tokens), Text(remark, style="dim"), style="bold")
    out.print()
    out.print(table)


def _show_lore(out: Console, prompt: Prompt, words: dict[str, Any]) -> None:
    if not prompt.lore:
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in (words["lore"], "", words["tokens"], ""):
        table.add_column(heading, overflow="fold")
    for hit in prompt.lore:
        fate = Text(words["entered"], "green") if hit.active else Text(words["stayed_out"], "dim")
        tokens = str(hit.tokens) if hit.tokens else ""
        why = reason(hit.reason, user_language())
        table.add_row(Text(one_line(hit.entry)), fate, tokens, Text(one_line(why)))
    out.print()
    out.print(table)
    out.print()


def _data(prompt: Prompt) -> dict[str, Any]:
    data = asdict(prompt)
    dropped = ("dropped_utterances", "dropped_examples")
    parts = ("format", "fallbacks", "tokens", "stop", "sizes", "lore", *dropped, "segments")
    return {part: data[part] for part in parts}
