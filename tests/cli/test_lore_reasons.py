"""Reasons are told in Chinese too: all that the prompt room gives."""

from __future__ import annotations

import re
from collections.abc import Sequence
from io import StringIO
from typing import Any

import pytest
from rich.console import Console

from characterglm.character import Character, Lorebook
from characterglm.cli.character_prompt import show_prompt
from characterglm.cli.lore_reasons import reason
from characterglm.dialogue import Speaker, Utterance
from characterglm.prompt import LoreHit, Prompt, Segment, build, get_format
from characterglm.prompt.formats.turns import ABILITIES
from characterglm.settings import settings

SAID = ("c:Good day.", "u:Is there a dragon?", "c:In the north.", "u:And gold?")
ENTRIES: list[dict[str, Any]] = [
    {"keys": ["gold"]},
    {"keys": ["gold"], "probability": 99},
    {"keys": ["gold"], "probability": 0},
    {"keys": ["gol(d"], "use_regex": True},
    {"keys": ["gold++"], "use_regex": True},
    {"keys": ["silver"]},
    {"keys": ["silver"], "content": "@@scan_depth 1\nx"},
    {"keys": ["treasure"]},
    {"keys": []},
    {"keys": ["gold"], "enabled": False},
    {"keys": ["gold"], "content": "@@depth 1\n"},
    {"constant": True, "content": "treasure"},
    *({"keys": ["gold"], "secondary_keys": ["x"], "logic": one} for one in ("and_any", "and_all")),
    *(
        {"keys": ["gold"], "secondary_keys": ["north"], "logic": one}
        for one in ("not_any", "not_all")
    ),
    {"content": "@@activate\nx"},
    {"content": "@@dont_activate\nx"},
    {"keys": ["dragon"], "content": "@@keep_activate_after_match\nx"},
    {"keys": ["dragon"], "content": "@@dont_activate_after_match\nx"},
    {"keys": ["gold"], "content": "@@activate_only_after 3\nx"},
    {"keys": ["gold"], "content": "@@activate_only_every 3\nx"},
    {"keys": ["gold"], "content": "@@additional_keys x,y\nx"},
    {"keys": ["gold"], "content": "@@exclude_keys north\nx"},
    {"keys": ["gold"], "content": "@@is_greeting 0\nx"},
]


def _two(segments: Sequence[Segment]) -> int:
    return 2 * len(segments)


def reasons() -> list[str]:
    """Every reason that a lorebook can give."""
    path = [
        Utterance(
            speaker=Speaker(role="character" if line[0] == "c" else "user"), text=line[2:], id=line
        )
        for line in SAID
    ]
    hero = Character(
        id="a", name="Ada", language="en", category="fictional", greetings=["Hm.", "Good day."]
    )
    given: list[str] = []
    for more in ({"recursive": True}, {"token_budget": 0}):
        book = Lorebook.model_validate(
            {"entries": [{"name": "x", "content": "known", **entry} for entry in ENTRIES], **more}
        )
        chatml = get_format("chatml")
        prompt = build(hero, None, path, format=chatml, budget=None, count=_two, lorebooks=[book])
        given.extend(hit.reason for hit in prompt.lore)
    return [
        *given,
        "dropped: @@ignore_on_max_context, and the context is full",
        "dropped: over the 40 tokens that lorebooks may take",
        *ABILITIES.values(),
    ]


@pytest.mark.parametrize("english", sorted(set(reasons())))
def test_every_reason_is_told_in_both_languages(english: str) -> None:
    assert reason(english, "en") == english
    words = re.sub(r"@@\w+|gold?\W*|treasure|north|x, y", "", reason(english, "zh"))
    assert not re.search("[A-Za-z]{3}", words)
    numbers = [sorted(re.findall(r"\d+", text)) for text in (english, reason(english, "zh"))]
    assert numbers[0] == numbers[1]


@pytest.mark.parametrize(
    ("english", "chinese"),
    [
        ("key '金箍棒' in utterance 3", "第 3 句里有关键词“金箍棒”"),
        ("key 'a' in utterance 1' in utterance 2", "第 2 句里有关键词“a' in utterance 1”"),
        (
            "key '{x}' in utterance 2; chance 40% failed",
            "第 2 句里有关键词“{x}”；40% 的概率，未抽中",
        ),
        ("something new", "something new"),
    ],
)
def test_what_varies_stays_as_it_is(english: str, chinese: str) -> None:
    assert reason(english, "zh") == chinese


def test_a_chinese_terminal_shows_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHARACTERGLM_LOCALE", "zh_CN.UTF-8")
    settings.cache_clear()
    prompt = Prompt(
        segments=(),
        messages=(),
        stop=(),
        format="template",
        tokens=0,
        lore=(LoreHit("兵器", True, "key '金箍棒' in utterance 3"),),
        fallbacks=(ABILITIES["system"],),
    )
    out = Console(width=200, record=True, file=StringIO())
    show_prompt(out, prompt, explain=True)
    told = out.export_text()
    assert "第 3 句里有关键词“金箍棒”" in told
    assert "没有系统消息：其内容放在开头的用户消息里" in told
