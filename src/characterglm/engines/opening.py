"""From a model's name, as a person types it, to an engine that runs it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from characterglm.engines.base import MARGIN, Engine, Sampling
from characterglm.errors import InputError
from characterglm.models import ModelSpec, Progress, local_path, pull, resolve
from characterglm.prompt.formats import PromptFormat, get_format
from characterglm.settings import refused, settings

if TYPE_CHECKING:
    from characterglm.engines.local import LocalEngine

REMOTE = "openai:"


@dataclass(frozen=True)
class Opened:
    """An engine, and the prompt format and sampling that suit its model."""

    engine: Engine
    format: PromptFormat
    sampling: Sampling


def open_model(
    name: str,
    *,
    format: str = "",  # noqa: A002 - the field's standard term
    sampling: Mapping[str, Any] | None = None,
    context: int | None = None,
    adapters: Mapping[str, Path] | None = None,
    progress: Progress | None = None,
) -> Opened:
    """Load the model `name`, pulling it first if it is not there. Blocks for seconds or longer.

    `name` is a registry name, a GGUF path, `hf:repo/file`, or `openai:MODEL` for the configured
    endpoint. `format` and `sampling` win over what the registry says of the model. `context` is
    that of the local engine (default: the settings'), or what the endpoint is known to keep.

    Raises InputError for sampling out of range, an unusable format, and a reply so long that no
    prompt fits beside it; no engine is left open then.
    """
    if name.startswith(REMOTE):
        return _open_remote(name.removeprefix(REMOTE), format, sampling or {}, context)
    from characterglm.engines.local import LocalEngine

    spec = resolve(name)
    path = local_path(spec)
    if path is None:
        path = fetch(spec, progress)
        # Of a file from the hub, format and context are known only now that it is here.
        spec = resolve(name)
    # What can be refused is refused before the model is loaded.
    chosen = _sampling({**spec.sampling, **(sampling or {})})
    length = settings().context if context is None else context
    _check_room(chosen, length, most=spec.context)
    wanted = format or spec.format
    known = None if wanted == "template" else get_format(wanted)
    engine = LocalEngine(
        path,
        model=spec.name,
        license=spec.license,
        context=length,
        threads=settings().threads,
        adapters=adapters,
    )
    return Opened(engine, known or _own_format(engine), chosen)


def fetch(spec: ModelSpec, progress: Progress | None = None) -> Path:
    """Pull a model that is not here, unless the runtime is missing that could run it."""
    from characterglm.engines.local.server import load_runtime

    load_runtime()
    return pull(spec, progress=progress)


def _own_format(engine: LocalEngine) -> PromptFormat:
    """The model's own chat template, read with its tokenizer; one that fails unloads the model."""
    try:
        return get_format("template", template=engine.chat_template, bos=engine.bos, eos=engine.eos)
    except BaseException:
        # In a thread of its own, for this one may be running an event loop.
        with ThreadPoolExecutor(1) as pool:
            pool.submit(lambda: asyncio.run(engine.close())).result()
        raise


def _open_remote(
    model: str,
    format: str,  # noqa: A002 - the field's standard term
    sampling: Mapping[str, Any],
    context: int | None,
) -> Opened:
    from characterglm.engines.openai import OpenAIEngine

    if not model:
        raise InputError("name the endpoint's model: --model openai:MODEL")
    chosen, known = _sampling(sampling), get_format(format or "chatml")
    if context is not None:
        _check_room(chosen, context)
    surroundings = settings()
    engine = OpenAIEngine(
        model,
        base_url=surroundings.openai_base_url,
        api_key=surroundings.openai_api_key.get_secret_value(),
        timeout=surroundings.openai_timeout,
        retries=surroundings.openai_retries,
        context_length=context,
    )
    return Opened(engine, known, chosen)


def _sampling(values: Mapping[str, Any]) -> Sampling:
    try:
        return Sampling.model_validate(values)
    except ValidationError as error:
        raise refused(error, Sampling, lambda name: f"--{name.replace('_', '-')}") from None


def _check_room(sampling: Sampling, context: int, most: int | None = None) -> None:
    """Refuse a context that the reply alone would fill; `most` is what the model was made for."""
    reply, length = sampling.max_tokens + MARGIN, min(context, most or context)
    if reply < length:
        return
    ways = []
    if length > MARGIN + 1:
        ways.append(f"--max-tokens of at most {length - MARGIN - 1}")
    if not most or reply < most:
        ways.append(f"--context of at least {reply + 1}")
    raise InputError(
        f"a reply of --max-tokens {sampling.max_tokens} leaves no room for a prompt in a context "
        f"of {length} tokens: needed is {' or '.join(ways) or 'another --model'}"
    )
