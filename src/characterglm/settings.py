"""Paths, keys and the database URL; the only reader of the environment.

Every field can be set by an environment variable `CHARACTERGLM_<FIELD>`; the few names that
others established (`HF_ENDPOINT`, `OPENAI_API_KEY`, …) are honoured too.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any, get_args

from platformdirs import user_data_path
from pydantic import AliasChoices, BaseModel, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from characterglm.errors import InputError

PREFIX = "CHARACTERGLM_"
"""How the environment variables of our own begin."""


class Settings(BaseSettings):
    """What the surroundings decide; nothing here comes from a card, a model or a page."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="ignore", frozen=True)

    home: Path = Field(default_factory=lambda: user_data_path("characterglm", appauthor=False))
    """The data directory: database, models, assets, logs."""
    database: str = ""
    """SQLAlchemy URL; empty means SQLite inside `home`."""
    model: str = "default"
    """Registry name, GGUF path, `hf:repo/file`, or `openai:NAME` of the model to chat with."""
    threads: int = Field(default=0, ge=0, le=1024)
    """Threads for the local engine; 0 means one per core."""
    context: int = Field(default=4096, ge=1)
    """Tokens of context that the local engine keeps."""
    hf_endpoint: str = Field(
        default="https://huggingface.co",
        validation_alias=AliasChoices("CHARACTERGLM_HF_ENDPOINT", "HF_ENDPOINT"),
    )
    modelscope_endpoint: str = Field(
        default="https://www.modelscope.cn",
        validation_alias=AliasChoices("CHARACTERGLM_MODELSCOPE_ENDPOINT", "MODELSCOPE_ENDPOINT"),
    )
    openai_base_url: str = Field(
        default="https://api.openai.com/v1",
        validation_alias=AliasChoices("CHARACTERGLM_OPENAI_BASE_URL", "OPENAI_BASE_URL"),
    )
    openai_api_key: SecretStr = Field(
        default=SecretStr(""),
        validation_alias=AliasChoices("CHARACTERGLM_OPENAI_API_KEY", "OPENAI_API_KEY"),
    )
    openai_timeout: float = Field(default=60, gt=0, allow_inf_nan=False)
    """Seconds the endpoint may take to connect, and between two pieces of a reply."""
    openai_retries: int = Field(default=2, ge=0, le=100)
    """How often a request is sent again that failed before the first piece of its reply."""
    locale: str = Field(
        default="",
        validation_alias=AliasChoices("CHARACTERGLM_LOCALE", "LC_ALL", "LC_MESSAGES", "LANG"),
    )
    editor: str = Field(
        default="notepad" if os.name == "nt" else "vi",
        validation_alias=AliasChoices("CHARACTERGLM_EDITOR", "VISUAL", "EDITOR"),
    )
    """Command that edits a text file; its arguments are split as a shell would."""

    @property
    def database_url(self) -> str:
        """The database to open; SQLite in the data directory unless another is configured."""
        return self.database or f"sqlite:///{self.home / 'characterglm.db'}"

    @property
    def models_dir(self) -> Path:
        """Where pulled model files lie."""
        return self.home / "models"

    @property
    def assets_dir(self) -> Path:
        """Where assets lie, named by the sha256 of their bytes."""
        return self.home / "assets"


@lru_cache(maxsize=1)
def settings() -> Settings:
    """The process's settings, read once; tests call `settings.cache_clear()`.

    Raises InputError for a variable whose value cannot be used.
    """
    try:
        return Settings()
    except ValidationError as error:
        raise refused(error, Settings, lambda field: PREFIX + field.upper()) from None


def refused(
    error: ValidationError, model: type[BaseModel], named: Callable[[str], str]
) -> InputError:
    """What pydantic found wrong with the numbers that a person gave for a model, as one message.

    It says each option's name as `named` writes it, what was given, and what is allowed.
    """
    sentences = []
    for found in error.errors(include_url=False):
        field = str(found["loc"][0])
        allowed = _allowed(model, field) if field in model.model_fields else "no such option"
        sentences.append(f"{named(field)} is {found['input']}: {allowed}")
    return InputError("; ".join(sentences))


def _allowed(model: type[BaseModel], field: str) -> str:
    """What a field that holds a number accepts."""
    known = model.model_fields[field]
    kind = "number" if float in (known.annotation, *get_args(known.annotation)) else "whole number"
    return f"needed is a {kind} {' and '.join(_bounds(known.metadata))}".rstrip()


def _bounds(metadata: list[Any]) -> Iterator[str]:
    for attribute, words in _BOUNDS.items():
        for constraint in metadata:
            if (bound := getattr(constraint, attribute, None)) is not None:
                yield f"{words} {bound}"


_BOUNDS = {"gt": "above", "ge": "of at least", "le": "of at most"}


def home_path(text: str) -> Path:
    """A path as typed, where `~` and `~name` stand for home directories.

    Raises InputError where there is no such user.
    """
    try:
        return Path(text).expanduser()
    except RuntimeError:
        raise InputError(
            f"'{text}': no such home directory; give the whole path, or ./{text} for a name with ~"
        ) from None
