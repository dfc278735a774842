"""Small things every test of the prompt room needs: a character, utterances, a counter."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from characterglm.character import Character, Lorebook
from characterglm.dialogue import Speaker, Utterance
from characterglm.prompt import Segment

Say = Callable[..., list[Utterance]]


def count_characters(segments: Sequence[Segment]) -> int:
    """A counter that is easy to reason about: a token a character."""
    return sum(len(segment.text) for segment in segments)


@pytest.fixture
def count() -> Callable[[Sequence[Segment]], int]:
    """One token a character."""
    return count_characters


@pytest.fixture
def say() -> Say:
    """`say("c:Hello", "u:Hi")` → utterances with the ids u0, u1, …"""

    def utterances(*lines: str) -> list[Utterance]:
        roles = {"c": "character", "u": "user", "n": "narrator"}
        return [
            Utterance(
                id=f"u{number}",
                speaker=Speaker.model_validate({"role": roles[line[0]]}),
                text=line[2:],
            )
            for number, line in enumerate(lines)
        ]

    return utterances


@pytest.fixture
def wukong() -> Character:
    """A short Chinese character with everything a prompt can hold; written for the tests."""
    return Character.model_validate(
        {
            "id": "wukong",
            "name": "悟空",
            "language": "zh",
            "category": "fictional",
            "attributes": {"identity": {"gender": "男", "occupation": "取经人"}},
            "scenario": "{{char}}在山道上遇见{{user}}。",
            "greetings": ["站住！", "你是谁？"],
            "examples": [
                [{"speaker": "user", "text": "你好"}, {"speaker": "character", "text": "老孙在此"}],
                [{"speaker": "user", "text": "走吧"}, {"speaker": "character", "text": "走！"}],
            ],
            "boundaries": {"unknown": ["飞机"], "refusals": ["老孙没听过。"]},
            "lorebook": Lorebook.model_validate(
                {
                    "entries": [
                        {"name": "眼下", "content": "刚过火焰山。", "constant": True},
                        {"name": "兵器", "keys": ["金箍棒"], "content": "棒重一万斤。"},
                    ]
                }
            ),
        }
    )


@pytest.fixture
def ada() -> Character:
    """A short English character; written for the tests."""
    return Character.model_validate(
        {
            "id": "ada",
            "name": "Ada",
            "language": "en",
            "category": "celebrity",
            "attributes": {"identity": {"gender": "female", "occupation": "mathematician"}},
            "greetings": ["Good day."],
        }
    )
