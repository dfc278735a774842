"""CHARX archives and the assets of V3 cards, in archives, images and JSON alike."""

from __future__ import annotations

import base64
import io
import json
import struct
import warnings
import zipfile
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from characterglm.character import Asset, Character
from characterglm.character.assets import Assets
from characterglm.character.cards import archive, png, read_card, write_card
from characterglm.errors import InputError


def picture(colour: str) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (2, 2), colour).save(out, "PNG")
    return out.getvalue()


RED, BLUE = picture("red"), picture("blue")
INLINE = f"data:image/png;base64,{base64.b64encode(BLUE).decode()}"
ITEMS = [
    {"type": "icon", "uri": "embeded://assets/icon/images/main.png", "name": "main", "ext": "png"},
    {"type": "emotion", "uri": "embedded://red.png", "name": "喜", "ext": "png", "soul": 1},
    {"type": "background", "uri": INLINE, "name": "sea", "ext": "png"},
    {"type": "x_sound", "uri": "https://example.org/a.mp3", "name": "song", "ext": "mp3"},
    {"type": "user_icon", "uri": "ccdefault:", "name": "main", "ext": "png"},
    {"type": "emotion", "uri": "data:image/png;base64,***", "name": "odd", "ext": "png"},
]


def document(items: Any = None, **more: Any) -> dict[str, Any]:
    data = {"name": "白狐", **more} | ({} if items is None else {"assets": items})
    return {"spec": "chara_card_v3", "spec_version": "3.0", "data": data}


def zipped(*members: tuple[str, bytes], comment: bytes = b"") -> bytes:
    out = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        warnings.simplefilter("ignore")
        made.comment = comment
        for name, data in members:
            made.writestr(name, data)
    return out.getvalue()


def charx(card: Any, *more: tuple[str, bytes]) -> bytes:
    members = ("assets/icon/images/main.png", RED), ("red.png", RED), *more
    return zipped(("module.risum", b"x"), ("card.json", json.dumps(card).encode()), *members)


