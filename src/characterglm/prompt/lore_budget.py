"""Which of the called-up lorebook entries there is room for; a choice by priority.

Entries that are always on choose first, so that what changes from turn to turn never moves what
stands with the profile.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from characterglm.character import Lorebook
from characterglm.prompt.lorebook import Found
from characterglm.prompt.types import LoreHit


@dataclass(frozen=True, slots=True)
class Choice:
    """One entry, whether it stands in the prompt, and what it takes."""

    found: Found
    kept: bool
    reason: str
    tokens: int = 0


@dataclass(frozen=True, slots=True)
class Lore:
    """The entries of all books, in the order of the books, each with its fate."""

    choices: tuple[Choice, ...]

    @property
    def hits(self) -> tuple[LoreHit, ...]:
        """The trace a person reads."""
        return tuple(
            LoreHit(one.found.label, one.kept, one.reason, one.tokens) for one in self.choices
        )

    def kept(self, *, front: bool) -> list[Found]:
        """The entries that stand in front, or among what was said; highest in the prompt first."""
        kept = [one.found for one in self.choices if one.kept and one.found.front == front]
        return sorted(kept, key=lambda one: one.entry.order)

    def tokens(self, *, front: bool) -> int:
        """What they take."""
        return sum(one.tokens for one in self.choices if one.kept and one.found.front == front)


def choose(
    found: Sequence[Found],
    books: Sequence[Lorebook],
    cost: Callable[[Found], int],
    cap: int | None,
    *,
    full: bool = False,
) -> Lore:
    """Keep active entries by priority, within each book's own budget and `cap` for all.

    `full` says that the context is full: entries with `@@ignore_on_max_context` leave.
    """
    verdicts = {
        index: Choice(one, one.active, one.reason, cost(one) if one.active else 0)
        for index, one in enumerate(found)
    }
    spent = [0] * len(books)
    for index in sorted(verdicts, key=lambda i: _rank(found[i])):
        choice = verdicts[index]
        if choice.kept:
            why = _too_much(choice, books, spent, cap, full=full)
            if why:
                verdicts[index] = Choice(choice.found, False, why, choice.tokens)
            else:
                spent[choice.found.book] += choice.tokens
    return Lore(tuple(verdicts[index] for index in range(len(found))))


def _rank(one: Found) -> tuple[bool, int, int]:
    return (not one.front, -one.entry.priority, one.entry.order)


def _too_much(
    choice: Choice, books: Sequence[Lorebook], spent: Sequence[int], cap: int | None, *, full: bool
) -> str:
    """Why there is no room for an entry; empty if there is."""
    book = books[choice.found.book]
    if full and choice.found.rules.ignore_on_max_context:
        return "dropped: @@ignore_on_max_context, and the context is full"
    own, needed = book.token_budget, choice.tokens
    if own is not None and spent[choice.found.book] + needed > own:
        return f"dropped: over the book's budget of {own} tokens"
    if cap is not None and sum(spent) + needed > cap:
        return f"dropped: over the {cap} tokens that lorebooks may take"
    return ""
