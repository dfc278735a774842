"""Alpaca: `{"instruction", "input", "output", "system", "history": [[user, character], …]}`.

An empty text stands for nobody having spoken, which is how a greeting, two utterances by the same
speaker and an unanswered message fit into pairs.
"""

from __future__ import annotations

from characterglm.character.cards.shapes import OptText, Shape
from characterglm.dialogue.files.building import SYSTEM, Builder, rest_of, role_of, system_of
from characterglm.dialogue.files.formats import Format, GreetingMode, Reading, Value, shaped
from characterglm.dialogue.schema import Dialogue, Utterance

UNDER = "alpaca"
_OURS = ("instruction", "input", "output", "system", "history")


class RecordShape(Shape):
    """One dialogue."""

    instruction: str
    input: OptText = None
    output: str
    system: OptText = None
    history: list[list[str]] | None = None


def _recognises(value: Value) -> bool:
    return "instruction" in value and "output" in value


def _read(value: Value, reading: Reading) -> Dialogue:
    record = shaped(RecordShape, value)
    builder = Builder()
    for pair in record.history or []:
        for index, said in enumerate(pair[:2]):
            if said:
                builder.say(role_of(index == 0), said)
    _ask(builder, record.instruction, record.input or "")
    if record.output:
        builder.say("character", record.output)
    extra = {key: part for key, part in value.items() if key not in _OURS}
    extensions = reading.keep(extra, UNDER)
    if record.system:
        extensions[SYSTEM] = record.system
    return builder.done(reading.character_id(), extensions=extensions)


def _ask(builder: Builder, instruction: str, given: str) -> None:
    """The last message of the user, of two parts if there is an input."""
    parts = {"instruction": instruction, "input": given} if given else {}
    text = f"{instruction}\n{given}" if given else instruction
    if text:
        builder.say("user", text, extensions={UNDER: parts} if parts else {})


def _write(dialogue: Dialogue, mode: GreetingMode) -> Value:
    pairs: list[list[Utterance | None]] = []
    for utterance in dialogue.path():
        if utterance.speaker.role == "user":
            pairs.append([utterance, None])
        elif utterance.speaker.role == "character":
            if not pairs or pairs[-1][1]:
                pairs.append([None, None])
            pairs[-1][1] = utterance
    asked, answer = pairs.pop() if pairs else (None, None)
    system = system_of(dialogue)
    return {
        **rest_of(dialogue, UNDER),
        **({} if system is None else {"system": system}),
        **_question(asked),
        "output": _text(answer),
        "history": [[_text(one), _text(other)] for one, other in pairs],
    }


def _question(asked: Utterance | None) -> Value:
    parts = rest_of(asked, UNDER) if asked else {}
    if asked and "\n".join(map(str, parts.values())) == asked.text:
        return parts
    return {"instruction": _text(asked), "input": ""}


def _text(utterance: Utterance | None) -> str:
    return utterance.text if utterance else ""


FORMAT = Format(
    UNDER,
    "Alpaca instructions",
    _recognises,
    _read,
    _write,
    mapped=(
        ("history", "the turns before the last"),
        ("instruction, input", "the user's last utterance"),
        ("output", "the character's last utterance"),
        ("system", f"extensions.{SYSTEM}"),
    ),
)
