"""Between the schema and the tables: one dialogue or utterance, either way."""

from __future__ import annotations

from typing import Any

from characterglm.character import Persona
from characterglm.dialogue.schema import (
    Consent,
    Dialogue,
    Feedback,
    Generation,
    Speaker,
    Utterance,
    now,
)
from characterglm.dialogue.tables import DialogueRow, UtteranceRow


def dialogue_values(dialogue: Dialogue) -> dict[str, Any]:
    """The columns of a dialogue, in their Python types."""
    values = dialogue.model_dump(exclude={"schema_version", "utterances", "consent"})
    consent = {f"consent_{name}": value for name, value in dict(dialogue.consent).items()}
    return values | consent | {"touched": now()}


def utterance_values(dialogue_id: str, utterance: Utterance) -> dict[str, Any]:
    """The columns of an utterance, in their Python types; `number` is the database's to give."""
    values = utterance.model_dump(exclude={"speaker"})
    speaker = utterance.speaker
    return values | {
        "dialogue": dialogue_id,
        "speaker_role": speaker.role,
        "speaker_name": speaker.name,
    }


def to_dialogue(row: DialogueRow, utterances: list[Utterance]) -> Dialogue:
    """The dialogue of a row."""
    plain = ("id", "title", "character", "character_version", "kind", "category", "source")
    return Dialogue.model_validate(
        {name: getattr(row, name) for name in plain}
        | {
            "persona": Persona.model_validate(row.persona),
            "consent": Consent.model_validate(
                {name: getattr(row, f"consent_{name}") for name in Consent.model_fields}
            ),
            "license": row.license,
            "utterances": utterances,
            "leaf": row.leaf,
            "created": row.created,
            "extensions": row.extensions,
        }
    )


def to_utterance(row: UtteranceRow) -> Utterance:
    """The utterance of a row."""
    return Utterance.model_validate(
        {
            "id": row.id,
            "parent": row.parent,
            "speaker": Speaker.model_validate({"role": row.speaker_role, "name": row.speaker_name}),
            "text": row.text,
            "status": row.status,
            "origin": row.origin,
            "generation": row.generation and Generation.model_validate(row.generation),
            "feedback": row.feedback and Feedback.model_validate(row.feedback),
            "created": row.created,
            "extensions": row.extensions,
        }
    )
