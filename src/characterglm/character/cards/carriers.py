"""Cards as files: JSON and PNG; what a card itself says is `card`'s business."""

from __future__ import annotations

import hashlib
from typing import Any

from characterglm.character.cards import card, image, plain, png, png_card
from characterglm.character.cards.formats import (
    ORIGINAL,
    Format,
    Imported,
    Outgoing,
    find_asset,
)
from characterglm.character.cards.options import Options
from characterglm.character.cards.source import Source
from characterglm.character.schema import Asset, Character


def _json_format(version: card.Version) -> Format:
    def recognises(source: Source) -> bool:
        return card.version_of(source.value) is version

    def read(source: Source, options: Options) -> Imported:
        character = card.read(source.value, source.name, options, source.report)
        return Imported(version.name, [character], report=source.report)

    def write(out: Outgoing) -> bytes:
        return plain.dump(card.write(out.character, version))

    title = f"Character Card {version.name.upper()} as JSON"
    return Format(version.name, title, ".json", recognises, read, write)


def _read_png(source: Source, options: Options) -> Imported:
    value = source.mended(png_card.read_value(source.data, source.name, source.report))
    character = card.read(value, source.name, options, source.report)
    report = source.report
    report.format = f"png ({report.format})"
    files = keep_original(character, source.data, "png")
    character.assets = [*character.assets, _icon(character)]
    return Imported("png", [character], files=files, report=report)


def _icon(character: Character) -> Asset:
    """The image is the portrait and the original at once: the same bytes, kept once."""
    original = character.assets[-1]
    return Asset(name="main", type="icon", ext=original.ext, sha256=original.sha256)


def keep_original(character: Character, data: bytes, ext: str) -> dict[str, bytes]:
    """Let a character remember the file it came in; the bytes to be kept."""
    sha256 = hashlib.sha256(data).hexdigest()
    original = Asset(name="original", type=ORIGINAL, ext=ext, sha256=sha256)
    character.assets = [*character.assets, original]
    return {sha256: data}


def _write_png(out: Outgoing) -> bytes:
    version = card.source_version(out.character)
    document = card.write(out.character, version)
    original = out.original()
    if original.startswith(png.SIGNATURE) and plain.same(
        png_card.read_value(original, "the original", out.report), document
    ):
        return original  # nothing was changed, so not a byte is
    backfill: Any = card.write(out.character, card.V2) if version is card.V3 else None
    return png_card.write_value(original_or_portrait(out, original), document, backfill)


def original_or_portrait(out: Outgoing, original: bytes) -> bytes:
    """The image to put a card into."""
    if original.startswith(png.SIGNATURE):
        return original
    icon = find_asset(out.character, "icon")
    picture = out.get(icon.sha256) if icon else None
    if picture:
        return image.as_png(picture, "the portrait")
    out.report.add("warning", "portrait", "the character has none; a plain one was made")
    return image.default_portrait(out.character.name)


JSON_FORMATS = tuple(_json_format(version) for version in card.VERSIONS.values())
PNG = Format(
    "png",
    "Character Card V1-V3 in a PNG image",
    ".png",
    lambda source: source.kind == "png",
    _read_png,
    _write_png,
)
