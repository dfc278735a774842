"""What an imported card says to the prompt beyond our schema, in `character.extensions["card"]`.

Knows where the card's reader kept it; nothing about prompts.
"""

from __future__ import annotations

from typing import Literal

from characterglm.character import Character

Key = Literal["nickname", "system_prompt", "post_history_instructions"]


def card_text(character: Character, key: Key) -> str:
    """A text of the card's own data; empty where the character has no card or the card no text."""
    card = character.extensions.get("card")
    data = card.get("data") if isinstance(card, dict) else None
    text = data.get(key) if isinstance(data, dict) else None
    return text.strip() if isinstance(text, str) else ""
