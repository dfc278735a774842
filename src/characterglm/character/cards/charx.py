"""CHARX: a zip with `card.json` and the assets that it names."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from characterglm.character.cards import card, card_assets, plain, png_card
from characterglm.character.cards.archive import Archive, pack
from characterglm.character.cards.formats import Format, Imported, Outgoing, keep_original
from characterglm.character.cards.lens import Record
from characterglm.character.cards.options import Options
from characterglm.character.cards.source import Source
from characterglm.character.schema import Asset
from characterglm.errors import InputError

CARD = "card.json"
_TYPES = ("icon", "background", "emotion", "user_icon")
_FOLDERS = {
    "images": ("png", "jpg", "jpeg", "webp", "gif", "avif", "apng", "bmp"),
    "audio": ("mp3", "ogg", "wav", "flac", "m4a"),
    "video": ("mp4", "webm", "mkv", "mov"),
    "3d": ("mmd", "obj", "glb", "gltf", "vrm"),
    "ai": ("safetensors", "ckpt", "onnx"),
    "fonts": ("otf", "ttf", "woff", "woff2"),
    "code": ("lua", "js"),
}
_UNSAFE = re.compile(r"[^A-Za-z0-9_-]+")


def _read(source: Source, options: Options) -> Imported:
    archive = Archive(source.data, source.name)
    place = f"{source.name}, {CARD}"
    content = archive.read(CARD)
    if content is None:
        raise InputError(f"{source.name} is a zip without a character: it has no {CARD}")
    if len(content) > png_card.MAX_CARD:
        raise InputError(f"{place} holds more than {png_card.MAX_CARD >> 20} MB")
    value = source.mended(plain.parse(plain.decode(content, place), place))
    character = card.read(value, place, options, source.report)
    source.report.format = f"charx ({source.report.format})"

    def resolve(item: Record) -> bytes | None:
        path = card_assets.embedded_path(item["uri"])
        return archive.read(path) if path else None

    files = card_assets.unpack(character, resolve, source.report)
    card_assets.forget_ours(character, _Members(archive), files)
    files |= keep_original(character, source.data, "charx")
    return Imported("charx", [character], files=files, report=source.report)


@dataclass
class _Members:
    """What lies in the archive that is written: old members and new ones."""

    archive: Archive | None = None
    new: dict[str, bytes] = field(default_factory=dict)

    def holds(self, uri: str) -> bool:
        path = card_assets.embedded_path(uri)
        return path is not None and self._old(path) is not None

    def _old(self, path: str) -> bytes | None:
        return self.archive.read(path) if self.archive else None

    def put(self, asset: Asset, data: bytes) -> str:
        path, data = _path(asset), png_card.bare(data)
        there = self.new.get(path, self._old(path))
        if there not in (None, data):
            stem, dot, ext = path.rpartition(".")
            path = f"{stem}-{asset.sha256[:12]}{dot}{ext}"
        if there != data:
            self.new[path] = data
        return f"embeded://{path}"


def _path(asset: Asset) -> str:
    """Where the specification wants an asset: `assets/icon/images/main.png`."""
    ext = _UNSAFE.sub("", asset.ext.lower())[:16] or "bin"
    kind = asset.type if asset.type in _TYPES else "other"
    folder = next((name for name, exts in _FOLDERS.items() if ext in exts), "other")
    name = _UNSAFE.sub("-", asset.name).strip("-")[:64] or asset.sha256[:12]
    return f"assets/{kind}/{folder}/{name}.{ext}"


def _write(out: Outgoing) -> bytes:
    original = out.original()
    archive = Archive(original, "the original") if _is_charx(original) else None
    members = _Members(archive)
    items = card_assets.pack(out.character, members, out.get, out.report)
    document = card.write(out.character, card.V3, items)
    content = plain.dump(document)
    if archive is None:
        return pack({CARD: content, **members.new})
    if not members.new and plain.same(_document(archive), document):
        return original
    return archive.replaced({CARD: content, **members.new})


def _is_charx(original: bytes) -> bool:
    return original.startswith((b"PK\x03\x04", b"\xff\xd8\xff"))


def _document(archive: Archive) -> object:
    content = archive.read(CARD)
    return None if content is None else plain.parse(plain.decode(content, CARD), CARD)


CHARX = Format(
    "charx",
    "Character Card V3 in a CHARX archive",
    ".charx",
    lambda source: source.kind == "zip",
    _read,
    _write,
)
