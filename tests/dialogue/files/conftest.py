"""Writing small files, and reading them as dialogues."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from characterglm.dialogue import Dialogue
from characterglm.dialogue.files import read_dialogues

Put = Callable[..., Path]


@pytest.fixture
def put(tmp_path: Path) -> Put:
    """Write some records as JSON Lines (or, with `array=True`, as one JSON list)."""

    def write(*records: Any, array: bool = False, name: str = "file.jsonl") -> Path:
        path = tmp_path / name
        if array:
            text = json.dumps(records, ensure_ascii=False, indent=1)
        else:
            text = "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records)
        path.write_text(text, encoding="utf-8")
        return path

    return write


@pytest.fixture
def read(put: Put) -> Callable[..., list[Dialogue]]:
    """The dialogues of some records."""

    def dialogues(
        *records: Any, character: str | None = None, array: bool = False
    ) -> list[Dialogue]:
        path = put(*records, array=array)
        return [item.dialogue for item in read_dialogues(path, character=character)]

    return dialogues


def said(dialogue: Dialogue) -> list[tuple[str, str]]:
    """Who said what, as (role, text)."""
    return [(one.speaker.role, one.text) for one in dialogue.path()]
