"""The shape of a lorebook: background that enters a prompt only when it is talked about.

Field for field what card books and world info can say (formats: Character Card V2/V3); what they
carry beyond it stays in `extensions`. Activation is the prompt room's work, not this one's.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field


class LoreEntry(BaseModel):
    """One piece of background and the keys that call it."""

    model_config = ConfigDict(extra="forbid", validate_assignment=True)

    id: str = ""
    name: str = ""
    keys: list[str] = []
    secondary_keys: list[str] = []
    logic: Literal["and_any", "and_all", "not_any", "not_all"] = "and_any"
    """How secondary keys refine a hit, when there are any and `selective` is set."""
    selective: bool = True
    content: str
    """Text, with any leading `@@decorator` lines kept verbatim."""
    enabled: bool = True
    constant: bool = False
    """Always active, keys or not."""
    order: int = 100
    """Lower stands higher in the prompt."""
    priority: int = 100
    """Lower is dropped first when the budget is short."""
    position: Literal["before_character", "after_character", "depth"] = "after_character"
    depth: int = Field(default=4, ge=0)
    """For `position: depth`: how many utterances from the end."""
    role: Literal["system", "user", "assistant"] = "system"
    use_regex: bool = False
    case_sensitive: bool = False
    whole_words: bool = False
    """Latin keys match whole words only; Chinese keys always match as substrings."""
    probability: int = Field(default=100, ge=0, le=100)
    comment: str = ""
    extensions: dict[str, Any] = {}


class Lorebook(BaseModel):
    """A set of entries and how they are looked for."""

    model_config = ConfigDict(extra="forbid", validate_assignment=True)

    name: str = ""
    description: str = ""
    scan_depth: int = Field(default=4, ge=0)
    """How many of the latest utterances are searched for keys."""
    token_budget: int | None = Field(default=None, ge=0)
    """Most tokens that activated entries may take; None leaves it to the prompt's budget."""
    recursive: bool = False
    """Whether the content of an activated entry is searched for further keys."""
    entries: list[LoreEntry] = []
    extensions: dict[str, Any] = {}
