"""PNG files as chunks: what is damaged is refused, what is not ours stays where it was."""

from __future__ import annotations

import base64
import io
import json
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from characterglm.character import Character
from characterglm.character.assets import Assets
from characterglm.character.cards import Imported, image, png, png_card, read_card, write_card
from characterglm.character.cards.report import Report
from characterglm.errors import InputError

CARD = {
    "spec": "chara_card_v2",
    "spec_version": "2.0",
    "data": {"name": "白狐", "description": "A fox.\r\nWhite.", "tags": ["fox"], "soul": [1, 2.5]},
}


def picture(kind: str = "PNG", **options: Any) -> bytes:
    """A small picture with some pixels worth comparing."""
    image = Image.new("RGB", (3, 2), "teal")
    image.putpixel((1, 1), (250, 1, 2))
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def encoded(document: Any) -> bytes:
    """A card as its text chunk holds it."""
    return base64.b64encode(json.dumps(document).encode())


def with_chunks(*chunks: png.Chunk, base: bytes = b"") -> bytes:
    """A picture with chunks after its header, and one before IEND that is none of ours."""
    image = png.parse(base or picture(), "test")
    comment = png.text_chunk("Comment", b"keep me")
    made = (image.chunks[0], *chunks, *image.chunks[1:-1], comment, image.chunks[-1])
    return png.PNG(made).packed()


def with_text(text: bytes) -> bytes:
    """A picture whose card chunk holds a text."""
    return with_chunks(png.text_chunk("chara", text))


def drawn(path: Path) -> Image.Image:
    """The decoded picture of a file."""
    return Image.open(io.BytesIO(path.read_bytes()))


