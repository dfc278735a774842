"""From a model's name, as a person types it, to an engine that runs it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from characterglm.engines.base import Engine, Sampling
from characterglm.errors import InputError
from characterglm.models import Progress, local_path, pull, resolve
from characterglm.prompt.formats import PromptFormat, get_format
from characterglm.settings import settings

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
    endpoint. `format` and `sampling` win over what the registry says of the model.
    """
    if name.startswith(REMOTE):
        return _open_remote(name.removeprefix(REMOTE), format, sampling or {})
    from characterglm.engines.local import LocalEngine

    spec = resolve(name)
    path = local_path(spec)
    if path is None:
        path = pull(spec, progress=progress)
        # Of a file from the hub, format and context are known only now that it is here.
        spec = resolve(name)
    engine = LocalEngine(
        path,
        model=spec.name,
        license=spec.license,
        context=context or settings().context,
        threads=settings().threads,
        adapters=adapters,
    )
    chosen = get_format(
        format or spec.format, template=engine.chat_template, bos=engine.bos, eos=engine.eos
    )
    return Opened(engine, chosen, Sampling.model_validate({**spec.sampling, **(sampling or {})}))


def _open_remote(model: str, format: str, sampling: Mapping[str, Any]) -> Opened:  # noqa: A002
    from characterglm.engines.openai import OpenAIEngine

    if not model:
        raise InputError("name the endpoint's model: --model openai:MODEL")
    engine = OpenAIEngine(
        model,
        base_url=settings().openai_base_url,
        api_key=settings().openai_api_key.get_secret_value(),
    )
    return Opened(engine, get_format(format or "chatml"), Sampling.model_validate(sampling))
