"""Research corpora: PIPPA, KdConv, CharacterDial and CharacterBench, CharacterEval.

The samples are written for these tests in the shape of the real files.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from characterglm.dialogue import Dialogue, turns
from characterglm.dialogue.files import detect, read_dialogues

from .conftest import said

Read = Callable[..., list[Dialogue]]

PIPPA = {
    "submission_timestamp": "1767323045678",
    "categories": ["Books"],
    "bot_id": "b1",
    "bot_name": "Captain Elm",
    "bot_greeting": "Ahoy!",
    "bot_definitions": "{{char}}: Ahoy!",
    "bot_description": "A retired captain",
    "conversation": [
        {"message": "Ahoy!", "is_human": False},
        {"message": "Hello, captain.", "is_human": True},
    ],
}
KDCONV = {
    "messages": [
        {"message": "你看过那部关于灯塔的电影吗？"},
        {
            "attrs": [{"attrname": "片长", "attrvalue": "90分钟", "name": "灯塔"}],
            "message": "看过。",
        },
        {"message": "喜欢吗？"},
    ],
    "name": "灯塔",
}
BENCH = {
    "character_name": "阿海",
    "character_profile": "阿海是个守灯塔的人。",
    "user_name": "None",
    "user_profile": "一个游客",
    "social_relation": "朋友",
    "greeting": "今晚风大。",
    "dialogue": [
        {"turn": 1, "speaker": "user", "utterance": "你好。"},
        {"turn": 1, "speaker": "阿海", "utterance": "坐。", "label": ["语言风格"]},
        {"turn": 2, "speaker": "user", "utterance": "灯亮着吗？"},
        {"turn": 2, "speaker": "character", "utterance": "一直亮着。"},
        {"turn": 3, "speaker": "user", "utterance": "为什么？"},
    ],
    "data_source": "prototype_interaction_data.json",
    "prototypes": {"bot_prototype": "model-b", "user_prototype": "model-u"},
    "messages": {"model": "", "speaker": "user", "response": "为什么？"},
    "response_messages": {"model": "model-c", "speaker": "character", "response": "为了船。"},
    "annotation_score": 4,
    "id": 7,
}
EVAL = {
    "id": 1,
    "role": "掌柜",
    "novel_name": "客栈",
    "context": "（大堂里。）\n掌柜：（笑）客官里面请。\n书生: 有房吗？\n要靠窗的。\n小二：有！",
}


def test_pippa(read: Read) -> None:
    (dialogue,) = read(PIPPA)
    assert said(dialogue) == [("character", "Ahoy!"), ("user", "Hello, captain.")]
    assert dialogue.character == "captain-elm"
    assert dialogue.created == datetime(2026, 1, 2, 3, 4, 5, 678_000, tzinfo=UTC)
    assert dialogue.extensions["pippa"]["bot_description"] == "A retired captain"


def test_kdconv(put: Callable[..., Path]) -> None:
    path = put(KDCONV, array=True)
    assert detect(path).name == "kdconv"
    (item,) = read_dialogues(path, character="film-fan")
    assert [role for role, _ in said(item.dialogue)] == ["user", "character", "user"]
    assert item.dialogue.title == "灯塔"
    facts = item.dialogue.path()[1].extensions["kdconv"]["attrs"]
    assert facts == KDCONV["messages"][1]["attrs"]  # type: ignore[index]


def test_characterbench(put: Callable[..., Path]) -> None:
    path = put(BENCH, array=True)
    assert detect(path).name == "characterbench"
    (item,) = read_dialogues(path)
    dialogue = item.dialogue
    assert said(dialogue) == [
        ("character", "今晚风大。"),
        ("user", "你好。"),
        ("character", "坐。"),
        ("user", "灯亮着吗？"),
        ("character", "一直亮着。"),
        ("user", "为什么？"),
    ]
    assert turns(dialogue.path()) == 2
    assert (dialogue.persona.name, dialogue.persona.info) == ("", "一个游客")
    assert (dialogue.persona.relation, dialogue.source) == ("朋友", "synthesis")
    models = [one.generation and one.generation.model for one in dialogue.path()]
    assert models == [None, "model-u", "model-b", "model-u", "model-b", "model-u"]
    (reply,) = dialogue.children(dialogue.leaf)
    assert (reply.text, reply.origin) == ("为了船。", "model")
    assert reply.generation is not None
    assert reply.generation.model == "model-c"
    assert dialogue.extensions["characterbench"]["annotation_score"] == 4
    assert item.profile is not None
    assert item.profile["character_profile"] == "阿海是个守灯塔的人。"


def test_characterdial_without_a_greeting_or_prototypes(read: Read) -> None:
    left_out = ("greeting", "prototypes", "response_messages", "messages")
    row = {key: value for key, value in BENCH.items() if key not in left_out}
    (dialogue,) = read(row | {"data_source": "characterdial_data.json"})
    assert dialogue.path()[0].speaker.role == "user"
    assert {one.origin for one in dialogue.utterances} == {"human"}
    assert dialogue.source == "human_roleplay"


def test_charactereval(read: Read) -> None:
    (dialogue,) = read(EVAL, array=True)
    assert said(dialogue) == [
        ("narrator", "（大堂里。）"),
        ("character", "（笑）客官里面请。"),
        ("user", "有房吗？\n要靠窗的。"),
        ("user", "有！"),
    ]
    assert [one.speaker.name for one in dialogue.path()] == ["", "掌柜", "书生", "小二"]
    assert (dialogue.character, dialogue.source) == ("掌柜", "literature")


def test_a_named_character_goes_before_the_files(read: Read) -> None:
    (dialogue,) = read(EVAL, character="inn-keeper")
    assert dialogue.character == "inn-keeper"
