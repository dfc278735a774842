"""What stands before everything that was said."""

from __future__ import annotations

from typing import Any

import pytest

from characterglm.character import Character, Persona
from characterglm.prompt import build, get_format


def front(character: Character, persona: Persona | None, count: Any, **options: Any) -> str:
    """The system message of an empty dialogue in ChatML."""
    prompt = build(
        character, persona, [], format=get_format("chatml"), budget=None, count=count, **options
    )
    return prompt.messages[0].content


def test_everything_in_its_place(wukong: Character, count: Any) -> None:
    told = front(wukong, Persona(name="小明", info="十二岁", relation="邻居"), count)
    assert told == (
        "你是悟空，正在与小明对话。以下是悟空的资料。\n\n"
        "悟空，男，取经人。\n\n"
        "关于小明：十二岁。小明是悟空的邻居。\n\n"
        "刚过火焰山。\n\n"
        "当前场景：悟空在山道上遇见小明。\n\n"
        "悟空不知道：飞机。遇到不知道或不愿谈的事，悟空会用自己的话推开，例如“老孙没听过。”\n\n"
        "请始终以悟空的身份、语气和见识说话，直接说出悟空要说的话，一次只说一段，不替小明说话，"
        "不解说设定，也不提自己是人工智能。\n\n"
        "悟空说话的样子，例如：\n小明：你好\n悟空：老孙在此\n\n小明：走吧\n悟空：走！"
    )


def test_in_english(ada: Character, count: Any) -> None:
    ada.boundaries.story_point = "summer 1843."
    told = front(ada, Persona(info="a printer", relation="old friend"), count)
    assert told.split("\n\n") == [
        "You are Ada, in conversation with User. This is who Ada is.",
        "Ada is female and a mathematician.",
        "About User: a printer. To Ada, User is: old friend.",
        "For Ada the story stands here: summer 1843. What comes later Ada does not know.",
        "Speak only as Ada, in Ada's voice and with what Ada can know. Say what Ada says, one "
        "paragraph at a time; never speak for User, never explain the role, and never say that "
        "you are an AI.",
    ]


def test_who_plays_the_user_knows_only_who_it_meets(wukong: Character, count: Any) -> None:
    wukong.attributes.others = ["怕紧箍咒"]  # type: ignore[list-item]
    told = front(wukong, Persona(name="小明", info="十二岁"), count, speaker="user")
    assert told.startswith("你是小明，正在与悟空对话。")
    assert "悟空，男，取经人。" in told and "十二岁" in told
    assert "紧箍咒" not in told and "飞机" not in told and "火焰山" not in told


@pytest.mark.parametrize(
    ("own", "told"),
    [("Be brief, {{char}}.", "Be brief, Ada."), ("A. {{Original}} B.", "A. Speak only as Ada")],
)
def test_a_cards_system_prompt(own: str, told: str, ada: Character, count: Any) -> None:
    ada.extensions = {"card": {"data": {"system_prompt": own}}}
    assert told in front(ada, None, count)


@pytest.mark.parametrize(
    ("own", "told"),
    [
        (
            "Be brief,\n{{char}}.",
            "关于Ada的信息：Ada is female and a mathematician. Be brief, Ada.\n",
        ),
        ("A. {{original}}", "关于Ada的信息：Ada is female and a mathematician. A.\n"),
        (" {{original}} ", "关于Ada的信息：Ada is female and a mathematician.\n"),
    ],
)
def test_in_the_papers_format_a_cards_system_prompt_is_told_with_the_character(
    own: str, told: str, ada: Character, count: Any
) -> None:
    ada.extensions = {"card": {"data": {"system_prompt": own}}}
    prompt = build(ada, None, [], format=get_format("characterglm"), budget=None, count=count)
    assert told in prompt.text and "Speak only" not in prompt.text


def test_a_cards_closing_instructions_stand_before_the_last_message(
    ada: Character, say: Any, count: Any
) -> None:
    ada.extensions = {"card": {"data": {"post_history_instructions": "{{original}}Stay calm."}}}
    prompt = build(
        ada, None, say("u:Hi"), format=get_format("chatml"), budget=None, count=count, notes=["N"]
    )
    assert [message.content for message in prompt.messages[1:]] == ["Stay calm.", "N", "Hi"]
