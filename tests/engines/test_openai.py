"""The OpenAI engine against a stand-in endpoint, through the vendor's real SDK."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from characterglm.engines import Delta, Request, Sampling, complete
from characterglm.engines.openai import OpenAIEngine
from characterglm.errors import ContextOverflow, EndpointError, InputError, Unsupported
from characterglm.prompt.types import Message, Prompt, Segment

pytest.importorskip("openai")

PROMPT = Prompt(
    (Segment("x", "profile"),),
    (Message("system", "你是孙悟空。"), Message("user", "你是谁？")),
    ("\n用户：", "\n["),
    "chatml",
    tokens=1,
)


class Endpoint:
    """Answers each request with the next of its behaviours; the last one again and again."""

    def __init__(self, *behaviours: Callable[[BaseHTTPRequestHandler], None]) -> None:
        self.behaviours, self.bodies = list(behaviours), list[dict[str, Any]]()
        endpoint = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                length = int(self.headers["Content-Length"])
                endpoint.bodies.append(json.loads(self.rfile.read(length)))
                many = len(endpoint.behaviours) > 1
                behave = endpoint.behaviours.pop(0) if many else endpoint.behaviours[0]
                behave(self)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/v1"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def serve() -> Iterator[Callable[..., Endpoint]]:
    running: list[Endpoint] = []

    def start(*behaviours: Callable[[BaseHTTPRequestHandler], None]) -> Endpoint:
        running.append(Endpoint(*behaviours))
        return running[-1]

    yield start
    for endpoint in running:
        endpoint.close()


def chunk(text: Any = None, finish: Any = None, **more: Any) -> dict[str, Any]:
    choice = {"index": 0, "delta": {"content": text} if text else {}, "finish_reason": finish}
    head = {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "m"}
    return {**head, "choices": [choice], **more}


def scored(token: Any, logprob: Any) -> dict[str, Any]:
    event = chunk("a")
    content = [{"token": token, "logprob": logprob, "top_logprobs": []}]
    event["choices"][0]["logprobs"] = {"content": content}
    return event


def streams(*events: dict[str, Any] | str, pause: float = 0) -> Any:
    def behave(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Type", "text/event-stream")
        handler.end_headers()
        for event in events:
            time.sleep(pause)
            text = event if isinstance(event, str) else json.dumps(event)
            try:
                handler.wfile.write(f"data: {text}\n\n".encode())
            except BrokenPipeError:
                return

    return behave


def answers(status: int, body: str, kind: str = "application/json") -> Any:
    def behave(handler: BaseHTTPRequestHandler) -> None:
        data = body.encode()
        handler.send_response(status)
        handler.send_header("Content-Type", kind)
        handler.send_header("Content-Length", str(len(data)))
        handler.end_headers()
        handler.wfile.write(data)

    return behave


USAGE = {"usage": {"prompt_tokens": 9, "completion_tokens": 2, "total_tokens": 11}}
GOOD = streams(chunk("俺老孙"), chunk("来也！"), chunk(finish="stop"), chunk(**USAGE), "[DONE]")


def engine(endpoint: Endpoint, **options: Any) -> OpenAIEngine:
    return OpenAIEngine("m", base_url=endpoint.url, **{"timeout": 5, "retries": 0, **options})


async def test_messages_go_out_and_the_reply_streams_in(serve: Callable[..., Endpoint]) -> None:
    endpoint = serve(GOOD)
    request = Request(PROMPT, Sampling(max_tokens=50, seed=3, stop=("END",)))
    reply = await complete(engine(endpoint), request)
    assert reply.text == "俺老孙来也！"
    assert (reply.end.finish_reason, reply.end.prompt_tokens) == ("stop", 9)
    body = endpoint.bodies[0]
    assert body["messages"][0] == {"role": "system", "content": "你是孙悟空。"}
    assert body["stop"] == ["\n用户：", "\n[", "END"]
    assert (body["max_tokens"], body["seed"], body["top_k"]) == (50, 3, 40)


async def test_a_schema_and_logprobs_are_asked_for(serve: Callable[..., Endpoint]) -> None:
    endpoint = serve(streams(scored("a", -0.5), chunk(finish="length"), "[DONE]"))
    request = Request(PROMPT, schema={"type": "object"}, logprobs=2)
    reply = await complete(engine(endpoint), request)
    assert reply.end.finish_reason == "length"
    assert [(token.token, token.logprob) for token in reply.logprobs] == [("a", -0.5)]
    assert endpoint.bodies[0]["response_format"]["json_schema"]["schema"] == {"type": "object"}
    assert endpoint.bodies[0]["top_logprobs"] == 2


async def test_a_passing_fault_is_tried_again(serve: Callable[..., Endpoint]) -> None:
    endpoint = serve(answers(503, "{}"), GOOD)
    reply = await complete(engine(endpoint, retries=2), Request(PROMPT))
    assert reply.text == "俺老孙来也！"
    assert len(endpoint.bodies) == 2


@pytest.mark.parametrize(
    ("behaviour", "message"),
    [
        (answers(401, '{"error":{"message":"bad key"}}'), "OPENAI_API_KEY"),
        (answers(404, '{"error":{"message":"no such model"}}'), "no model 'm'"),
        (answers(500, "oops", "text/plain"), "oops|500"),
        (answers(200, "<html>welcome</html>", "text/html"), "broke off|no chat completion"),
        (streams("{not json"), "no chat completion"),
        (streams('{"choices": 7}'), "no chat completion"),
        (streams('["rubbish"]'), "no chat completion|broke off"),
        (streams(chunk("half a rep")), "broke off"),
        (streams("[" * 20_000), "no chat completion"),
        (streams(chunk(["a", "list"]), chunk(finish="stop")), "'content' is list, needed is str"),
        (streams(chunk(7), chunk(finish="stop")), "'content' is int, needed is str"),
        (streams(chunk("a"), chunk(finish=["stop"])), "'finish_reason' is list"),
        (
            streams(chunk("a"), chunk(finish="stop"), chunk(usage={"prompt_tokens": "many"})),
            "'usage.prompt_tokens' is str, needed is int",
        ),
        (streams(chunk("a"), chunk(finish="stop"), chunk(usage="many")), "no chat completion"),
        (streams(scored("a", "likely"), chunk(finish="stop")), "'logprob' is str"),
        (streams(scored(5, -0.5), chunk(finish="stop")), "'logprobs.token' is int"),
    ],
)
async def test_each_failure_is_one_clear_error(
    serve: Callable[..., Endpoint], behaviour: Any, message: str
) -> None:
    endpoint = serve(behaviour)
    with pytest.raises(EndpointError, match=message):
        await complete(engine(endpoint), Request(PROMPT))


async def test_a_slow_endpoint_times_out(serve: Callable[..., Endpoint]) -> None:
    endpoint = serve(streams(chunk("a"), chunk(finish="stop"), pause=2))
    with pytest.raises(EndpointError, match=r"within 0.3 seconds.*CHARACTERGLM_OPENAI_TIMEOUT"):
        await complete(engine(endpoint, timeout=0.3), Request(PROMPT))


async def test_an_endpoint_that_is_down_is_named() -> None:
    nobody = OpenAIEngine("m", base_url="http://127.0.0.1:9/v1", retries=0)
    with pytest.raises(EndpointError, match=r"127\.0\.0\.1:9.*cannot be reached"):
        await complete(nobody, Request(PROMPT))


async def test_a_prompt_beyond_the_context_is_told_apart(serve: Callable[..., Endpoint]) -> None:
    endpoint = serve(answers(400, '{"error":{"message":"maximum context length is 4096"}}'))
    with pytest.raises(ContextOverflow, match=r"4096.*--context"):
        await complete(engine(endpoint), Request(PROMPT))


async def test_leaving_early_closes_the_connection(serve: Callable[..., Endpoint]) -> None:
    endpoint = serve(streams(*[chunk("a")] * 200, pause=0.02))
    events = engine(endpoint).stream(Request(PROMPT))
    assert isinstance(await anext(events), Delta)
    began = time.monotonic()
    await events.aclose()
    assert time.monotonic() - began < 2


async def test_what_an_endpoint_cannot_do_is_refused() -> None:
    from characterglm.engines import Adapter

    nobody = OpenAIEngine("m", base_url="http://127.0.0.1:9/v1")
    with pytest.raises(Unsupported, match="adapter"):
        await complete(nobody, Request(PROMPT, adapter=Adapter("wukong")))


async def test_halves_of_a_character_are_joined(serve: Callable[..., Endpoint]) -> None:
    pieces = [chunk(text) for text in ("笑\ud83d", "\ude00！", "\ude00\ud83d", "a\ud83d")]
    endpoint = serve(streams(*pieces, chunk(finish="stop"), "[DONE]"))
    reply = await complete(engine(endpoint), Request(PROMPT))
    assert reply.text == "笑😀！\ufffd\ufffda\ufffd"


async def test_half_a_character_can_be_sent(serve: Callable[..., Endpoint]) -> None:
    endpoint = serve(GOOD)
    prompt = replace(PROMPT, messages=(Message("user", "caf\udce9"),), stop=("\ud83d",))
    await complete(engine(endpoint), Request(prompt))
    assert endpoint.bodies[0]["messages"] == [{"role": "user", "content": "caf\ufffd"}]
    assert endpoint.bodies[0]["stop"] == ["\ufffd"]


async def test_a_count_beyond_belief_is_left_out(serve: Callable[..., Endpoint]) -> None:
    usage = {"prompt_tokens": 10**30, "completion_tokens": None}
    endpoint = serve(streams(chunk("a"), chunk(finish="stop"), chunk(usage=usage), "[DONE]"))
    reply = await complete(engine(endpoint), Request(PROMPT))
    assert (reply.end.prompt_tokens, reply.end.completion_tokens) == (None, None)


def test_a_key_from_a_file_is_trimmed_and_a_wrong_one_refused() -> None:
    trimmed: Any = OpenAIEngine("m", base_url="http://127.0.0.1:9/v1", api_key=" sk-1\n")
    assert trimmed._client.api_key == "sk-1"
    for key in ("ключ", "sk\n1"):
        with pytest.raises(InputError, match="check OPENAI_API_KEY") as caught:
            OpenAIEngine("m", base_url="http://127.0.0.1:9/v1", api_key=key)
        assert key not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        *("", "127.0.0.1:8000", "file:///etc/passwd", "ftp://host/v1", "http://"),
        *("http://[::1", "http://h:abc/v1", "http://h:99999/v1", "http://a\x01b", "http://\udce9"),
    ],
)
def test_a_base_url_must_be_one(url: str) -> None:
    with pytest.raises(InputError, match="no endpoint"):
        OpenAIEngine("m", base_url=url)
