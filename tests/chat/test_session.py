"""A whole talk on the scripted engine and a real database."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import pytest

from characterglm.character import Character, Persona
from characterglm.chat.house import House
from characterglm.chat.reply import Began, Event, Finished, Piece, Withdrawn
from characterglm.chat.session import ChatSession
from characterglm.chat.talk import Talk
from characterglm.dialogue import Dialogue, Feedback, Utterance
from characterglm.dialogue.repository import Dialogues
from characterglm.engines import Delta, Request, Sampling
from characterglm.engines.scripted import Script, ScriptedEngine
from characterglm.errors import ContextOverflow, EngineError, InputError, StoreError, Unsupported
from characterglm.prompt.formats import get_format
from characterglm.store import Store

WUKONG = Character(
    id="sun-wukong",
    name="孙悟空",
    language="zh",
    category="fictional",
    greetings=["{{user}}，俺老孙来也！", "哪里来的妖怪？"],
)


def session_of(
    store: Store, script: Script = ("好！",), *, character: Character = WUKONG, context: int = 4096
) -> ChatSession:
    talk = Talk.start(character, Persona(name="师父"), Dialogues(store))
    engine = ScriptedEngine(script, context_length=context)
    return ChatSession(talk, engine, get_format("chatml"), sampling=Sampling(max_tokens=50, seed=1))


async def text_of(events: AsyncGenerator[Event, None]) -> str:
    return "".join([event.text async for event in events if isinstance(event, Piece)])


def saved(store: Store, session: ChatSession) -> Dialogue:
    return Dialogues(store).get(session.talk.dialogue.id)


def said(dialogue: Dialogue) -> list[str]:
    return [utterance.text for utterance in dialogue.path()]


async def test_a_turn_is_saved_as_it_was_shown(store: Store) -> None:
    session = session_of(store, ["  孙悟空：妖怪在哪里？\n"])
    events = [event async for event in session.say("悟空，前面有妖气。")]
    assert isinstance(events[0], Began)
    finished = events[-1]
    assert isinstance(finished, Finished)
    assert finished.first_token_ms is not None
    assert "".join(e.text for e in events if isinstance(e, Piece)) == "妖怪在哪里？"
    kept = saved(store, session)
    assert said(kept) == ["师父，俺老孙来也！", "悟空，前面有妖气。", "妖怪在哪里？"]
    reply = kept.path()[-1]
    assert (reply.status, reply.origin) == ("complete", "model")
    assert reply.generation is not None
    assert (reply.generation.engine, reply.generation.finish_reason) == ("scripted", "stop")
    assert kept.path()[1].speaker.name == "师父"


async def test_the_users_words_are_saved_before_the_reply_is_asked_for(store: Store) -> None:
    seen: list[list[str]] = []

    def look(request: Request) -> str:
        seen.append(said(saved(store, session)))
        return "好！"

    session = session_of(store, look)
    await text_of(session.say("走吧。"))
    assert seen == [["师父，俺老孙来也！", "走吧。", ""]]


async def test_a_repeat_is_tried_once_more_and_kept_as_a_swipe(store: Store) -> None:
    session = session_of(store, ["俺老孙去去就来！", "俺老孙去去就来。", "师父放心便是。"])
    await text_of(session.say("去探路。"))
    events = [event async for event in session.say("再去探路。")]
    assert [type(e).__name__ for e in events if not isinstance(e, Piece)] == [
        "Began",
        "Withdrawn",
        "Began",
        "Finished",
    ]
    assert isinstance(events[-1], Finished)
    assert events[-1].utterance.text == "师父放心便是。"
    versions = [one.text for one in session.talk.versions(session.talk.path[-1])]
    assert versions == ["俺老孙去去就来。", "师父放心便是。"]
    engine = session.engine
    assert isinstance(engine, ScriptedEngine)
    first, second = engine.requests[-2:]
    assert second.sampling.seed != first.sampling.seed
    assert second.sampling.temperature > first.sampling.temperature


async def test_a_second_repeat_stands(store: Store) -> None:
    session = session_of(store, ["俺老孙去去就来！"])
    await text_of(session.say("去探路。"))
    events = [event async for event in session.say("再去探路。")]
    assert sum(isinstance(event, Withdrawn) for event in events) == 1
    assert isinstance(events[-1], Finished)


async def test_an_empty_reply_is_tried_once_more(store: Store) -> None:
    session = session_of(store, ["", "师父放心便是。"])
    events = [event async for event in session.say("去探路。")]
    assert sum(isinstance(event, Withdrawn) for event in events) == 1
    assert said(saved(store, session))[1:] == ["去探路。", "师父放心便是。"]


async def test_leaving_in_the_middle_keeps_what_came(store: Store) -> None:
    session = session_of(store, ["一二三四五六七八九十"])
    events = session.say("数数。")
    shown = ""
    async for event in events:
        shown += event.text if isinstance(event, Piece) else ""
        if len(shown) >= 3:
            break
    await events.aclose()
    last = saved(store, session).path()[-1]
    assert (last.status, last.text) == ("interrupted", shown)


async def test_an_interrupted_reply_goes_on_and_the_short_one_stays(store: Store) -> None:
    session = session_of(store, ["一二三四五", " 六七八"])
    events = session.say("数数。")
    async for event in events:
        if isinstance(event, Piece):
            break
    await events.aclose()
    await text_of(session.resume())
    assert said(saved(store, session))[-1] == "一 六七八"
    assert [one.status for one in session.talk.versions(session.talk.path[-1])] == [
        "interrupted",
        "complete",
    ]


class FailingEngine(ScriptedEngine):
    """Says one word and breaks down, or breaks down at once."""

    def __init__(self, word: str) -> None:
        super().__init__()
        self._word = word

    async def stream(self, request: Request):  # type: ignore[no-untyped-def]
        if self._word:
            yield Delta(self._word)
        raise EngineError("out of breath")


@pytest.mark.parametrize(("word", "last"), [("俺", "俺"), ("", "走吧。")])
async def test_a_failing_engine_leaves_no_empty_reply_behind(
    store: Store, word: str, last: str
) -> None:
    session = session_of(store)
    session.engine = FailingEngine(word)
    with pytest.raises(EngineError, match="out of breath"):
        await text_of(session.say("走吧。"))
    assert said(saved(store, session))[-1] == last
    session.engine = ScriptedEngine(["好！"])
    assert await text_of(session.answer()) == "好！"


async def test_regenerate_swipe_and_undo_lose_nothing(store: Store) -> None:
    session = session_of(store, ["东边。", "西边。", "南边。"])
    await text_of(session.say("妖怪在哪？"))
    await text_of(session.answer())
    assert session.talk.swipe(1).text == "东边。"
    assert session.talk.undo().text == "妖怪在哪？"
    assert said(saved(store, session)) == ["师父，俺老孙来也！"]
    await text_of(session.say("还有呢？"))
    texts = {one.text for one in saved(store, session).utterances}
    assert texts == {"师父，俺老孙来也！", "妖怪在哪？", "东边。", "西边。", "还有呢？", "南边。"}
    with pytest.raises(InputError, match="choose 1 to 1"):
        session.talk.swipe(2)


async def test_an_edit_is_a_sibling_and_may_be_answered(store: Store) -> None:
    session = session_of(store, ["东边。", "西边。"])
    await text_of(session.say("妖怪在哪？"))
    question = session.talk.path[1]
    edited = session.talk.edit(question, "妖怪去哪了？")
    assert (edited.origin, edited.extensions) == ("edited", {"edit_of": question.id})
    await text_of(session.answer())
    assert said(saved(store, session))[1:] == ["妖怪去哪了？", "西边。"]
    assert len(session.talk.leaves()) == 2
    session.talk.go(session.talk.leaves()[0].id)
    assert said(saved(store, session))[1:] == ["妖怪在哪？", "东边。"]


async def test_the_greetings_are_each_others_swipes(store: Store) -> None:
    talk = session_of(store).talk
    greeting = talk.path[0]
    assert [one.text for one in talk.versions(greeting)] == ["师父，俺老孙来也！", "哪里来的妖怪？"]
    talk.edit(greeting, "嘻嘻。")
    listed = [one.text for one in talk.versions(talk.path[0])]
    assert listed == ["师父，俺老孙来也！", "嘻嘻。", "哪里来的妖怪？"]
    for number, text in enumerate(listed, 1):
        assert talk.swipe(number).text == text
    assert len(talk.dialogue.utterances) == 3


async def test_feedback_and_persona_are_kept(store: Store) -> None:
    session = session_of(store)
    await text_of(session.say("走吧。"))
    last = session.talk.last
    assert last is not None
    session.talk.feedback(last, Feedback(thumb="up", note="像"))
    session.talk.set_persona(Persona(name="八戒"))
    kept = saved(store, session)
    assert kept.path()[-1].feedback == Feedback(thumb="up", note="像")
    assert kept.persona.name == "八戒"


async def test_what_does_not_fit_is_kept_aside(store: Store) -> None:
    session = session_of(store, context=600)
    before = session.talk.path
    with pytest.raises(ContextOverflow):
        await text_of(session.say("很长" * 2000))
    assert session.talk.path == before
    assert saved(store, session).path() == before
    assert any(one.text == "很长" * 2000 for one in saved(store, session).utterances)


async def test_what_makes_no_sense_is_refused(store: Store) -> None:
    session = session_of(store)
    with pytest.raises(InputError, match="nothing was said"):
        await text_of(session.say("  "))
    with pytest.raises(InputError, match="nothing to answer"):
        await text_of(session.answer())
    with pytest.raises(InputError, match="no reply to continue"):
        await text_of(session.resume())
    with pytest.raises(InputError, match="nothing to undo"):
        session.talk.undo()


def test_a_talk_in_which_nothing_was_said_is_not_kept(store: Store) -> None:
    session = session_of(store)
    assert Dialogues(store).list() == []
    session.talk.rename("初见")
    assert [info.title for info in Dialogues(store).list()] == ["初见"]


class CutOffEngine(ScriptedEngine):
    """Stops in the middle without a word."""

    async def stream(self, request: Request):  # type: ignore[no-untyped-def]
        yield Delta("一半")


async def test_a_reply_without_its_end_is_no_complete_one(store: Store) -> None:
    session = session_of(store)
    session.engine = CutOffEngine()
    with pytest.raises(EngineError, match="broke off"):
        await text_of(session.say("数数。"))
    last = saved(store, session).path()[-1]
    assert (last.text, last.status) == ("一半", "interrupted")


async def test_a_killed_chat_that_had_no_text_yet_resumes_at_the_question(store: Store) -> None:
    session = session_of(store, ["好！"])
    session.talk.say("走吧。")
    # What a kill before the first token leaves behind.
    session.talk.add(session._row(session.talk.dialogue.leaf))
    house = House(store)
    talk = house.resume(session.talk.dialogue.id)
    assert talk.last is not None
    assert talk.last.text == "走吧。"
    again = ChatSession(talk, session.engine, session.format)
    assert await text_of(again.answer()) == "好！"
    assert [one.text for one in talk.versions(talk.path[-1])] == ["好！"]


async def test_a_locked_database_in_mid_reply_does_not_end_it(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("characterglm.chat.reply.CHECKPOINT", 0.0)
    session = session_of(store, ["一二三"])
    real = Dialogues.update

    def locked(self: Dialogues, utterance: Utterance) -> None:
        if utterance.status == "streaming":
            raise StoreError("another program has kept it locked")
        real(self, utterance)

    monkeypatch.setattr(Dialogues, "update", locked)
    assert await text_of(session.say("数数。")) == "一二三"
    assert said(saved(store, session))[-1] == "一二三"


async def test_feedback_leaves_the_text_alone(store: Store) -> None:
    session = session_of(store)
    await text_of(session.say("走吧。"))
    stale = session.talk.path[-1].model_copy(update={"text": "旧", "status": "interrupted"})
    session.talk.feedback(stale, Feedback(thumb="up"))
    kept = saved(store, session).path()[-1]
    assert (kept.text, kept.status) == ("好！", "complete")
    assert kept.feedback == Feedback(thumb="up")


async def test_a_regenerated_reply_that_repeats_its_swipe_is_tried_again(store: Store) -> None:
    session = session_of(store, ["俺老孙去去就来！", "俺老孙去去就来。", "师父放心便是。"])
    await text_of(session.say("去探路。"))
    events = [event async for event in session.answer()]
    assert any(isinstance(event, Withdrawn) for event in events)
    assert session.talk.path[-1].text == "师父放心便是。"


async def test_an_edited_reply_keeps_its_licence(store: Store) -> None:
    session = session_of(store)
    await text_of(session.say("走吧。"))
    edited = session.talk.edit(session.talk.path[-1], "好，走！")
    assert edited.generation is not None
    assert edited.generation.license == "CC0-1.0"


async def test_an_engine_that_cannot_go_on_says_so(store: Store) -> None:
    session = session_of(store)
    await text_of(session.say("走吧。"))
    engine = ScriptedEngine()
    engine.capabilities = frozenset()  # type: ignore[misc]
    session.engine = engine
    with pytest.raises(Unsupported, match="/regenerate"):
        await text_of(session.resume())


async def test_warming_prefills_the_beginning_of_the_next_prompt(store: Store) -> None:
    session = session_of(store, ["东边。"])
    await session.warm()
    engine = session.engine
    assert isinstance(engine, ScriptedEngine)
    await text_of(session.say("妖怪在哪？"))
    warmed, asked = engine.warmed[0].segments, engine.requests[0].prompt.segments
    assert warmed
    assert asked[: len(warmed)] == warmed


async def test_what_the_model_saw_can_be_looked_at(store: Store) -> None:
    session = session_of(store, ["东边。"])
    assert "俺老孙来也" in session.seen().text
    await text_of(session.say("妖怪在哪？"))
    engine = session.engine
    assert isinstance(engine, ScriptedEngine)
    assert session.seen() == engine.requests[0].prompt


async def test_a_reply_is_checkpointed_while_it_streams(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("characterglm.chat.reply.CHECKPOINT", 0.0)
    session = session_of(store, ["一二三"])
    async for event in session.say("数数。"):
        if isinstance(event, Piece) and event.text == "三":
            other: Utterance = saved(store, session).path()[-1]
            assert (other.text, other.status) == ("一二三", "streaming")
            return
    raise AssertionError("the third piece never came")
