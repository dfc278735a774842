"""Free text ↔ the typed parts of a profile: paragraphs, example dialogues, labelled lines.

A free description cannot be taken apart without a model, so it becomes paragraphs of
`attributes.others`; a typed profile becomes lines such as `Occupation: consulting detective`.
Knows nothing about the formats that carry these texts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache
from importlib.resources import files
from typing import Any

import yaml
from pydantic import BaseModel, TypeAdapter

from characterglm.character.schema import (
    Attributes,
    Behaviors,
    ExampleLine,
    Fact,
    Relationship,
    Text,
)

MAX_PARTS = 10_000
"""Paragraphs and example lines of one text; a text of more parts is left whole."""
_TEXT: TypeAdapter[str] = TypeAdapter(Text)
_BLANK_LINES = re.compile(r"\n[ \t]*(?:\n[ \t]*)+")
_START = re.compile(r"^[ \t]*<START>[ \t]*$", re.IGNORECASE | re.MULTILINE)
_SPEAKER = re.compile(r"(\{\{char\}\}|<bot>|\{\{user\}\}|<user>)[ \t]*[:：][ \t]*", re.IGNORECASE)
_IDEOGRAPH = re.compile("[\u3400-\u9fff\U00020000-\U0003ffff]")
_LETTER = re.compile(r"[^\W\d_]")


def text(value: Any) -> str:
    """A foreign text as the schema holds it: no space at its ends, `\\n` between lines."""
    return _TEXT.validate_python((value or "").replace("\r\n", "\n"))


def texts(values: Iterable[Any] | None) -> list[str]:
    """Foreign texts, the empty ones left out."""
    return [clean for value in values or [] if (clean := text(value))]


def paragraphs(value: Any) -> list[Fact]:
    """A free text as facts: what blank lines separate."""
    whole = text(value)
    parts = _BLANK_LINES.split(whole, MAX_PARTS)
    return [Fact(text=part) for part in texts(parts if len(parts) <= MAX_PARTS else [whole])]


def joined(facts: Iterable[Fact]) -> str:
    """Facts as paragraphs."""
    return "\n\n".join(fact.text for fact in facts)


def guess_language(sample: str) -> str:
    """`zh` where a fifth of the letters are ideographs, else `en`.

    One ideograph says about as much as five Latin letters.
    """
    letters = len(_LETTER.findall(sample))
    return "zh" if letters and len(_IDEOGRAPH.findall(sample)) * 5 >= letters else "en"


def parse_examples(value: Any) -> list[list[ExampleLine]]:
    """Example dialogues of a card (`<START>`, `{{user}}:`, `{{char}}:`); [] for any other text."""
    whole = text(value)
    if whole.count("\n") > MAX_PARTS:
        return []
    blocks = (_parse_block(block.split("\n")) for block in _START.split(whole))
    return [block for block in blocks if block]


def _parse_block(lines: list[str]) -> list[ExampleLine]:
    said: list[tuple[str, list[str]]] = []
    for line in lines:
        if hit := _SPEAKER.match(line.lstrip()):
            role = "character" if hit[1].lower() in ("{{char}}", "<bot>") else "user"
            said.append((role, [line.lstrip()[hit.end() :]]))
        elif said:
            said[-1][1].append(line)
        elif line.strip():
            said.append(("narrator", [line]))
    if not any(role != "narrator" for role, _ in said):
        return []
    lines_said = ((role, text("\n".join(part))) for role, part in said)
    return [ExampleLine.model_validate({"speaker": r, "text": t}) for r, t in lines_said if t]


_MARKS = {"character": "{{char}}: ", "user": "{{user}}: ", "narrator": ""}


def write_examples(examples: list[list[ExampleLine]]) -> str:
    """Example dialogues as a card has them."""
    blocks = ("\n".join(_MARKS[line.speaker] + line.text for line in block) for block in examples)
    return "\n".join(f"<START>\n{block}" for block in blocks)


@cache
def _labels() -> dict[str, Any]:
    data = files("characterglm.character.cards").joinpath("labels.yaml").read_text("utf-8")
    return dict(yaml.safe_load(data))


def write_attributes(attributes: Attributes, language: str) -> str:
    """Attributes as text: a bare description as it came, a typed profile as labelled lines."""
    others = joined(attributes.others)
    lines = _lines(attributes, language)
    return "\n\n".join(part for part in ("\n".join(lines), others) if part)


def write_behaviors(behaviors: Behaviors, language: str) -> str:
    """Behaviors as text: a bare personality as it came, styles as labelled lines."""
    lines = _lines(behaviors, language)
    return "\n\n".join(part for part in (joined(behaviors.personality), "\n".join(lines)) if part)


def write_profile(attributes: Attributes, behaviors: Behaviors, scenario: str, tongue: str) -> str:
    """Everything a model must know, for formats that have one text for it all."""
    parts = (write_attributes(attributes, tongue), write_behaviors(behaviors, tongue), scenario)
    return "\n\n".join(part for part in parts if part)


_FREE = ("others", "personality")
"""Fields that hold free text, which needs no label."""


def _lines(part: BaseModel, language: str) -> Iterator[str]:
    words = _labels()["zh" if language.split("-")[0] == "zh" else "en"]
    for key, value in part:
        if isinstance(value, BaseModel):
            yield from _lines(value, language)
        elif value and key not in _FREE:
            label = words["labels"].get(key, key.replace("_", " "))
            yield f"{label}{words['colon']}{_say(value, words)}"


def _say(value: Any, words: dict[str, str]) -> str:
    if isinstance(value, list):
        return words["separator"].join(_say(item, words) for item in value)
    if isinstance(value, Relationship):
        relation = words["relation"].format(value.relation) if value.relation else ""
        note = f"{words['colon']}{value.note}" if value.note else ""
        return f"{value.name}{relation}{note}"
    return str(value)


def free_profile(value: Any) -> dict[str, Any]:
    """The places that `write_profile` writes, for a text whose parts nobody can tell apart."""
    return {
        "attributes": Attributes(others=paragraphs(value)),
        "behaviors": Behaviors(),
        "scenario": "",
    }
