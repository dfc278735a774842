"""The description tells all of a profile, in prose, in both languages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from characterglm.character import Character, Persona
from characterglm.character.yamlfile import parse_character
from characterglm.prompt import describe, sections

MARKER = st.from_regex(r"[a-z]{3,8}[0-9]{4}", fullmatch=True)
WORDS = st.one_of(MARKER, MARKER.map(lambda m: f"She {m}."), MARKER.map(lambda m: f"爱{m}，好{m}"))
SOME = st.lists(WORDS, max_size=3)
KEYS = st.from_regex(r"[a-z]{3,6}_?[a-z]{2,4}", fullmatch=True).filter(
    lambda key: key not in {"gender", "age", "occupation", "titles", "appearance"}
)


@st.composite
def characters(draw: st.DrawFn) -> Character:
    """Characters with any fields filled by texts that occur nowhere else."""
    relation = st.fixed_dictionaries(
        {"name": MARKER, "relation": WORDS | st.just(""), "note": WORDS | st.just("")}
    )
    identity: dict[str, Any] = draw(st.dictionaries(KEYS, WORDS | SOME, max_size=2))
    identity |= {
        "gender": draw(st.sampled_from(["", "男", "女", "male", "a woman"]) | MARKER),
        "age": draw(WORDS | st.sampled_from(["", "16", "about 40", "约五百"])),
        "occupation": draw(WORDS | st.just("")),
        "titles": draw(SOME),
        "appearance": draw(WORDS | st.just("")),
    }
    facts = ("interests", "viewpoints", "experiences", "achievements", "others")
    attributes: dict[str, Any] = {name: draw(SOME) for name in facts}
    linguistic: dict[str, Any] = {
        name: draw(SOME)
        for name in ("self_reference", "catchphrases", "frequent_words", "sample_lines")
    }
    linguistic |= {"dialect": draw(WORDS | st.just("")), "style": draw(WORDS | st.just(""))}
    behaviors: dict[str, Any] = {
        name: draw(SOME) for name in ("emotional_expression", "interaction_pattern", "personality")
    }
    return Character.model_validate(
        {
            "id": "x",
            "name": draw(st.sampled_from(["孙悟空", "Ada", "a.b (c)", "{x}"])),
            "language": draw(st.sampled_from(["zh", "en", "zh-Hant", "fr"])),
            "category": "fictional",
            "attributes": {
                **attributes,
                "identity": identity,
                "relationships": draw(st.lists(relation, max_size=2)),
            },
            "behaviors": {**behaviors, "linguistic": linguistic},
        }
    )


def texts(value: object) -> Iterator[str]:
    """Every text inside a part of a profile."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from texts(item)
    elif isinstance(value, BaseModel):
        for key, item in value:
            if key != "evidence":
                yield from texts(item)


@given(characters())
def test_every_filled_text_is_told(character: Character) -> None:
    told = describe(character)
    for text in (*texts(character.attributes), *texts(character.behaviors)):
        assert re.sub(r"[.。]$", "", text) in told


@given(characters())
def test_the_description_is_made_of_its_sections(character: Character) -> None:
    told = describe(character)
    assert told == describe(character)
    for section in sections(character).values():
        assert section in told


CHINESE = """
id: shi-sheng
name: 石笙
language: zh
category: daily_life
attributes:
  identity: {gender: 女, age: 16, occupation: 渡口撑船的学徒, titles: [小篙子], 家乡: 青石渡}
  interests: [吹笛子, 钓鱼, 看云]
  experiences: [八岁跟爷爷学撑船, 去年夏天救起过两个落水的孩子，自己也病了一场]
  relationships:
    - {name: 石伯, relation: 爷爷, note: 撑了一辈子船}
    - {name: 阿丑, relation: 一条黄狗}
behaviors:
  personality: [嘴硬心软]
  linguistic:
    self_reference: [我, 本船家]
    catchphrases: [坐稳了！]
    style: 短促爽利，爱拿水打比方
  interaction_pattern: [她先看人的鞋，再搭话。]
"""

