from __future__ import annotations

from characterglm.engines import Delta, End, Request, Sampling, complete
from characterglm.engines.scripted import ScriptedEngine
from characterglm.prompt.types import Prompt, Segment

PROMPT = Prompt((Segment("x", "profile"),), (), (), "chatml", tokens=1)


async def test_replies_come_in_turn_and_over_again() -> None:
    engine = ScriptedEngine(["one", "二"])
    said = [(await complete(engine, Request(PROMPT))).text for _ in range(3)]
    assert said == ["one", "二", "one"]
    assert len(engine.requests) == 3


async def test_a_reply_comes_in_pieces_and_ends_at_max_tokens() -> None:
    engine = ScriptedEngine(["你好 old friend"])
    events = [event async for event in engine.stream(Request(PROMPT, Sampling(max_tokens=3)))]
    assert events[:-1] == [Delta("你"), Delta("好"), Delta(" ")]
    assert events[-1] == End("length", prompt_tokens=1, completion_tokens=3)


async def test_a_function_of_the_request_may_answer() -> None:
    engine = ScriptedEngine(lambda request: f"max {request.sampling.max_tokens}")
    assert (await complete(engine, Request(PROMPT))).text == "max 160"
