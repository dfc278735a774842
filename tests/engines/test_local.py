from __future__ import annotations

import asyncio
import http.client
import json
import math
import struct
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from characterglm.engines import Adapter, Delta, End, Request, Sampling, complete
from characterglm.engines.local import LocalEngine
from characterglm.errors import ContextOverflow, ModelError, Unsupported
from characterglm.prompt.types import Prompt, Segment

pytestmark = pytest.mark.model


@pytest.fixture(scope="module")
def engine(small_model: Path) -> Iterator[LocalEngine]:
    engine = LocalEngine(small_model, context=2048)
    yield engine
    asyncio.run(engine.close())


def chatml(*texts: str, stop: tuple[str, ...] = ()) -> Prompt:
    """User and assistant in turn, the assistant to speak next."""
    segments: list[Segment] = []
    for index, text in enumerate(texts):
        role = "user" if index % 2 == 0 else "assistant"
        segments += [
            Segment("<|im_start|>", "format", control=True),
            Segment(f"{role}\n", "format"),
            Segment(text, "history"),
            Segment("<|im_end|>", "format", control=True),
            Segment("\n", "format"),
        ]
    segments += [
        Segment("<|im_start|>", "format", control=True),
        Segment("assistant\n", "format"),
    ]
    return Prompt(tuple(segments), (), stop, "chatml", tokens=0)


def test_only_control_segments_become_special_tokens(engine: LocalEngine) -> None:
    marker = "<|im_end|>"
    assert len(engine.encode([Segment(marker, "format", control=True)])) == 1
    assert len(engine.encode([Segment(marker, "history")])) > 1
    both = [Segment(marker, "format", control=True), Segment(marker, "history")]
    assert engine.count(both) == (len(engine.encode(both)), True)


async def test_a_reply_streams_and_is_the_same_for_the_same_seed(engine: LocalEngine) -> None:
    request = Request(chatml("What is the capital of France?"), Sampling(max_tokens=12, seed=7))
    events = [event async for event in engine.stream(request)]
    assert isinstance(events[-1], End)
    assert events[-1].completion_tokens
    assert all(isinstance(event, Delta) and event.text for event in events[:-1])
    again = await complete(engine, request)
    assert again.text == "".join(event.text for event in events if isinstance(event, Delta))


async def test_the_prefix_of_a_prompt_comes_from_the_cache(engine: LocalEngine) -> None:
    long = chatml("Tell me of the sea. " * 20)
    await engine.warm(long)
    reply = await complete(engine, Request(long, Sampling(max_tokens=1)))
    assert reply.end.cached_tokens is not None
    assert reply.end.prompt_tokens is not None
    assert reply.end.cached_tokens >= reply.end.prompt_tokens - 2


async def test_closing_the_stream_stops_the_generation(engine: LocalEngine) -> None:
    request = Request(chatml("Write a very long story."), Sampling(max_tokens=1500))
    events = engine.stream(request)
    assert isinstance(await anext(events), Delta)
    await events.aclose()
    # The only slot is free at once: a short request does not wait for 1,500 tokens.
    reply = asyncio.wait_for(complete(engine, Request(chatml("Hi"), Sampling(max_tokens=2))), 10)
    assert (await reply).end.finish_reason == "length"


async def test_cancelling_a_prefill_ends_it_after_one_batch(engine: LocalEngine) -> None:
    slow = chatml("All work and no play makes Jack a dull boy. " * 150)
    warming = asyncio.create_task(engine.warm(slow))
    await asyncio.sleep(0.5)
    warming.cancel()
    with pytest.raises(asyncio.CancelledError):
        await warming
    # What was prefilled is kept: the same prompt starts from there, and from nowhere near its end.
    reply = await complete(engine, Request(slow, Sampling(max_tokens=1)))
    assert reply.end.cached_tokens is not None
    assert reply.end.prompt_tokens is not None
    assert 0 < reply.end.cached_tokens < reply.end.prompt_tokens / 2


async def test_a_schema_shapes_the_reply(engine: LocalEngine) -> None:
    schema = {
        "type": "object",
        "properties": {"age": {"type": "integer", "minimum": 1, "maximum": 99}},
        "required": ["age"],
        "additionalProperties": False,
    }
    request = Request(chatml("How old is Tom?"), Sampling(max_tokens=40), schema=schema)
    assert set(json.loads((await complete(engine, request)).text)) == {"age"}


