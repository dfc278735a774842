"""WHAT WAS SAID: dialogues as trees of utterances, where they are kept, how they are found.

Knows characters by id; knows nothing about prompts or models.
"""

from characterglm.dialogue.schema import (
    Consent,
    Dialogue,
    Feedback,
    Generation,
    Speaker,
    Utterance,
    turns,
)

__all__ = ["Consent", "Dialogue", "Feedback", "Generation", "Speaker", "Utterance", "turns"]
