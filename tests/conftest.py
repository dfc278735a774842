"""What every test shares: an empty home for each, so that none sees this machine's data."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from characterglm.settings import settings

OUTSIDE_NAMES = ("HF_ENDPOINT", "MODELSCOPE_ENDPOINT", "OPENAI_API_KEY", "OPENAI_BASE_URL")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty data directory, and no setting from outside."""
    for name in list(os.environ):
        if name.startswith("CHARACTERGLM_") or name in OUTSIDE_NAMES:
            monkeypatch.delenv(name)
    monkeypatch.setenv("CHARACTERGLM_HOME", str(tmp_path / "home"))
    settings.cache_clear()
    yield tmp_path / "home"
    settings.cache_clear()
