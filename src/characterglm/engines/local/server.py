"""The embedded llama.cpp server: how it is started, locked down, and asked for tokens.

The runtime always opens a loopback port, by default without a key and for every web page; here it
gets a random key and no CORS origin, slots, props and pages are off. Generation goes through the
process, only tokenisation through the port, for the binding offers no other way to it.
"""

from __future__ import annotations

import http.client
import json
import os
import secrets
import threading
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from characterglm.errors import EngineError, ModelError, require

BATCH = 128
"""Tokens prefilled at a time, which is also how soon a cancelled prefill ends: 0.7 to 2 s on two
cores. Measured: 128 prefills 10% slower than 512."""

PROMPT_CACHE_MIB = 512
"""Memory for the states of chats that another one pushed out of its slot."""

Chunk = dict[str, Any]


def _quiet_threads() -> None:
    """Stop OpenMP from spinning: with anything else on the cores it slows decoding 2 to 10 times.

    Must run before the runtime is imported; a user's own setting wins.
    """
    os.environ.setdefault("GOMP_SPINCOUNT", "0")
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")


def load_runtime() -> Any:
    """The binding's module; raises MissingExtra where it is not installed."""
    _quiet_threads()
    return require("xllamacpp", what="Running a model on this machine", extra="local")


class LlamaServer:
    """One loaded model. Thread-safe; `generate` blocks its caller without holding the GIL."""

    def __init__(
        self, path: Path, *, context: int, threads: int, slots: int, adapters: Mapping[str, Path]
    ) -> None:
        runtime = load_runtime()
        self._key = secrets.token_hex(32)
        parameters = _parameters(runtime, path, context, threads, slots)
        parameters.api_keys = [self._key]
        parameters.lora_adapters = [
            runtime.CommonAdapterLoraInfo(str(file), scale=1.0) for file in adapters.values()
        ]
        try:
            self._server = runtime.Server(parameters)
        except RuntimeError as error:
            raise ModelError(_load_failure(path, adapters, str(error))) from None
        self._address = self._server.listening_address.removeprefix("http://")
        self._connection = http.client.HTTPConnection(self._address, timeout=60)
        self._lock = threading.Lock()
        self.tokenize = lru_cache(maxsize=8192)(self._tokenize)

    def generate(self, body: Chunk, on_chunk: Callable[[Chunk], bool]) -> None:
        """Run one completion; `on_chunk` sees every event and returns True to stop."""
        self._server.handle_completions(body, on_chunk)

    def _tokenize(self, text: str, special: bool) -> tuple[int, ...]:
        """Token ids of a text; with `special`, markers in it become special tokens."""
        body = {"content": text, "add_special": False, "parse_special": special}
        return tuple(self._post("/tokenize", body)["tokens"])

    def detokenize(self, token: int) -> str:
        """The text of one token, special ones included."""
        return str(self._post("/detokenize", {"tokens": [token]})["content"])

    def _post(self, path: str, body: Chunk) -> Chunk:
        """Ask the port. The server closes a connection that was idle, so the first try may fail."""
        try:
            answer = self._exchange(path, body)
        except (OSError, http.client.HTTPException, json.JSONDecodeError):
            try:
                answer = self._exchange(path, body)
            except (OSError, http.client.HTTPException, json.JSONDecodeError) as error:
                raise EngineError(f"the embedded model server is gone: {error}") from None
        if "error" in answer:
            raise EngineError(f"the embedded model server refused: {answer['error']}")
        return answer

    def _exchange(self, path: str, body: Chunk) -> Chunk:
        headers = {"Authorization": f"Bearer {self._key}", "Content-Type": "application/json"}
        with self._lock:
            try:
                self._connection.request("POST", path, json.dumps(body), headers)
                answer: Chunk = json.loads(self._connection.getresponse().read())
            except Exception:
                self._connection.close()
                raise
        return answer

    def close(self) -> None:
        """Unload the model and close the port."""
        self._connection.close()
        del self._server


def _parameters(runtime: Any, path: Path, context: int, threads: int, slots: int) -> Any:
    parameters = runtime.CommonParams()
    parameters.model.path = str(path)
    parameters.n_ctx, parameters.n_batch = context, BATCH
    parameters.n_parallel, parameters.kv_unified = slots, True
    parameters.cache_ram_mib = PROMPT_CACHE_MIB
    cores = threads or os.cpu_count() or 1
    parameters.cpuparams.n_threads = parameters.cpuparams_batch.n_threads = cores
    # An adapter speaks only in the requests that name it.
    parameters.lora_init_without_apply = True
    parameters.cors_origins, parameters.cors_origins_explicit = "", True
    parameters.endpoint_slots = parameters.endpoint_props = parameters.ui = False
    parameters.verbosity = -1
    return parameters


def _load_failure(path: Path, adapters: Mapping[str, Path], reason: str) -> str:
    missing = [str(file) for file in (path, *adapters.values()) if not file.is_file()]
    if missing:
        return f"no model file {', '.join(missing)}"
    return (
        f"the runtime could not load {path}: {reason} It must be a whole GGUF file of a kind that "
        "llama.cpp knows, and fit into memory; try a smaller --context or another --model."
    )
