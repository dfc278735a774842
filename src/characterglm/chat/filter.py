"""Cuts a streamed reply where it should have ended; knows text only.

Weak models go on as the user, or begin with their own name. Whatever could still turn out to be a
marker is held back until it is clear, so nothing shown ever has to be taken back.
"""

from __future__ import annotations

from collections.abc import Iterable


class ReplyFilter:
    """Trims one reply while it streams.

    `stops` end the reply and are never part of it; `openers` (the speaker's own name with a colon,
    say) are dropped from its beginning; white space around the reply goes. `begun` is for a reply
    that goes on: its beginning is not looked at.
    """

    def __init__(
        self, stops: Iterable[str] = (), openers: Iterable[str] = (), *, begun: bool = False
    ) -> None:
        self._stops = tuple(stop for stop in stops if stop)
        self._openers = tuple(opener for opener in openers if opener)
        self._held = ""
        self._begun = begun
        self.stopped = False

    def feed(self, text: str) -> str:
        """Take the next piece; returns what may be shown now."""
        if self.stopped:
            return ""
        self._held += text
        if not self._begun and not self._begin():
            return ""
        found = self._first_stop()
        if found is not None:
            self.stopped = True
            return self._release(found).rstrip()
        return self._release(self._safe_length())

    def flush(self) -> str:
        """What is left at the end of the reply."""
        if self.stopped:
            return ""
        self.stopped = True
        return self._held.rstrip()

    def _begin(self) -> bool:
        """Drop openers; False while the text may still grow into one."""
        while True:
            self._held = self._held.lstrip()
            opener = next((o for o in self._openers if self._held.startswith(o)), None)
            if opener is None:
                break
            self._held = self._held[len(opener) :]
        undecided = any(opener.startswith(self._held) for opener in self._openers)
        self._begun = bool(self._held) and not undecided
        return self._begun

    def _first_stop(self) -> int | None:
        places = [place for stop in self._stops if (place := self._held.find(stop)) >= 0]
        return min(places, default=None)

    def _safe_length(self) -> int:
        """How much of the held text is neither the beginning of a stop nor trailing space."""
        held = self._held
        safe = len(held)
        for stop in self._stops:
            for length in range(min(len(stop) - 1, len(held)), 0, -1):
                if held.endswith(stop[:length]):
                    safe = min(safe, len(held) - length)
                    break
        return len(held[:safe].rstrip())

    def _release(self, length: int) -> str:
        shown, self._held = self._held[:length], self._held[length:]
        return shown
