"""OpenAI chat messages: `{"messages": [{"role", "content"}, …]}`, one dialogue a line."""

from __future__ import annotations

from typing import Any

from characterglm.character.cards.shapes import OptText, Shape
from characterglm.dialogue.files import greeting as greetings
from characterglm.dialogue.files.building import SYSTEM, Builder, rest_of, system_of
from characterglm.dialogue.files.formats import Format, GreetingMode, Reading, Value, shaped
from characterglm.dialogue.files.greeting import Said
from characterglm.dialogue.schema import Dialogue, SpeakerRole, Utterance

UNDER = "openai"
_SYSTEM_ROLES = ("system", "developer")
_SPEAKERS: dict[str, SpeakerRole] = {"user": "user", "assistant": "character"}
_ROLES = {"user": "user", "character": "assistant", "narrator": "system"}


class MessageShape(Shape):
    """One message."""

    role: str
    content: str | list[dict[str, Any]] | None = None
    name: OptText = None


class RecordShape(Shape):
    """One dialogue."""

    messages: list[MessageShape]


def _recognises(value: Value) -> bool:
    messages = value.get("messages")
    return isinstance(messages, list) and all(
        isinstance(message, dict) and "role" in message for message in messages[:1]
    )


def _read(value: Value, reading: Reading) -> Dialogue:
    shaped(RecordShape, value)
    extra = {key: part for key, part in value.items() if key != "messages"}
    note = greetings.take_note(extra)
    messages = list(value["messages"])
    system = None
    if messages and messages[0].keys() == {"role", "content"} and _is_system(messages[0]):
        system = messages.pop(0)["content"]
    said = greetings.unhide(Said(system, messages, note), {"role": "assistant"}, "content")
    builder = Builder()
    for message in said.lines:
        _say(builder, message, reading)
    extensions = reading.keep(extra, UNDER)
    if said.system is not None:
        extensions[SYSTEM] = said.system
    return builder.done(reading.character_id(), extensions=extensions)


def _is_system(message: Value) -> bool:
    return message["role"] in _SYSTEM_ROLES and isinstance(message["content"], str)


def _say(builder: Builder, message: Value, reading: Reading) -> None:
    rest = {key: part for key, part in message.items() if key not in ("role", "content", "name")}
    content, role = message.get("content"), _SPEAKERS.get(message["role"], "narrator")
    if not isinstance(content, str):
        rest["content"] = content
    if role == "narrator" and message["role"] != "system":
        rest["role"] = message["role"]
    extensions = reading.keep(rest, UNDER)
    name = message.get("name") or ""
    builder.say(role, _text(content), name, extensions=extensions)


def _text(content: Any) -> str:
    """The text of a message's content, which may be None or a list of parts."""
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else []
    texts = (part.get("text") for part in parts if isinstance(part, dict))
    return "\n".join(text for text in texts if isinstance(text, str))


def _write(dialogue: Dialogue, mode: GreetingMode) -> Value:
    path = dialogue.path()
    first = path[0].text if path and path[0].speaker.role == "character" else None
    said = Said(system_of(dialogue), [_message(utterance) for utterance in path])
    placeholder = {"role": "user", "content": greetings.PLACEHOLDER}
    said = greetings.hide(said, mode, placeholder, first)
    head = [] if said.system is None else [{"role": "system", "content": said.system}]
    record = {**rest_of(dialogue, UNDER), "messages": [*head, *said.lines]}
    return greetings.put_note(record, said.note)


def _message(utterance: Utterance) -> Value:
    rest = rest_of(utterance, UNDER)
    role = rest.pop("role", _ROLES[utterance.speaker.role])
    message: Value = {"role": role, "content": utterance.text}
    if "content" in rest and _text(rest["content"]) != utterance.text:
        rest.pop("content")
    if utterance.speaker.name:
        message["name"] = utterance.speaker.name
    return message | rest


FORMAT = Format(
    UNDER,
    "OpenAI chat messages",
    _recognises,
    _read,
    _write,
    mapped=(
        ("messages.user", "utterances of the user"),
        ("messages.assistant", "utterances of the character"),
        ("first system message", f"extensions.{SYSTEM}"),
        ("other roles", "utterances of the narrator"),
    ),
)
