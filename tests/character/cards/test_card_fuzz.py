"""Whatever bytes a file holds, a reader answers with a character or with one of our errors."""

from __future__ import annotations

import base64
import copy
import io
import json
import random
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from characterglm.character import Asset
from characterglm.character.assets import Assets
from characterglm.character.cards import FORMATS, Imported, png, read_card, write_cards
from characterglm.character.cards import write_lorebook as write_book
from characterglm.errors import CharacterGLMError

Record = dict[str, Any]

ENTRY = {"keys": ["雪"], "content": "@@depth 1\nSnow.", "extensions": {"position": 4, "depth": 2}}
DATA = {
    "name": "白狐",
    "description": "A fox.\n\nWhite.",
    "first_mes": "你好",
    "alternate_greetings": ["Hi"],
    "mes_example": "<START>\n{{user}}: a\n{{char}}: b",
    "tags": ["fox"],
    "extensions": {
        "characterglm": {
            "schema_version": 1,
            "character": {"category": "daily_life", "attributes": {"interests": ["fish"]}},
            "sha256": {"attributes": "0"},
            "user": {"name": "u", "info": "i"},
        }
    },
    "character_book": {"entries": [ENTRY]},
    "assets": [
        {"type": "icon", "uri": "embeded://a.png", "name": "main", "ext": "png"},
        {"type": "x", "uri": "data:image/png;base64,AAAA", "name": "n", "ext": "png"},
    ],
}
V3 = {"spec": "chara_card_v3", "spec_version": "3.0", "data": DATA, "name": "白狐"}
META = {"bot_name": "白狐", "bot_info": "狐狸", "user_name": "u", "user_info": "", "greeting": "嗯"}
ROW = {
    "character_name": "白狐",
    "character_profile": {"性别": "女", "人物关系": {"好友": ["兔"]}},
    "性格": ["静"],
    "user_type": "pure_user",
    "dialogue": [],
}
NPC = {
    "npc_profile": {"name_text": "Fox", "description": "d", "short_definition_text": "s"},
    "conversation": [{"from": "npc", "sentences": ["Hi"]}],
}
WORLD = {"entries": {"0": {"uid": 0, "key": ["/a/i"], "content": "c", "position": 4}}}
REQUEST = {
    "bot_setting": [{"bot_name": "Fox", "content": "c"}],
    "sample_messages": [{"sender_type": "BOT", "sender_name": "Fox", "text": "t"}],
}
OURS = {"id": "fox", "name": "Fox", "language": "en", "category": "daily_life"}
WEBUI = {"name": "Fox", "context": "A fox.", "greeting": "Hi"}
VALUES: dict[str, Any] = {
    "v3": V3,
    "v2": {**V3, "spec": "chara_card_v2", "spec_version": "2.0"},
    "v1": {key: DATA[key] for key in ("name", "description", "first_mes", "mes_example")},
    "lorebook_v3": {"spec": "lorebook_v3", "data": {"entries": [ENTRY]}},
    "world-info": WORLD,
    "charglm": META,
    "charglm-demo": {"白狐": META},
    "minimax": REQUEST,
    "rpbench": [NPC],
    "characterbench": [ROW],
    "pingpong": {"en": {"characters": [{"char_name": "Fox", "example_prompt": "User: a"}]}},
    "charactereval": {"白狐": ROW["character_profile"]},
    "pippa": {
        "bot_name": "Fox",
        "bot_definitions": "{{char}}: Hi\nEND_OF_DIALOG",
        "conversation": [],
        "categories": ["x"],
    },
    "json": OURS,
    "text-generation-webui": WEBUI,
}


def as_json(value: Any) -> bytes:
    return json.dumps(value).encode()


def _pixel() -> bytes:
    out = io.BytesIO()
    Image.new("L", (1, 1)).save(out, "PNG")
    return out.getvalue()


PIXEL = _pixel()


def as_png(value: Any) -> bytes:
    chunk = png.text_chunk("ccv3", base64.b64encode(as_json(value)))
    return png.with_texts(png.parse(PIXEL, ""), (), (chunk,)).packed()


def as_charx(value: Any) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("card.json", as_json(value))
        made.writestr("a.png", b"bytes")
    return out.getvalue()


