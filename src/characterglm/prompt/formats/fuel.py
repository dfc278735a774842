"""How much a stranger's template may still do; knows nothing of templates."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any

from jinja2 import TemplateError, Undefined

STEPS = 1_000_000
"""Loop iterations, macro calls and function calls of one rendering."""
CHARACTERS = 1 << 24
"""Characters of text (or items of lists) that one rendering may make, all together."""
CONTAINER = 16
"""What a list costs beside its items: many empty ones take time too."""
SECONDS = 5.0


class Fuel:
    """Burned by every step and every text; empty, it stops the rendering."""

    def __init__(self) -> None:
        self.fill()

    def fill(self) -> None:
        """Start a rendering."""
        self._steps, self._characters = STEPS, CHARACTERS
        self._deadline = time.monotonic() + SECONDS

    def burn(self) -> str:
        """One step."""
        self._steps -= 1
        if self._steps < 0 or (not self._steps % 16 and time.monotonic() > self._deadline):
            raise TemplateError("it runs for too long")
        return ""

    def pay(self, characters: int) -> None:
        """Some text is about to be made, or has been."""
        self._characters -= characters
        if self._characters < 0:
            raise TemplateError("it makes too much text")

    def weigh(self, value: Any) -> None:
        """Pay for a nested value as if it were written out."""
        if isinstance(value, str):
            self.pay(len(value))
        elif isinstance(value, list | tuple | dict):
            self.pay(CONTAINER + len(value))
            items = value.values() if isinstance(value, dict) else value
            for item in items:
                self.weigh(item)

    def text(self, value: Any) -> str:
        """A value as text, paid for beforehand."""
        if isinstance(value, str):
            return value
        self.weigh(value)
        return "" if isinstance(value, Undefined) else str(value)

    def join(self, values: Iterable[Any], between: Any = "", attribute: Any = None) -> str:
        """Values as one text; with `attribute`, that item of each."""
        texts = []
        for value in values:
            texts.append(self.text(value if attribute is None else value[attribute]))
            self.pay(len(texts[-1]) + len(str(between)))
        return str(between).join(texts)

    def replace(self, value: Any, old: Any, new: Any, count: int | None = -1) -> str:
        """A text with some of it replaced."""
        text, old, new = self.text(value), str(old), str(new)
        found = text.count(old)
        times = found if count is None or count < 0 else min(count, found)
        self.pay(len(text) + times * len(new))
        return text.replace(old, new, times)