async def test_logprobs_are_those_of_the_reply(engine: LocalEngine) -> None:
    request = Request(chatml("Say yes."), Sampling(max_tokens=5, seed=1), logprobs=3)
    reply = await complete(engine, request)
    assert "".join(token.token for token in reply.logprobs) == reply.text
    assert all(len(token.top) == 3 and token.logprob <= 0 for token in reply.logprobs)


async def test_a_stop_text_is_not_part_of_the_reply(engine: LocalEngine) -> None:
    whole = await complete(engine, Request(chatml("Count."), Sampling(max_tokens=20, seed=3)))
    stop = whole.text[4:8]
    request = Request(chatml("Count.", stop=(stop,)), Sampling(max_tokens=20, seed=3))
    cut = await complete(engine, request)
    assert whole.text.startswith(cut.text)
    assert stop not in cut.text
    assert cut.end.finish_reason == "stop"


async def test_a_prompt_beyond_the_context_is_refused(engine: LocalEngine) -> None:
    with pytest.raises(ContextOverflow, match="2048"):
        await complete(engine, Request(chatml("word " * 3000)))


async def test_an_unknown_adapter_is_refused(engine: LocalEngine) -> None:
    with pytest.raises(Unsupported, match="no adapter 'wukong'"):
        await complete(engine, Request(chatml("Hi"), adapter=Adapter("wukong")))


async def test_an_adapter_speaks_in_the_requests_that_name_it(
    small_model: Path, tmp_path: Path
) -> None:
    adapter = tmp_path / "adapter.gguf"
    write_adapter(adapter, width=576, rank=2)
    engine = LocalEngine(small_model, context=512, adapters={"odd": adapter})
    request = Request(chatml("Tell me of the sea."), Sampling(max_tokens=12, temperature=0))
    texts = [
        (await complete(engine, replace(request, adapter=spoken))).text
        for spoken in (None, Adapter("odd", 1.0), Adapter("odd", 0.0), None)
    ]
    await engine.close()
    assert texts[0] == texts[2] == texts[3]
    assert texts[1] != texts[0]


def test_an_adapter_is_no_model(tmp_path: Path) -> None:
    adapter = tmp_path / "adapter.gguf"
    write_adapter(adapter, width=8, rank=1)
    with pytest.raises(ModelError, match="is an adapter"):
        LocalEngine(adapter)


def write_adapter(path: Path, *, width: int, rank: int) -> None:
    """A LoRA adapter in GGUF, version 3, on the first layer's query weights, far from zero."""

    def text(value: str) -> bytes:
        return struct.pack("<Q", len(value.encode())) + value.encode()

    facts = {"general.architecture": "llama", "general.type": "adapter", "adapter.type": "lora"}
    head = b"".join(text(key) + struct.pack("<I", 8) + text(value) for key, value in facts.items())
    head += text("adapter.lora.alpha") + struct.pack("<If", 6, 16.0)
    shapes = {"lora_a": (width, rank), "lora_b": (rank, width)}
    infos = data = b""
    for name, (first, second) in shapes.items():
        info = struct.pack("<IQQIQ", 2, first, second, 0, len(data))
        infos += text(f"blk.0.attn_q.weight.{name}") + info
        values = [math.sin(index) for index in range(first * second)]
        data += struct.pack(f"<{len(values)}f", *values)
    start = struct.pack("<4sIQQ", b"GGUF", 3, len(shapes), len(facts) + 1) + head + infos
    path.write_bytes(start + b"\0" * (-len(start) % 32) + data)


@pytest.mark.parametrize("path", ["/completion", "/tokenize", "/v1/models", "/slots", "/props"])
def test_the_port_of_the_runtime_is_locked(engine: LocalEngine, path: str) -> None:
    connection = http.client.HTTPConnection(engine._server._address, timeout=10)
    connection.request("POST", path, "{}", {"Origin": "http://evil.example"})
    response = connection.getresponse()
    response.read()
    assert response.status in {401, 404}
    assert response.getheader("Access-Control-Allow-Origin") in {None, ""}


def test_a_broken_file_is_one_clear_error(tmp_path: Path) -> None:
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(b"GGUF" + b"x" * 100)
    with pytest.raises(ModelError, match=r"broken\.gguf"):
        LocalEngine(broken)
