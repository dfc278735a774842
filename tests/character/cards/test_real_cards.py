"""Other people's cards, which lie in no repository: whatever is in a folder that the caller names.

`CHARACTERGLM_TEST_SAMPLES=FOLDER pytest tests/character/cards/test_real_cards.py` tries every PNG
beneath it; without the variable there is nothing here to run.
"""

from __future__ import annotations

import io
import os
from pathlib import Path

import pytest
from PIL import Image

from characterglm.character.assets import Assets
from characterglm.character.cards import png_card, read_card, write_card
from characterglm.character.cards.plain import same
from characterglm.character.cards.report import Report

FOLDER = os.environ.get("CHARACTERGLM_TEST_SAMPLES")
CARDS = sorted(Path(FOLDER).rglob("*.png")) if FOLDER else []


def pixels(data: bytes) -> tuple[str, tuple[int, int], bytes]:
    with Image.open(io.BytesIO(data)) as picture:
        return picture.mode, picture.size, picture.tobytes()


if CARDS:  # an empty list would be a skipped test

    @pytest.mark.parametrize("path", CARDS, ids=lambda path: path.name)
    def test_a_card_comes_back_equal(path: Path, tmp_path: Path) -> None:
        original = path.read_bytes()
        imported = read_card(path)
        assets = Assets(tmp_path / "assets")
        for data in imported.files.values():
            assets.put(data)
        (character,) = imported.characters
        out = tmp_path / "out.png"
        write_card(character, "png", out, assets)
        assert out.read_bytes() == original

        # A change is written into a copy, and taken back by another: nothing else may differ.
        character.tags = [*character.tags, "changed"]
        write_card(character, "png", out, assets, force=True)
        assert out.read_bytes() != original
        (changed,) = read_card(out).characters
        for asset in read_card(out).files.values():
            assets.put(asset)
        changed.tags = changed.tags[:-1]
        write_card(changed, "png", out, assets, force=True)
        written = out.read_bytes()
        before, after = (png_card.read_value(data, "x", Report()) for data in (original, written))
        assert same(before, after)
        assert pixels(written) == pixels(original)
