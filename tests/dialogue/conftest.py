"""Dialogues written for the tests, and a strategy for arbitrary ones."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from characterglm.character import Persona
from characterglm.dialogue import Consent, Dialogue, Feedback, Generation, Speaker, Utterance
from characterglm.dialogue.repository import Dialogues
from characterglm.store import Store

START = datetime(2026, 1, 2, 3, 4, 5, 678_000, tzinfo=UTC)


def line(id_: str, parent: str | None, role: str, text: str, **more: object) -> Utterance:
    """An utterance; later ids are said a minute after earlier ones."""
    created = START + timedelta(minutes=len(id_))
    fields = {"id": id_, "parent": parent, "speaker": {"role": role}, "text": text}
    return Utterance.model_validate({"created": created} | fields | more)


@pytest.fixture
def dialogues(store: Store) -> Dialogues:
    """The dialogues of an empty store, on each kind of database in turn."""
    return Dialogues(store)


@pytest.fixture
def full_dialogue() -> Dialogue:
    """A greeting, two turns, a swipe, an edited branch, and every field filled."""
    generation = Generation(
        engine="scripted",
        model="none",
        license="Apache-2.0",
        adapter="a",
        format="characterglm",
        sampling={"temperature": 0.7, "stop": ["\n"]},
        finish_reason="stop",
        prompt_tokens=12,
        completion_tokens=3,
    )
    wukong = Speaker(role="character", name="孙悟空")
    return Dialogue(
        id="dialogue-1",
        title="花果山",
        character="sun-wukong",
        character_version=3,
        persona=Persona(name="小明", info="A visitor", relation="师弟"),
        kind="companionship",
        category="fictional",
        source="human_roleplay",
        consent=Consent(scope="train", version="2", given=START, withdrawn=None),
        license="CC-BY-4.0",
        created=START,
        extensions={"note": {"nested": [1, None, "文"]}},
        leaf="aaaaa",
        utterances=[
            line("a", None, "character", "俺老孙来也！", speaker=wukong),
            line("aa", "a", "user", "Hello, Monkey King!"),
            line("aaa", "aa", "character", "何方妖怪？", origin="model", generation=generation),
            line(
                "aaa2",
                "aa",
                "character",
                "你是谁？",
                feedback=Feedback(thumb="up", tags=["lively"]),
            ),
            line("aaaa", "aaa2", "user", "我是你的师弟。\n第二行"),
            line("aaaa2", "aaa2", "user", "我是游客。", origin="edited"),
            line("aaaaa", "aaaa", "character", "原来是", status="interrupted", extensions={"x": 1}),
        ],
    )
