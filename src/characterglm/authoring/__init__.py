"""Text → Character through an engine; knows nothing of where either comes from or goes."""

from characterglm.authoring.from_text import Authored, character_from_text

__all__ = ["Authored", "character_from_text"]
