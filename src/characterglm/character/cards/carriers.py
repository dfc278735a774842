"""Cards as files: JSON and PNG; what a card itself says is `card`'s business."""

from __future__ import annotations

import hashlib

from characterglm.character.cards import card, card_assets, image, plain, png, png_card
from characterglm.character.cards.formats import (
    ORIGINAL,
    Format,
    Imported,
    Outgoing,
    find_asset,
    keep_original,
)
from characterglm.character.cards.lens import Record
from characterglm.character.cards.options import Options
from characterglm.character.cards.report import Report
from characterglm.character.cards.source import Source
from characterglm.character.schema import Asset, Character


def _json_format(version: card.Version) -> Format:
    def recognises(source: Source) -> bool:
        return card.version_of(source.value) is version

    def read(source: Source, options: Options) -> Imported:
        character = card.read(source.value, source.name, options, source.report)
        files = card_assets.unpack(character, lambda item: None, source.report)
        card_assets.forget_ours(character, card_assets.Inline(), files)
        return Imported(version.name, [character], files=files, report=source.report)

    def write(out: Outgoing) -> bytes:
        return plain.dump(_document(out, version, card_assets.Inline()))

    title = f"Character Card {version.name.upper()} as JSON"
    return Format(version.name, title, ".json", recognises, read, write)


def _document(out: Outgoing, version: card.Version, carrier: card_assets.Inline) -> Record:
    if version is not card.V3:
        return card.write(out.character, version)
    items = card_assets.pack(out.character, carrier, out.get, out.report)
    return card.write(out.character, version, items)


def _read_png(source: Source, options: Options) -> Imported:
    data, report = source.data, source.report
    value = source.mended(png_card.read_value(data, source.name, report))
    character = card.read(value, source.name, options, report)
    report.format = f"png ({report.format})"
    chunks = png_card.asset_chunks(data, source.name)

    def resolve(item: Record) -> bytes | None:
        if item["uri"] == "ccdefault:" and item["type"] == "icon":
            return data
        chunk = chunks.get(item["uri"])
        return png.unbase64(png.text_of(chunk, item["uri"]), item["uri"]) if chunk else None

    files = card_assets.unpack(character, resolve, report)
    if not card_assets.lists_icon(character):
        character.assets = [*character.assets, _portrait(data)]
    files |= keep_original(character, data, "png")
    card_assets.forget_ours(character, _carrier(character, data), files)
    return Imported("png", [character], files=files, report=report)


def _portrait(data: bytes) -> Asset:
    """The image is the portrait and the original at once: the same bytes, kept once."""
    return Asset(name="main", type="icon", ext="png", sha256=hashlib.sha256(data).hexdigest())


def _write_png(out: Outgoing) -> bytes:
    version = card.source_version(out.character)
    original = _original_picture(out)
    base = original or _portrait_of(out)
    document = _document(out, version, _carrier(out.character, original))
    if original and plain.same(_value(original), document):
        return original  # nothing was changed, so not a byte is
    backfill = card.write(out.character, card.V2) if version is card.V3 else None
    return png_card.write_value(base, document, backfill)


def _original_picture(out: Outgoing) -> bytes:
    """The PNG that the character came in, unless it has been given another portrait since."""
    original = out.original()
    if not original.startswith(png.SIGNATURE):
        return b""
    icon = find_asset(out.character, "icon")
    known = {asset.sha256 for asset in out.character.assets if asset.type == ORIGINAL}
    known |= card_assets.remembered(out.character)
    return original if icon is None or icon.sha256 in known else b""


def _value(original: bytes) -> object:
    return png_card.read_value(original, "the original", Report())


def _carrier(character: Character, original: bytes) -> card_assets.Inline:
    """What lies in the image already: itself as the portrait, and the assets in its chunks."""
    icon = find_asset(character, "icon")
    inside = {"ccdefault:", *png_card.asset_chunks(original, "")} if original else set()
    return card_assets.Inline(inside, icon.sha256 if icon else "")


def _portrait_of(out: Outgoing) -> bytes:
    """The image to put a card into that came in none."""
    icon = find_asset(out.character, "icon")
    picture = out.get(icon.sha256) if icon else None
    if picture:
        return image.as_png(picture, "the portrait")
    out.report.add("warning", "portrait", why="the character has none; a plain one was made")
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