def put(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def imported(path: Path, assets: Assets) -> tuple[Character, Imported]:
    """A card's only character, its files kept."""
    found = read_card(path)
    for data in found.files.values():
        assets.put(data)
    return found.characters[0], found


@pytest.fixture
def assets(tmp_path: Path) -> Assets:
    return Assets(tmp_path / "assets")


def test_an_unchanged_card_comes_back_byte_for_byte(tmp_path: Path, assets: Assets) -> None:
    chara = png.text_chunk("chara", encoded(CARD))
    original = put(tmp_path / "in.png", with_chunks(chara) + b"after the end")
    character, found = imported(original, assets)
    assert found.format == "png"
    assert {asset.type for asset in character.assets} == {"x_original", "icon"}
    report = write_card(character, "png", tmp_path / "out.png", assets)
    assert (tmp_path / "out.png").read_bytes() == original.read_bytes()
    assert report.of("lost", "changed") == []


def test_a_changed_card_leaves_pixels_and_other_chunks_as_they_were(
    tmp_path: Path, assets: Assets
) -> None:
    chara = png.text_chunk("Chara", encoded(CARD))
    other = png.Chunk(b"prVt", b"private")
    original = put(tmp_path / "in.png", with_chunks(other, chara) + b"tail")
    character, _ = imported(original, assets)
    character.greetings = ["你好"]
    write_card(character, "png", tmp_path / "out.png", assets)
    before = png.parse(original.read_bytes(), "before")
    after = png.parse((tmp_path / "out.png").read_bytes(), "after")
    assert [c.type for c in after.chunks] == [c.type for c in before.chunks]
    changed = [old for old, new in zip(before.chunks, after.chunks, strict=True) if old != new]
    assert changed == [chara]
    assert after.trailer == b"tail"
    pixels = [drawn(tmp_path / name).tobytes() for name in ("in.png", "out.png")]
    assert pixels[0] == pixels[1]
    assert read_card(tmp_path / "out.png").characters[0].greetings == ["你好"]


def test_a_v3_card_is_written_beside_a_v2_copy_that_says_so(tmp_path: Path, assets: Assets) -> None:
    book = {"entries": [{"keys": ["a"], "content": "@@depth 3\nlore", "use_regex": False}]}
    data = {"name": "Fox", "creator_notes": "mine", "character_book": book}
    document = {"spec": "chara_card_v3", "spec_version": "3.0", "data": data}
    original = put(tmp_path / "in.png", with_chunks(png.text_chunk("ccv3", encoded(document))))
    character, _ = imported(original, assets)
    character.tags = ["x"]
    write_card(character, "png", tmp_path / "out.png", assets)
    texts = {
        png.text_keyword(chunk): png.text_of(chunk, "out")
        for chunk in png.parse((tmp_path / "out.png").read_bytes(), "out").chunks
        if png.text_keyword(chunk)
    }
    v3, v2 = (json.loads(base64.b64decode(texts[key])) for key in ("ccv3", "chara"))
    assert v3["data"]["character_book"] == book
    assert (v2["spec"], v2["data"]["character_book"]["entries"][0]["content"]) == (
        "chara_card_v2",
        "lore",
    )
    assert v2["data"]["creator_notes"].endswith("mine")
    assert "V3" in v2["data"]["creator_notes"]
    assert v3["data"]["creator_notes"] == "mine"


@pytest.mark.parametrize("kind", [b"zTXt", b"iTXt", b"iTXt packed"])
def test_compressed_and_international_text_chunks_are_read(tmp_path: Path, kind: bytes) -> None:
    text = encoded(CARD)
    heads = {
        b"zTXt": b"\0" + zlib.compress(text),
        b"iTXt": b"\0\0en\0chara\0" + text,
        b"iTXt packed": b"\1\0\0\0" + zlib.compress(text),
    }
    chunk = png.Chunk(kind[:4], b"chara\0" + heads[kind])
    found = read_card(put(tmp_path / "in.png", with_chunks(chunk)))
    assert found.characters[0].name == "白狐"


def test_ccv3_goes_before_chara(tmp_path: Path) -> None:
    newer = {"spec": "chara_card_v3", "spec_version": "3.0", "data": {"name": "Three"}}
    chunks = png.text_chunk("chara", encoded(CARD)), png.text_chunk("ccv3", encoded(newer))
    found = read_card(put(tmp_path / "in.png", with_chunks(*chunks)))
    assert found.characters[0].name == "Three"
    assert found.report.of("warning") == []


def _damaged(name: str) -> bytes:
    """A file with what `name` says is wrong with it; made only when it is asked for."""
    good = with_chunks(png.text_chunk("chara", encoded(CARD)))
    place = good.index(b"tEXtchara")
    wide = struct.pack(">IIBBBBB", 70_000, 70_000, 8, 2, 0, 0, 0)
    made: dict[str, Callable[[], bytes]] = {
        "cut off": lambda: good[: len(good) // 2],
        "without an IEND": lambda: good[:-12],
        "signature only": lambda: png.SIGNATURE,
        "checksum": lambda: good[: place + 20] + b"!" + good[place + 21 :],
        "base64": lambda: with_text(b"!not base64!"),
        "UTF-8": lambda: with_text(base64.b64encode(b'{"name": "\xff"}')),
        "not valid JSON": lambda: with_text(base64.b64encode(b'{"name": ')),
        "larger than": lambda: with_chunks(
            png.Chunk(b"zTXt", b"chara\0\0" + zlib.compress(bytes(60 * 1024 * 1024)))
        ),
        "more than 16 MB": lambda: with_text(b"QUFB" * (6 * 1024 * 1024 - 9)),
        "without a character": picture,
        "pixels": lambda: png.PNG((png.Chunk(b"IHDR", wide), png.Chunk(b"IEND", b""))).packed(),
        "chunks": lambda: (
            png.SIGNATURE
            + png.Chunk(b"IHDR", wide).packed()
            + png.Chunk(b"prVt", b"").packed() * 70_000
        ),
        "IHDR": lambda: png.PNG((png.Chunk(b"IEND", b""),)).packed(),
        "does not unpack": lambda: with_chunks(png.Chunk(b"zTXt", b"chara\0\0junk")),
    }
    return made[name]()


@pytest.mark.parametrize(
    "name",
    [
        "cut off",
        "without an IEND",
        "signature only",
        "checksum",
        "base64",
        "UTF-8",
        "not valid JSON",
        "larger than",
        "more than 16 MB",
        "without a character",
        "pixels",
        "chunks",
        "IHDR",
        "does not unpack",
    ],
)
def test_a_damaged_image_gives_one_clear_message(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError) as failure:
        read_card(put(tmp_path / "bad.png", _damaged(name)))
    message = str(failure.value)
    assert "bad.png" in message
    assert "\n" not in message
    assert name in message or name == "signature only"


def test_a_character_without_a_picture_gets_a_plain_one(tmp_path: Path, assets: Assets) -> None:
    fox = Character(id="fox", name="Fox", language="en", category="fictional")
    report = write_card(fox, "png", tmp_path / "fox.png", assets)
    assert [note.what for note in report.of("warning")] == ["portrait"]
    assert drawn(tmp_path / "fox.png").size == (400, 600)
    assert read_card(tmp_path / "fox.png").characters[0].name == "Fox"


@pytest.mark.parametrize("kind", ["JPEG", "WEBP"])
def test_a_portrait_of_another_kind_becomes_png(tmp_path: Path, assets: Assets, kind: str) -> None:
    sha256 = assets.put(picture(kind))
    icon = {"name": "main", "type": "icon", "ext": kind.lower(), "sha256": sha256}
    fox = Character.model_validate(
        {"id": "fox", "name": "Fox", "language": "en", "category": "fictional", "assets": [icon]}
    )
    write_card(fox, "png", tmp_path / "fox.png", assets)
    assert drawn(tmp_path / "fox.png").size == (3, 2)


def test_a_portrait_that_is_no_picture_is_refused(tmp_path: Path, assets: Assets) -> None:
    icon = {"name": "main", "type": "icon", "ext": "jpg", "sha256": assets.put(b"\xff\xd8\xff no")}
    fox = Character.model_validate(
        {"id": "fox", "name": "Fox", "language": "en", "category": "fictional", "assets": [icon]}
    )
    with pytest.raises(InputError, match="not a picture"):
        write_card(fox, "png", tmp_path / "fox.png", assets)
    assert list(tmp_path.glob("*fox*")) == []


def test_a_portrait_of_too_many_pixels_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(image, "MAX_PIXELS", 5)
    with pytest.raises(InputError, match="pixels"):
        image.as_png(picture("WEBP"), "the portrait")


def test_an_existing_file_is_replaced_only_on_demand(tmp_path: Path, assets: Assets) -> None:
    fox = Character(id="fox", name="Fox", language="en", category="fictional")
    path = put(tmp_path / "fox.json", b"mine")
    with pytest.raises(InputError, match="--force"):
        write_card(fox, "v2", path, assets)
    assert path.read_bytes() == b"mine"
    write_card(fox, "v2", path, assets, force=True)
    assert read_card(path).characters[0].name == "Fox"


def test_two_cards_of_one_kind_in_an_image_are_told(tmp_path: Path) -> None:
    second = {**CARD, "data": {"name": "Second"}}
    chunks = png.text_chunk("chara", encoded(CARD)), png.text_chunk("chara", encoded(second))
    report = Report()
    value = png_card.read_value(with_chunks(*chunks), "in.png", report)
    assert value["data"]["name"] == "白狐"
    assert [note.kind for note in report.notes] == ["warning"]
