"""Counting tokens without counting the same text twice; knows nothing of tokenizers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from characterglm.prompt.types import Count, PartSize, Segment

_MOST = 50_000
"""Texts remembered; far more than one dialogue has."""


class CachedCount:
    """A counter that remembers what each text costs.

    Every segment is tokenised on its own, so costs add up. Keep one for as long as the engine
    lives: a dialogue's history is then counted once, not once a turn.
    """

    def __init__(self, count: Count) -> None:
        self._count = count
        self._plain: dict[str, int] = {}
        self._control: dict[str, int] = {}

    def __call__(self, segments: Sequence[Segment]) -> int:
        """Tokens of some segments."""
        return sum(map(self.one, segments))

    def one(self, segment: Segment) -> int:
        """Tokens of one segment."""
        known = self._control if segment.control else self._plain
        tokens = known.get(segment.text)
        return self._learn(segment) if tokens is None else tokens

    def text(self, text: str) -> int:
        """Tokens of somebody's words."""
        tokens = self._plain.get(text)
        return self._learn(Segment(text, "history")) if tokens is None else tokens

    def _learn(self, segment: Segment) -> int:
        known = self._control if segment.control else self._plain
        if len(known) >= _MOST:
            known.clear()
        tokens = known[segment.text] = self._count((segment,)) if segment.text else 0
        return tokens


def cached(count: Count) -> CachedCount:
    """A counter with a memory; one that has a memory already stays as it is."""
    return count if isinstance(count, CachedCount) else CachedCount(count)


def sizes(segments: Iterable[Segment], count: CachedCount) -> tuple[PartSize, ...]:
    """Tokens part by part, in the order in which the parts first appear."""
    totals: dict[str, int] = {}
    for segment in segments:
        totals[segment.part] = totals.get(segment.part, 0) + count.one(segment)
    return tuple(PartSize(part, tokens) for part, tokens in totals.items())
