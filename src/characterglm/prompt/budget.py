"""What leaves when a prompt is too long: a pure function of token counts.

The profile, the last message and the notes never leave. Lorebook entries live in a share of their
own; of the rest, example dialogues leave first, then the oldest turns, in blocks. Everything is
decided on what stood before the last message plus a fixed reserve for it, so that the next
prompt's beginning is known while the user still types. See docs/decisions/prompt-budget.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from characterglm.errors import ContextOverflow

LORE_SHARE = 4
"""Lorebook entries take at most one part in this many of what the front leaves free."""
BLOCK_SHARE = 4
"""Oldest turns leave in blocks of one part in this many of the history's room."""
RESERVE_SHARE = 12
RESERVE_LEAST, RESERVE_MOST = 48, 512


@dataclass(frozen=True, slots=True)
class Fixed:
    """Tokens of what never leaves."""

    front: int
    """Profile, scenario, boundaries and what frames them."""
    marks: int
    """The markers around the last message, and the opening of the reply."""
    said: int
    """The last message's words, and the notes."""


@dataclass(frozen=True, slots=True)
class Fit:
    """What stays."""

    examples: int
    """How many example dialogues, counted from the first."""
    first: int
    """Index of the oldest turn that stays."""


def reserve(budget: int) -> int:
    """Tokens kept free for the user's next message and the notes that come with it."""
    return max(RESERVE_LEAST, min(RESERVE_MOST, budget // RESERVE_SHARE))


def check(budget: int, fixed: Fixed) -> None:
    """Raise ContextOverflow if what never leaves is too much already."""
    tail = fixed.marks + fixed.said
    if fixed.front + tail > budget:
        raise ContextOverflow(
            f"the prompt cannot fit: the profile takes {fixed.front} tokens and the last message "
            f"{tail}, together {fixed.front + tail}, but there is room for {budget}; shorten one "
            "of them, or give more context (CHARACTERGLM_CONTEXT=8192) if the model has it"
        )


def room(budget: int, fixed: Fixed) -> int:
    """Tokens left for lorebook, examples and history together."""
    return max(0, budget - fixed.front - fixed.marks - max(fixed.said, reserve(budget)))


def lore_cap(budget: int, fixed: Fixed) -> int:
    """The most tokens that lorebook entries may take."""
    return min(max(0, budget - fixed.front) // LORE_SHARE, room(budget, fixed))


def fit(space: int, examples: Sequence[int], turns: Sequence[int]) -> Fit:
    """Choose what stays within `space` tokens, given what each example and each turn costs.

    The start of the history moves in blocks: as a dialogue grows it stays put for many turns.
    """
    total = sum(turns)
    kept = sum(1 for cost in accumulate(examples) if cost + total <= space)
    if total <= space:
        return Fit(kept, 0)
    block = max(1, space // BLOCK_SHARE)
    leaving = -(-(total - space) // block) * block
    gone = list(accumulate(turns))
    first = next((index + 1 for index, cost in enumerate(gone) if cost >= leaving), len(turns))
    return Fit(0, first)
