"""Cards inside PNG and APNG images: the text chunks `chara` and `ccv3`.

`ccv3` goes before `chara` (which is then only a copy for older tools, and written anew). The
image is never drawn again: export puts the card into a copy of the file it came in.
"""

from __future__ import annotations

import base64
from typing import Any

from characterglm.character.cards import card, plain, png
from characterglm.character.cards.report import Report
from characterglm.errors import InputError

KEYWORDS = ("ccv3", "chara")
ASSET_URI = "__asset:"
MAX_KEYWORD = 1024
"""The PNG specification allows 79 bytes; paths are longer in practice."""
_ASSET_CHUNK = "chara-ext-asset_:"
"""Some tools put assets into text chunks of their own, named by a path."""
MAX_CARD = 16 * 1024 * 1024
_BACKFILL = (
    "This is a Character Card V3, shown here in its V2 form; "
    "a program that reads V3 shows everything in it."
)


def read_value(data: bytes, what: str, report: Report) -> Any:
    """The JSON value of the card in an image."""
    image = png.parse(data, what)
    found = _card_chunks(image)
    if not found:
        raise InputError(
            f"{what} is an image without a character: it has no text chunk 'ccv3' or 'chara'"
        )
    names = [png.text_keyword(chunk) for chunk in found]
    if len(set(names)) < len(names):
        report.add("warning", "text chunks", why="several hold a card; the first is read")
    place = f"{what}, chunk '{names[0]}'"
    content = png.unbase64(png.text_of(found[0], place), place)
    if len(content) > MAX_CARD:
        raise InputError(f"{place} holds more than {MAX_CARD >> 20} MB")
    return plain.parse(plain.decode(content, place), place)


def _card_chunks(image: png.PNG) -> list[png.Chunk]:
    return [
        chunk
        for keyword in KEYWORDS
        for chunk in image.chunks
        if png.text_keyword(chunk) == keyword
    ]


def asset_chunks(data: bytes, what: str) -> dict[str, png.Chunk]:
    """The chunks of an image that hold assets, by their `__asset:PATH` URI."""
    named = {
        chunk.data[:MAX_KEYWORD].partition(b"\0")[0].decode("latin-1"): chunk
        for chunk in png.parse(data, what).chunks
        if (png.text_keyword(chunk) or "").startswith(_ASSET_CHUNK)
    }
    return {ASSET_URI + name[len(_ASSET_CHUNK) :]: chunk for name, chunk in named.items()}


def write_value(base: bytes, document: Any, backfill: Any = None) -> bytes:
    """A copy of an image that carries a card; `backfill` is a V3 card's V2 form."""
    image = png.parse(base, "the image")
    main = "ccv3" if card.version_of(document) is card.V3 else "chara"
    chunks = [_chunk(main, document)]
    if backfill is not None:
        chunks.append(_chunk("chara", _warned(backfill)))
    return png.with_texts(image, KEYWORDS, chunks).packed()


def _chunk(keyword: str, document: Any) -> png.Chunk:
    content = plain.compact(document)
    if len(content) > MAX_CARD:
        raise InputError(f"the card is larger than {MAX_CARD >> 20} MB; write it as CHARX")
    return png.text_chunk(keyword, base64.b64encode(content))


def _warned(document: Any) -> Any:
    """The back-fill says in its notes what it is, as the V3 specification asks."""
    notes = document["data"].get("creator_notes") or ""
    data = {**document["data"], "creator_notes": f"{_BACKFILL}\n\n{notes}".strip()}
    return {**document, "data": data}


def bare(data: bytes) -> bytes:
    """A picture without the card that a PNG may carry; any other file as it is."""
    if not data.startswith(png.SIGNATURE):
        return data
    try:
        image = png.parse(data, "the picture")
    except InputError:
        return data
    return png.with_texts(image, KEYWORDS, ()).packed() if _card_chunks(image) else data