def put(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


@pytest.fixture
def assets(tmp_path: Path) -> Assets:
    return Assets(tmp_path / "assets")


def imported(path: Path, assets: Assets) -> Character:
    found = read_card(path)
    for data in found.files.values():
        assets.put(data)
    return found.characters[0]


def card_in(path: Path) -> Any:
    with zipfile.ZipFile(path) as made:
        return json.loads(made.read("card.json"))


def test_assets_get_their_bytes_and_urls_stay_text(tmp_path: Path, assets: Assets) -> None:
    found = read_card(put(tmp_path / "in.charx", charx(document(ITEMS))))
    fox = found.characters[0]
    got = [(a.type, a.name, found.files[a.sha256]) for a in fox.assets if a.type != "x_original"]
    assert got == [("icon", "main", RED), ("emotion", "喜", RED), ("background", "sea", BLUE)]
    kept = {note.what: note.why for note in found.report.of("kept")}
    assert "never fetched" in kept["asset x_sound/song.mp3"]
    assert INLINE not in fox.model_dump_json()  # bytes lie beside a character, never in it


def test_an_unchanged_charx_comes_back_byte_for_byte(tmp_path: Path, assets: Assets) -> None:
    original = put(tmp_path / "in.charx", charx(document(ITEMS)))
    write_card(imported(original, assets), "charx", tmp_path / "out.charx", assets)
    assert (tmp_path / "out.charx").read_bytes() == original.read_bytes()


def test_a_changed_charx_keeps_every_other_member(tmp_path: Path, assets: Assets) -> None:
    original = put(tmp_path / "in.charx", b"\xff\xd8\xffjpeg" + charx(document(ITEMS)))
    fox = imported(original, assets)
    fox.greetings = ["你好"]
    write_card(fox, "charx", tmp_path / "out.charx", assets)
    with zipfile.ZipFile(original) as before, zipfile.ZipFile(tmp_path / "out.charx") as after:
        assert after.namelist() == before.namelist()
        for name in {*before.namelist()} - {"card.json"}:
            assert after.read(name) == before.read(name)
    card = card_in(tmp_path / "out.charx")
    assert card["data"]["assets"] == ITEMS
    assert card["data"]["first_mes"] == "你好"
    assert (tmp_path / "out.charx").read_bytes().startswith(b"\xff\xd8\xffjpeg")


@pytest.mark.parametrize("format_name", ["v3", "png"])
def test_assets_of_an_archive_travel_inline_elsewhere(
    tmp_path: Path, assets: Assets, format_name: str
) -> None:
    fox = imported(put(tmp_path / "in.charx", charx(document(ITEMS))), assets)
    report = write_card(fox, format_name, tmp_path / "out", assets)
    assert report.of("lost") == []
    again = read_card(tmp_path / "out")
    held = {(a.type, a.name, again.files[a.sha256]) for a in again.characters[0].assets}
    assert {("emotion", "喜", RED), ("background", "sea", BLUE)} <= held


def test_a_deleted_asset_leaves_the_list(tmp_path: Path, assets: Assets) -> None:
    fox = imported(put(tmp_path / "in.charx", charx(document(ITEMS))), assets)
    fox.assets = [asset for asset in fox.assets if asset.name != "喜"]
    write_card(fox, "charx", tmp_path / "out.charx", assets)
    written = card_in(tmp_path / "out.charx")["data"]["assets"]
    assert written == [item for item in ITEMS if item["name"] != "喜"]


def test_v2_loses_assets_and_says_so(tmp_path: Path, assets: Assets) -> None:
    fox = imported(put(tmp_path / "in.charx", charx(document(ITEMS))), assets)
    report = write_card(fox, "v2", tmp_path / "out.json", assets)
    assert "asset background/sea.png" in {note.what for note in report.of("lost")}


@pytest.mark.parametrize("format_name", ["v3", "png", "charx"])
def test_our_own_assets_read_back_equal_and_leave_no_trace(
    tmp_path: Path, assets: Assets, format_name: str
) -> None:
    own = [
        Asset(name="main", type="icon", ext="png", sha256=assets.put(RED)),
        Asset(name="微笑", type="emotion", ext="png", sha256=assets.put(BLUE)),
        Asset(name="main", type="icon", ext="weird/../ext", sha256=assets.put(b"bytes")),
        Asset(name="again", type="emotion", ext="png", sha256=assets.put(BLUE)),
    ]
    fox = Character(id="fox", name="Fox", language="en", category="fictional", assets=own)
    write_card(fox, format_name, tmp_path / "out", assets)
    again = read_card(tmp_path / "out")
    back = [a for a in again.characters[0].assets if a.type != "x_original"]
    assert [(a.name, a.type, a.ext) for a in back] == [(a.name, a.type, a.ext) for a in own]
    assert [again.files[a.sha256] for a in back][1:] == [BLUE, b"bytes", BLUE]
    assert again.characters[0].extensions == {}


@pytest.mark.parametrize("items", [None, [], ITEMS])
@pytest.mark.parametrize("source", ["json", "png"])
def test_a_list_of_assets_comes_back_as_the_equal_json_value(
    tmp_path: Path, assets: Assets, source: str, items: Any
) -> None:
    card = document(items)
    content = json.dumps(card).encode()
    if source == "png":
        image = png.parse(RED, "red")
        legacy = png.text_chunk("chara-ext-asset_:Red", base64.b64encode(BLUE))
        chunk = png.text_chunk("ccv3", base64.b64encode(content))
        content = png.with_texts(image, (), (legacy, chunk)).packed()
    fox = imported(put(tmp_path / "in", content), assets)
    fox.tags = ["changed"]
    write_card(fox, "v3" if source == "json" else "png", tmp_path / "out", assets)
    fox = imported(tmp_path / "out", assets)
    fox.tags = []
    write_card(fox, "v3", tmp_path / "out.json", assets)
    written = json.loads((tmp_path / "out.json").read_text("utf-8"))["data"].get("assets")
    expected = items
    if source == "png" and not items:  # the image itself, which JSON can only hold inline
        assert written[-1]["type"] == "icon"
        expected = written
    assert written == expected


def test_assets_in_chunks_of_their_own_are_found(tmp_path: Path) -> None:
    item = {"type": "emotion", "uri": "__asset:Red", "name": "r", "ext": "png"}
    other = {**item, "uri": "__asset:red"}
    chunk = png.text_chunk("ccv3", base64.b64encode(json.dumps(document([item, other])).encode()))
    legacy = png.text_chunk("chara-ext-asset_:Red", base64.b64encode(BLUE))
    data = png.with_texts(png.parse(RED, "red"), (), (legacy, chunk)).packed()
    found = read_card(put(tmp_path / "in.png", data))
    emotions = [a for a in found.characters[0].assets if a.type == "emotion"]
    assert [found.files[a.sha256] for a in emotions] == [BLUE]


def test_a_new_portrait_becomes_the_image(tmp_path: Path, assets: Assets) -> None:
    chunk = png.text_chunk("chara", base64.b64encode(json.dumps(document()).encode()))
    data = png.with_texts(png.parse(RED, "red"), (), (chunk,)).packed()
    fox = imported(put(tmp_path / "in.png", data), assets)
    original = [a for a in fox.assets if a.type == "x_original"]
    fox.assets = [
        *original,
        Asset(name="main", type="icon", ext="png", sha256=assets.put(BLUE)),
    ]
    write_card(fox, "png", tmp_path / "out.png", assets)
    with Image.open(io.BytesIO((tmp_path / "out.png").read_bytes())) as image:
        assert image.getpixel((0, 0)) == (0, 0, 255)


def test_a_member_named_like_an_asset_of_ours_is_not_replaced(
    tmp_path: Path, assets: Assets
) -> None:
    fox = imported(put(tmp_path / "in.charx", charx(document(ITEMS[:1]))), assets)
    new = Asset(name="main", type="icon", ext="png", sha256=assets.put(BLUE))
    fox.assets = [*fox.assets, new]
    write_card(fox, "charx", tmp_path / "out.charx", assets)
    with zipfile.ZipFile(tmp_path / "out.charx") as made:
        assert made.read("assets/icon/images/main.png") == RED
        uri = card_in(tmp_path / "out.charx")["data"]["assets"][1]["uri"]
        assert made.read(uri.removeprefix("embeded://")) == BLUE


def _raw(name: str) -> bytes:
    good = charx(document())
    place = good.index(b"PK\x01\x02")
    link = zipfile.ZipInfo("link")
    link.external_attr = 0o120777 << 16
    linked = io.BytesIO()
    with zipfile.ZipFile(linked, "w") as made:
        made.writestr(link, b"/etc/passwd")
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_BZIP2) as made:
        made.writestr("card.json", b"{}")
    return {
        "cut off": good[:-40],
        "damaged": good[:40] + b"\xff\xff\xff\xff" + good[44:],
        "encrypted": good[: place + 8] + b"\x01\x00" + good[place + 10 :],
        "leads out": zipped(("../card.json", b"{}")),
        "a name that leads": zipped(("a\\b", b"{}")),
        "a link": linked.getvalue(),
        "same name": zipped(("card.json", b"{}"), ("card.json", b"{}")),
        "members": zipped(*((f"m{n}", b"") for n in range(1001))),
        "too many members": struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 9, 9, 2**31, 0, 0),
        "times its size": zipped(("bomb", bytes(40 * 1024 * 1024))),
        "packed in a way": packed.getvalue(),
        "no card.json": zipped(("other.json", b"{}")),
        "is empty": zipped(("card.json", b"")),
        "4 GB": good[:-22] + b"PK\6\7" + bytes(16) + good[-22:],
    }[name]


@pytest.mark.parametrize(
    "name",
    [
        "cut off",
        "damaged",
        "encrypted",
        "leads out",
        "a name that leads",
        "a link",
        "same name",
        "members",
        "too many members",
        "times its size",
        "packed in a way",
        "no card.json",
        "is empty",
        "4 GB",
    ],
)
def test_a_hostile_archive_gives_one_clear_message(tmp_path: Path, name: str) -> None:
    data = _raw(name)
    path = put(tmp_path / "bad.charx", data if data.startswith(b"PK") else b"PK\3\4" + data)
    with pytest.raises(InputError, match=name) as failure:
        read_card(path)
    assert "bad.charx" in str(failure.value)


def test_the_unpacked_size_is_counted_whatever_the_headers_say(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive, "MAX_UNPACKED", 3_000)
    data = zipped(("card.json", b"{}"), ("a", bytes(2000)), ("b", bytes(2000)))
    lying = data.replace(struct.pack("<L", 2000), struct.pack("<L", 1))
    for each in (data, lying):
        with pytest.raises(InputError, match=r"unpacks to more than|damaged"):
            read_card(put(tmp_path / "bad.charx", each))
