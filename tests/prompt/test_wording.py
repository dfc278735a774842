"""The phrases as they reach a model: no blank that only YAML's folding has put there."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from pydantic import BaseModel

from characterglm.prompt.wording import wording

CHINESE = r"[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef“”]"


def texts(value: object) -> Iterator[str]:
    """Every text in a part of the wording."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, BaseModel):
        yield from (text for _, one in value for text in texts(one))
    elif isinstance(value, dict):
        yield from (text for one in value.values() for text in texts(one))
    elif isinstance(value, list | tuple):
        yield from (text for one in value for text in texts(one))


def test_no_blank_stands_between_chinese_characters() -> None:
    words = wording("zh")
    for text in (*texts(words.frame), *texts(words.fields), *texts(words.identity.known)):
        assert not re.search(f"(?<={CHINESE}) | (?={CHINESE})", text), text


@pytest.mark.parametrize("language", ["zh", "en"])
def test_folded_patterns_have_no_blank_in_an_alternative(language: str) -> None:
    assert "| " not in wording(language).predicate.pattern
