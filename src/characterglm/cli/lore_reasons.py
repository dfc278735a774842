"""Why lorebook entries entered a prompt or not, and what a format cannot do, as people read it.

The prompt room always gives its reasons in the same English words; a translation is data, with
gaps for what varies (`messages/lore.zh.yaml`). Knows nothing about lorebooks.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from characterglm.cli.messages import texts

_GAP = re.compile(r"\\\{(\w+)\\\}")


def reason(text: str, language: str) -> str:
    """A reason in a language; in English, or where nobody has translated it, as it is."""
    for pattern, told in _translations(language):
        match = pattern.fullmatch(text)
        if match:
            filled = match.groupdict()
            if "reason" in filled:
                filled["reason"] = reason(filled["reason"], language)
            return told.format(**filled)
    return text


@cache
def _translations(language: str) -> Sequence[tuple[re.Pattern[str], str]]:
    return [
        (re.compile(_GAP.sub(r"(?P<\1>.+)", re.escape(english)), re.DOTALL), told)
        for english, told in texts("lore", language)["reasons"].items()
    ]
