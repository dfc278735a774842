"""WHO: characters, personas, lorebooks, their versions and exchange formats.

Knows nothing about dialogues, prompts or models.
"""

from characterglm.character.lorebook import Lorebook, LoreEntry
from characterglm.character.schema import (
    Asset,
    Attributes,
    Behaviors,
    Boundaries,
    Character,
    Evidence,
    ExampleLine,
    Fact,
    Identity,
    Linguistic,
    Persona,
    Relationship,
    slugify,
)

__all__ = [
    "Asset",
    "Attributes",
    "Behaviors",
    "Boundaries",
    "Character",
    "Evidence",
    "ExampleLine",
    "Fact",
    "Identity",
    "Linguistic",
    "LoreEntry",
    "Lorebook",
    "Persona",
    "Relationship",
    "slugify",
]
