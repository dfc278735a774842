"""The same script for a remote chat endpoint, which writes the prompt itself."""

from __future__ import annotations

from characterglm.prompt.formats.names import shown
from characterglm.prompt.script import Cast, Line, Script
from characterglm.prompt.types import Message


def messages(script: Script) -> tuple[Message, ...]:
    """One system message with everything in front, then one message a line."""
    front = "\n\n".join(block.text for block in script.front)
    told = [Message("system", front)] if front else []
    told.extend(_message(line, script.cast) for line in script.lines)
    if script.begun:
        told.append(_message(script.begun, script.cast))
    return tuple(told)


def _message(line: Line, cast: Cast) -> Message:
    name = "".join(segment.text for segment in shown(line, cast))
    return Message(line.role, name + line.text)
