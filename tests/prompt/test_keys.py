"""Keys are found in Chinese and Latin texts, and no pattern can make us wait."""

from __future__ import annotations

import time

import pytest

from characterglm.character import LoreEntry
from characterglm.prompt.keys import Text, broken, find, occurs


def entry(**options: bool) -> LoreEntry:
    """An entry that matters for its options only."""
    return LoreEntry.model_validate({"content": "x", **options})


@pytest.mark.parametrize(
    ("key", "text", "options", "found"),
    [
        ("Dragon", "a dragon!", {}, True),
        ("Dragon", "a dragon!", {"case_sensitive": True}, False),
        ("cat", "concatenate", {}, True),
        ("cat", "concatenate", {"whole_words": True}, False),
        ("cat", "cat_food, cat's", {"whole_words": True}, True),
        ("cat", "喂了cat吗", {"whole_words": True}, True),
        ("Mr Hyde", "about mr hyde.", {"whole_words": True}, True),
        ("金箍棒", "把金箍棒借我", {"whole_words": True}, True),
        ("STRASSE", "straße", {}, True),
        ("", "anything", {}, False),
        (r"dragons?\b", "Two DRAGONS", {"use_regex": True}, True),
        (r"/dragons?/i", "Two DRAGONS", {"use_regex": True, "case_sensitive": True}, True),
        (r"dragon", "DRAGON", {"use_regex": True, "case_sensitive": True}, False),
        (r"[\u4e00-\u9fff]{2}大圣", "齐天大圣", {"use_regex": True}, True),
        # No patterns to RE2: looked for as they stand.
        ("C++", "writes c++", {"use_regex": True}, True),
        ("C++", "writes c++", {"use_regex": True, "case_sensitive": True}, False),
        ("悟空(", "悟空(笑", {"use_regex": True}, True),
        (r"(?<=a)b", "ab", {"use_regex": True}, False),
        ("x" * 2000, "x" * 2000, {"use_regex": True}, True),
    ],
)
def test_occurrence(key: str, text: str, options: dict[str, bool], found: bool) -> None:
    assert (find(key, [Text.of(text)], entry(**options)) is not None) == found


def test_the_latest_text_counts() -> None:
    texts = [Text.of(text) for text in ("key", "key", "none")]
    assert find("key", texts, entry()) == 1


def test_unusable_patterns_are_known_as_such() -> None:
    assert broken("(", False) and broken(r"(a)\1", False)
    assert not broken("a+", False)


@pytest.mark.parametrize(
    "pattern",
    [r"(a+)+$", r"(a|a)*$", r"(?:a?){64}a{64}b", r"(.*)*x", r"(a{1000}){1000}", r"([a-z]+)*="],
)
def test_hostile_patterns_do_not_hang(pattern: str) -> None:
    text = Text.of("a" * 20_000 + "!")
    began = time.process_time()
    occurs(pattern, text, entry(use_regex=True))
    assert time.process_time() - began < 1
