"""Which models there are and which of them lie here; fetches nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict

from characterglm.errors import InputError, ModelError, NotFound
from characterglm.models.gguf import GGUFHeader, read_header
from characterglm.models.spec import ModelFile, ModelSpec, RepoSource
from characterglm.settings import home_path, settings

_HUB_NAME = re.compile(r"hf:([\w.-]+/[\w.-]+)/((?:[\w.-]+/)*[\w.-]+\.gguf)", re.ASCII)
_SPLIT = re.compile(r"-\d{5}-of-\d{5}\.gguf$")


class _Registry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    version: int
    aliases: dict[str, str]
    models: dict[str, ModelSpec]


@lru_cache(maxsize=1)
def _load() -> _Registry:
    data = files("characterglm.models")
    document = yaml.safe_load(data.joinpath("registry.yaml").read_text("utf-8"))
    for name, entry in document["models"].items():
        entry["name"] = name
        for source in entry["sources"]:
            if "wheels" in source:
                listed = data.joinpath("chunks", source["wheels"]).read_text("utf-8")
                source["wheels"] = listed.splitlines()
    return _Registry.model_validate(document)


def registry() -> dict[str, ModelSpec]:
    """Every model with a pinned hash, by name."""
    return dict(_load().models)


def aliases() -> dict[str, str]:
    """Other names for models of the registry, such as `default`."""
    return dict(_load().aliases)


def resolve(name: str) -> ModelSpec:
    """The model that a name, a GGUF path or `hf:owner/repo/file.gguf` stands for.

    Raises `NotFound` (with near names) for an unknown name or a missing file, `InputError` for an
    `hf:` name that cannot be one or a path that cannot be read, `ModelError` for a path that is no
    usable GGUF file.
    """
    known = _load()
    spec = known.models.get(known.aliases.get(name, name))
    if spec:
        return spec
    if name.startswith("hf:"):
        return _from_hub(name)
    if name.endswith(".gguf") or "/" in name or "\\" in name:
        return _from_path(home_path(name))
    raise NotFound(
        "model",
        name,
        [*known.models, *known.aliases],
        "`characterglm model list` shows those there are; a GGUF file's path and "
        "hf:owner/repo/file.gguf work too",
    )


def _from_hub(name: str) -> ModelSpec:
    match = _HUB_NAME.fullmatch(name)
    if not match or {".", ".."} & set(name[3:].split("/")):
        raise InputError(
            f"'{name}' does not name a file at the model hub; needed is "
            "hf:owner/repo/file.gguf, e.g. hf:Qwen/Qwen3-4B-GGUF/Qwen3-4B-Q4_K_M.gguf"
        )
    if _SPLIT.search(name):
        raise InputError(
            f"'{name}' is one piece of a split model; choose one that is a single file"
        )
    repo, path = match.groups()
    spec = ModelSpec(
        name=name,
        file=ModelFile(name=f"hf/{repo}/{path}"),
        sources=(RepoSource(kind="hub", repo=repo, path=path),),
    )
    here = local_path(spec)
    with suppress(ModelError):  # a damaged file must still be listed, and removed
        return _with_header(spec, read_header(here)) if here else spec
    return spec


def _from_path(path: Path) -> ModelSpec:
    try:
        if not path.is_file():
            raise NotFound("model file", str(path))
        size = path.stat().st_size
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from None
    spec = ModelSpec(name=path.stem, file=ModelFile(name=path.name, size=size), path=path)
    return _with_header(spec, read_header(path))


def _with_header(spec: ModelSpec, header: GGUFHeader) -> ModelSpec:
    """The spec of an unlisted model, completed from what its file says of itself."""
    found: dict[str, Any] = {
        "license": header.license or "unknown",
        "context": header.context_length,
        "format": "template" if header.chat_template else "characterglm",
        "languages": header.languages,
        "description": {"en": header.name} if header.name else {},
    }
    return spec.model_copy(update=found)


def target_path(spec: ModelSpec) -> Path:
    """Where the model's file lies or will lie."""
    return spec.path or settings().models_dir / spec.file.name


def local_path(spec: ModelSpec) -> Path | None:
    """The model's file if it is here with its full size; a quick look, no hash is computed."""
    path = target_path(spec)
    whole = path.is_file() and spec.file.size in (None, path.stat().st_size)
    return path if whole else None


def installed() -> Iterator[ModelSpec]:
    """The models that lie in the models directory: those of the registry, then those by `hf:`."""
    yield from (spec for spec in registry().values() if local_path(spec))
    root = settings().models_dir / "hf"
    for path in sorted(root.glob("*/*/**/*.gguf")):
        yield _from_hub(f"hf:{path.relative_to(root).as_posix()}")