def as_yaml(value: Any) -> bytes:
    return yaml.safe_dump(value, allow_unicode=True).encode()


SAMPLES: dict[str, tuple[Any, Callable[[Any], bytes]]] = {
    **{name: (value, as_json) for name, value in VALUES.items()},
    "png": (V3, as_png),
    "charx": (V3, as_charx),
    "yaml": (OURS, as_yaml),
    "webui in yaml": (WEBUI, as_yaml),
}
samples = st.sampled_from(sorted(SAMPLES))


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for the one file that is read again and again."""
    return tmp_path_factory.mktemp("fuzz")


def attempt(place: Path, data: bytes) -> Imported | None:
    """Read some bytes; None for an error of ours, anything else is a failure of the test."""
    path = place / "card"
    path.write_bytes(data)
    try:
        return read_card(path)
    except CharacterGLMError as error:
        assert str(error)
        return None


@pytest.mark.parametrize("name", sorted(SAMPLES))
def test_every_sample_is_recognised_by_its_content(place: Path, name: str) -> None:
    value, pack = SAMPLES[name]
    found = attempt(place, pack(value))
    assert found is not None
    assert found.format == {"webui in yaml": "text-generation-webui"}.get(name, name)


@given(st.binary(max_size=300), st.sampled_from([b"", png.SIGNATURE, b"PK\x03\x04", b"{", b"["]))
def test_arbitrary_bytes(place: Path, data: bytes, start: bytes) -> None:
    attempt(place, start + data)


@given(
    samples, st.integers(0), st.lists(st.tuples(st.integers(0), st.integers(0, 255)), max_size=4)
)
def test_files_with_bytes_changed_or_missing(
    place: Path, name: str, cut: int, changes: list[tuple[int, int]]
) -> None:
    value, pack = SAMPLES[name]
    data = bytearray(pack(value))
    for where, byte in changes:
        data[where % len(data)] = byte
    attempt(place, bytes(data[: len(data) - cut % (len(data) * 2)] if cut % 3 == 0 else data))


ODD_TEXTS = ["chara_card_v2", "embeded://../x", "data:;base64,=", "\ud83d", "\0", "x" * 300]
words = st.text(max_size=5)
anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | words
    | st.sampled_from(
        ["chara_card_v2", "embeded://../x", "data:;base64,=", "\ud83d", "\0", "x" * 300]
    ),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2)
    ),
    max_leaves=3,
)


def replaced(value: Any, other: Any, dice: random.Random) -> Any:
    """A copy in which one value, somewhere inside, is another; or is gone."""
    if not isinstance(value, dict | list) or not value or dice.random() < 0.15:
        return other
    made = copy.copy(value)
    key = dice.choice(list(value)) if isinstance(value, dict) else dice.randrange(len(value))
    if isinstance(made, dict) and dice.random() < 0.1:
        del made[key]
    else:
        made[key] = replaced(made[key], other, dice)
    return made


@given(samples, anything, st.randoms(use_true_random=False))
def test_files_with_values_of_any_type_anywhere(
    place: Path, name: str, other: Any, dice: random.Random
) -> None:
    value, pack = SAMPLES[name]
    found = attempt(place, pack(replaced(value, other, dice)))
    if found is not None:
        write_everywhere(found, place)


def write_everywhere(found: Imported, place: Path) -> None:
    """Whatever could be read can be written as anything, or is refused with reasons."""
    assets = Assets(place / "assets")
    for data in found.files.values():
        assets.put(data)
    for character in found.characters[:1]:
        # Without a portrait of its own one would be drawn for the PNG, which is slow.
        icon = Asset(name="main", type="icon", ext="png", sha256=assets.put(PIXEL))
        character.assets = [icon, *(a for a in character.assets if a.type != "icon")]
    for each in FORMATS:
        if each.write is None:
            continue
        try:
            if found.lorebooks and each.holds == "lorebook":
                write_book(found.lorebooks[0], each.name, place / "out", force=True)
            elif found.characters:
                write_cards(found.characters[:1], each.name, place / "out", assets, force=True)
        except CharacterGLMError as error:
            assert str(error)
