"""A real small model keeps to the shape; how well it writes is not judged here."""

import asyncio
from pathlib import Path

import pytest

from characterglm.authoring import Authored, character_from_text
from characterglm.engines.local import LocalEngine

pytestmark = pytest.mark.model


def test_a_small_model_writes_a_character(small_model: Path) -> None:
    async def write() -> Authored:
        engine = LocalEngine(small_model, context=4096)
        try:
            return await character_from_text(engine, "Zoe, sixty, mends clocks.")
        finally:
            await engine.close()

    authored = asyncio.run(write())
    assert authored.character.language == "en"
    assert authored.character.name
    assert authored.character.license == "unknown"
    assert 2 <= authored.attempts <= 4
