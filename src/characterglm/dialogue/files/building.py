"""Making a dialogue out of lines said one after the other; what the readers share."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from characterglm.dialogue.schema import Dialogue, Speaker, SpeakerRole, Utterance, now

SYSTEM = "system"
"""Where in a dialogue's extensions the system text of a foreign format is kept, for all formats
alike, so that it survives the way from one to another.
"""


class Builder:
    """A dialogue in the making: a path, and siblings beside its utterances."""

    def __init__(self, created: datetime | None = None) -> None:
        self.created = created or now()
        self.utterances: list[Utterance] = []
        self.leaf: Utterance | None = None

    def say(self, role: SpeakerRole, text: str, name: str = "", **fields: Any) -> Utterance:
        """Add what is said next; the talk stands there now."""
        parent = self.leaf.id if self.leaf else None
        self.leaf = self._add(parent, role, text, name, fields)
        return self.leaf

    def beside(self, role: SpeakerRole, text: str, name: str = "", **fields: Any) -> Utterance:
        """Add another version of what was said last; the talk stays where it stands."""
        parent = self.leaf.parent if self.leaf else None
        return self._add(parent, role, text, name, fields)

    def answer(self, role: SpeakerRole, text: str, name: str = "", **fields: Any) -> Utterance:
        """Add an answer to what was said last; the talk stays where it stands."""
        return self._add(self.leaf.id if self.leaf else None, role, text, name, fields)

    def _add(
        self, parent: str | None, role: SpeakerRole, text: str, name: str, fields: dict[str, Any]
    ) -> Utterance:
        speaker = Speaker(role=role, name=name)
        values = {"created": self.created, "parent": parent, "speaker": speaker, "text": text}
        utterance = Utterance.model_validate(values | fields)
        self.utterances.append(utterance)
        return utterance

    def done(self, character: str, **fields: Any) -> Dialogue:
        """The dialogue."""
        made = {
            "character": character,
            "created": self.created,
            "utterances": self.utterances,
            "leaf": self.leaf.id if self.leaf else None,
        }
        return Dialogue.model_validate(made | fields)


def rest_of(part: Dialogue | Utterance, under: str) -> dict[str, Any]:
    """What a reader kept of a foreign record or message, a copy; empty if there is none."""
    kept = part.extensions.get(under)
    return dict(kept) if isinstance(kept, dict) else {}


def system_of(dialogue: Dialogue) -> str | None:
    """The system text that came with a dialogue."""
    system = dialogue.extensions.get(SYSTEM)
    return system if isinstance(system, str) else None


def role_of(is_user: bool) -> SpeakerRole:
    """The role in formats that know two speakers."""
    return "user" if is_user else "character"