ENGLISH = """
id: nell
name: Nell Harrow
language: en
category: daily_life
attributes:
  identity: {gender: female, age: 34, occupation: apple grower, titles: [the Apple Woman]}
  interests: [grafting old varieties, bell ringing]
  viewpoints: [A tree should outlive its planter.]
  relationships:
    - {name: Tom, relation: brother, note: he keeps bees}
    - {name: the vicar, relation: the man she argues with}
behaviors:
  personality: [blunt, generous]
  linguistic:
    catchphrases: ["Bite it and see."]
    dialect: broad Herefordshire
"""


def test_chinese_reads_as_prose() -> None:
    assert describe(parse_character(CHINESE)) == (
        "石笙，女，16岁，渡口撑船的学徒，人称“小篙子”。她的家乡是青石渡。她的性格嘴硬心软。\n"
        "她的爱好是吹笛子、钓鱼和看云。她的经历是这样的：八岁跟爷爷学撑船；去年夏天救起过两个落水的孩子，"
        "自己也病了一场。石伯是她的爷爷，撑了一辈子船；阿丑是她的一条黄狗。\n"
        "她自称“我”“本船家”。她的口头禅有“坐稳了！”她说起话来短促爽利，爱拿水打比方。她先看人的鞋，再搭话。"
    )


def test_english_reads_as_prose() -> None:
    assert describe(parse_character(ENGLISH)) == (
        "Nell Harrow is female, 34 years old, an apple grower, and known as “the Apple Woman”. "
        "By temper she is blunt and generous.\n"
        "Her interests are grafting old varieties and bell ringing. Her convictions are these. "
        "A tree should outlive its planter. Others in her life: Tom, her brother (he keeps bees); "
        "the vicar, the man she argues with.\n"
        "Her favourite sayings are “Bite it and see.” She speaks broad Herefordshire."
    )


MIXED = """
id: x
name: 阿岚
language: zh
category: daily_life
attributes:
  identity: {gender: 女}
  viewpoints: [人要守信, 她不信命。, 钱够用就好, 她看重朋友。]
  interests: [下棋, 她也常钓鱼。, 喜欢看云]
"""


def test_nothing_leads_in_twice() -> None:
    told = sections(parse_character(MIXED))
    assert told["viewpoints"] == "她认定：人要守信和钱够用就好。她不信命。她看重朋友。"
    assert told["interests"] == "她的爱好是下棋。她也常钓鱼。平日里，她喜欢看云。"


def test_an_empty_profile_tells_nothing() -> None:
    bare = Character(id="x", name="X", language="en", category="daily_life")
    assert describe(bare) == "" and sections(bare) == {}


def test_another_language_gets_the_english_frame() -> None:
    character = parse_character(ENGLISH.replace("language: en", "language: fr"))
    assert describe(character).startswith("Nell Harrow is female")


def test_macros_are_expanded() -> None:
    card = "id: x\nname: Ada\nlanguage: en\ncategory: daily_life\n"
    character = parse_character(card + "attributes: {others: ['{{char}} owes {{user}} a pound.']}")
    assert describe(character, Persona(name="Ben")) == "Ada owes Ben a pound."


@pytest.mark.parametrize(
    ("gender", "subject"), [("女", "她"), ("男（石猴）", "他"), ("不公开", "阿岚"), ("", "阿岚")]
)
def test_pronouns_follow_the_gender(gender: str, subject: str) -> None:
    card = "id: x\nname: 阿岚\nlanguage: zh\ncategory: daily_life\n"
    profile = f"attributes: {{identity: {{gender: '{gender}'}}}}\n"
    speech = "behaviors: {linguistic: {dialect: 湖北话}}"
    assert describe(parse_character(card + profile + speech)).endswith(f"{subject}说的是湖北话。")
