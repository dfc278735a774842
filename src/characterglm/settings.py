"""Paths, keys and the database URL; the only reader of the environment.

Every field can be set by an environment variable `CHARACTERGLM_<FIELD>`; the few names that
others established (`HF_ENDPOINT`, `OPENAI_API_KEY`, …) are honoured too.
"""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path

from platformdirs import user_data_path
from pydantic import AliasChoices, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """What the surroundings decide; nothing here comes from a card, a model or a page."""

    model_config = SettingsConfigDict(env_prefix="CHARACTERGLM_", extra="ignore", frozen=True)

    home: Path = Field(default_factory=lambda: user_data_path("characterglm", appauthor=False))
    """The data directory: database, models, assets, logs."""
    database: str = ""
    """SQLAlchemy URL; empty means SQLite inside `home`."""
    model: str = "default"
    """Registry name, GGUF path, `hf:repo/file`, or `openai:NAME` of the model to chat with."""
    threads: int = 0
    """Threads for the local engine; 0 means one per core."""
    context: int = 4096
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
    """The process's settings, read once; tests call `settings.cache_clear()`."""
    return Settings()
