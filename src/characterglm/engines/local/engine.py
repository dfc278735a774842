"""The local engine: prompts go in as token ids, text comes out as it is made.

Segments are tokenised one by one, and only control segments may become special tokens, so that no
name, card or message can forge a marker, and training sees exactly the ids that chat sees.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from pathlib import Path
from typing import Any

from characterglm.engines.base import Capability, Event, Request, Sampling, demand
from characterglm.engines.local.server import Chunk, LlamaServer
from characterglm.engines.local.wire import body_of, event_of
from characterglm.errors import EngineError, ModelError, Unsupported
from characterglm.models.gguf import GGUFHeader, read_header
from characterglm.prompt.types import Prompt, Segment


class LocalEngine:
    """A GGUF model in this process.

    `path` is the file; `context` the tokens kept, shared by all `slots` (chats at the same time);
    `adapters` maps names to LoRA GGUF files, each used by the requests that name it. Loading takes
    seconds and blocks: call it in a thread. Raises ModelError if the file cannot be loaded.
    """

    name = "local"
    capabilities: frozenset[Capability] = frozenset(
        {"tokens", "schema", "adapter", "logprobs", "warm", "seed", "continue"}
    )

    def __init__(
        self,
        path: Path,
        *,
        model: str = "",
        license: str = "unknown",  # noqa: A002 - the field's standard term
        context: int = 4096,
        threads: int = 0,
        slots: int = 1,
        adapters: Mapping[str, Path] | None = None,
    ) -> None:
        header = read_header(path)
        if header.adapter:
            raise ModelError(f"{path} is an adapter, not a model: name the model it was made for")
        self.model, self.license = model or path.stem, license
        self.context_length = min(context, header.context_length or context)
        self._header, self._bos = header, _bos(header)
        self._adapters = list(adapters or {})
        self._server = LlamaServer(
            path,
            context=self.context_length,
            threads=threads,
            slots=slots,
            adapters=adapters or {},
        )
        self._threads = ThreadPoolExecutor(slots + 1, thread_name_prefix="llama")
        self._running: set[threading.Event] = set()

    @property
    def chat_template(self) -> str:
        """The model's own prompt format, in Jinja; untrusted, and empty if it has none."""
        return self._header.chat_template

    @property
    def bos(self) -> str:
        """The special token that opens a text, as the model's template writes it."""
        return self._text(self._header.bos_id)

    @property
    def eos(self) -> str:
        """The special token that ends a text, as the model's template writes it."""
        return self._text(self._header.eos_id)

    def encode(self, segments: Sequence[Segment]) -> list[int]:
        """Token ids of some segments, each tokenised on its own."""
        ids: list[int] = []
        for segment in segments:
            ids.extend(self._server.tokenize(segment.text, segment.control))
        return ids

    def count(self, segments: Sequence[Segment]) -> tuple[int, bool]:
        """The exact number of tokens."""
        return sum(len(self._server.tokenize(s.text, s.control)) for s in segments), True

    async def stream(self, request: Request) -> AsyncGenerator[Event, None]:
        """The reply as it is made. Raises ContextOverflow if the prompt does not fit."""
        demand(self, request)
        body = body_of(request, self._ids(request.prompt), self._scales(request))
        async with aclosing(self._chunks(body)) as chunks:
            async for chunk in chunks:
                for event in event_of(chunk):
                    yield event

    async def warm(self, prompt: Prompt) -> None:
        """Prefill a prompt; a later one that begins with it starts sooner.

        Cancelling keeps what was prefilled so far.
        """
        request = Request(prompt, Sampling(max_tokens=1))
        body = {**body_of(request, self._ids(prompt), self._scales(request)), "n_predict": 0}
        async with aclosing(self._chunks(body)) as chunks:
            async for chunk in chunks:
                for _ in event_of(chunk):
                    pass

    async def close(self) -> None:
        """Stop whatever runs, unload the model, close the port."""
        for stopped in tuple(self._running):
            stopped.set()
        await asyncio.to_thread(self._threads.shutdown)
        self._server.close()

    def _ids(self, prompt: Prompt) -> list[int]:
        # Whoever built the prompt has counted it, so its segments are in the tokenizer's cache.
        ids = self.encode(prompt.segments)
        if self._bos is not None and ids[:1] != [self._bos]:
            ids.insert(0, self._bos)
        return ids

    def _text(self, token: int | None) -> str:
        return "" if token is None else self._server.detokenize(token)

    def _scales(self, request: Request) -> list[dict[str, Any]]:
        """Every adapter's scale for this request: 0 for all but the one it names."""
        wanted = request.adapter
        if wanted is not None and wanted.name not in self._adapters:
            known = ", ".join(self._adapters) or "none"
            raise Unsupported(f"no adapter '{wanted.name}' is loaded; loaded: {known}")
        return [
            {"id": index, "scale": wanted.scale if wanted and wanted.name == name else 0.0}
            for index, name in enumerate(self._adapters)
        ]

    async def _chunks(self, body: Chunk) -> AsyncGenerator[Chunk, None]:
        """The server's events, brought from its thread into this event loop."""
        loop, queue = asyncio.get_running_loop(), asyncio.Queue[Chunk | EngineError | None]()
        stopped = threading.Event()

        def put(chunk: Chunk | EngineError | None) -> None:
            if not loop.is_closed():
                loop.call_soon_threadsafe(queue.put_nowait, chunk)

        def on_chunk(chunk: Chunk) -> bool:
            put(chunk)
            return stopped.is_set()

        def run() -> None:
            try:
                if not stopped.is_set():
                    self._server.generate(body, on_chunk)
            except Exception as error:
                # Whatever the binding raises must reach whoever waits for the reply.
                put(EngineError(f"the embedded model failed: {error}"))
            finally:
                self._running.discard(stopped)
                put(None)

        self._running.add(stopped)
        self._threads.submit(run)
        try:
            while (chunk := await queue.get()) is not None:
                if isinstance(chunk, EngineError):
                    raise chunk
                yield chunk
        finally:
            stopped.set()


def _bos(header: GGUFHeader) -> int | None:
    """The token that must open every prompt; None if the model wants none."""
    # SentencePiece vocabularies want one unless the file says no; the others only if it says so.
    wanted = header.metadata.get("tokenizer.ggml.add_bos_token", header.tokenizer == "llama")
    return header.bos_id if wanted else None
