"""The `assets` list of a V3 card ↔ a character's assets and their bytes.

Bytes come out of `data:` URIs and, through the carrier, of archives and images; a URL stays a
text and is never fetched. What the list said beyond the bytes is remembered in
`extensions["card"]["assets"]`, one record an item: `item` as it stood, `sha256` of its bytes, and
`head`, the start of a `data:` URI whose bytes follow from the sha256.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol

from characterglm.character.cards.archive import MAX_UNPACKED
from characterglm.character.cards.card import memory_of
from characterglm.character.cards.formats import ORIGINAL, Get
from characterglm.character.cards.lens import CARD, Record
from characterglm.character.cards.report import Reason, Report
from characterglm.character.cards.texts import text
from characterglm.character.schema import Asset, Character
from characterglm.errors import InputError

Resolve = Callable[[Record], bytes | None]
"""The bytes of an item that lie in the carrier; None where they do not."""
_GONE: Reason = "its bytes are not to be had"
_DATA = re.compile(r"data:[^,]{0,200}?;base64,", re.IGNORECASE)
_EMBEDDED = re.compile(r"embedd?ed://(.+)", re.DOTALL)
_MIME = {
    "png": "image/png",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "webp": "image/webp",
    "gif": "image/gif",
    "mp3": "audio/mpeg",
    "ogg": "audio/ogg",
    "wav": "audio/wav",
    "mp4": "video/mp4",
    "webm": "video/webm",
}
PORTRAIT = {"type": "icon", "uri": "ccdefault:", "name": "main", "ext": "png"}
"""What a card without a list has, says the specification."""


def embedded_path(uri: str) -> str | None:
    """The path of a member: `embeded://` as the specification spells it, or spelt right."""
    hit = _EMBEDDED.fullmatch(uri)
    return hit[1] if hit else None


def unpack(character: Character, resolve: Resolve, report: Report) -> dict[str, bytes]:
    """Turn the list that a character's card had into assets; their bytes by sha256."""
    memory = memory_of(character)
    items = memory.get("data", {}).get("assets") if memory.get("spec") == "v3" else None
    if not items:
        return {}
    found = _Found(resolve, report)
    kept = [found.take(item) for item in items]
    data = {key: value for key, value in memory["data"].items() if key != "assets"}
    memory = {**memory, "data": data, "assets": kept}
    character.extensions = {**character.extensions, CARD: {k: v for k, v in memory.items() if v}}
    character.assets = [*character.assets, *found.assets]
    return found.files


@dataclass
class _Found:
    """What the items of a list turned out to be; the bytes of a URI are looked for once."""

    resolve: Resolve
    report: Report
    assets: list[Asset] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)
    seen: dict[str, str | None] = field(default_factory=dict)
    total: int = 0

    def take(self, item: Record) -> Record:
        """What must be remembered of an item."""
        uri, name = item["uri"], f"asset {item['type']}/{item['name']}.{item['ext']}"
        if uri not in self.seen:
            self.seen[uri] = self._look(item)
        sha256 = self.seen[uri]
        if sha256 is None:
            self.report.add("kept", name, why=_why(uri))
            return {"item": item}
        self.assets.append(_asset(item, sha256))
        self.report.add("mapped", name, "assets")
        head = hit.group() if (hit := _DATA.match(uri)) else ""
        if head and base64.b64encode(self.files[sha256]).decode() == uri[len(head) :]:
            rest = {key: value for key, value in item.items() if key != "uri"}
            return {"item": rest, "head": head, "sha256": sha256}
        return {"item": item, "sha256": sha256}

    def _look(self, item: Record) -> str | None:
        hit = _DATA.match(item["uri"])
        data = _decode(item["uri"][hit.end() :]) if hit else self.resolve(item)
        if data is None:
            return None
        sha256 = hashlib.sha256(data).hexdigest()
        self.files[sha256] = data
        self.total += len(data)
        if self.total > MAX_UNPACKED:
            raise InputError(f"the card's assets unpack to more than {MAX_UNPACKED >> 20} MB")
        return sha256


def forget_ours(character: Character, carrier: Carrier, files: dict[str, bytes]) -> None:
    """Remember nothing of a list that says exactly what ours would say of the same assets."""
    memory = dict(memory_of(character))
    kept = memory.pop("assets", None)
    if kept is None:
        return
    rest = {key: value for key, value in character.extensions.items() if key != CARD}
    if memory.keys() - {"spec"}:
        rest[CARD] = memory
    bare = character.model_copy(update={"extensions": rest})
    theirs = pack(character, carrier, files.get, Report())
    if pack(bare, carrier, files.get, Report()) == theirs:
        character.extensions = rest


def _decode(payload: str) -> bytes | None:
    try:
        return binascii.a2b_base64("".join(payload.split()).encode("ascii"), strict_mode=True)
    except (binascii.Error, UnicodeEncodeError):
        return None


def _why(uri: str) -> Reason:
    if uri.lower().startswith(("http://", "https://")):
        return "a web address, never fetched"
    if uri == "ccdefault:":
        return "the default, which lies with the application"
    return "its bytes are not in the file"


class Carrier(Protocol):
    """The file that a card is put into."""

    def holds(self, uri: str) -> bool:
        """Whether the bytes that a URI names lie in the file already."""

    def put(self, asset: Asset, data: bytes) -> str:
        """Take bytes up and say their URI."""


@dataclass
class Inline:
    """A carrier that has no room but the card itself: bytes become `data:` URIs."""

    paths: set[str] = field(default_factory=set)
    portrait: str = ""
    """The sha256 of the image that is itself the portrait."""

    def holds(self, uri: str) -> bool:
        """Only what the carrier was made with."""
        return uri in self.paths

    def put(self, asset: Asset, data: bytes) -> str:
        """`ccdefault:` for the image itself, else all the bytes."""
        if asset.type == "icon" and asset.sha256 == self.portrait:
            return "ccdefault:"
        mime = _MIME.get(asset.ext.lower(), "application/octet-stream")
        return f"data:{mime};base64,{base64.b64encode(data).decode()}"


def pack(character: Character, carrier: Carrier, get: Get, report: Report) -> list[Record] | None:
    """The list for a carrier; None where it says no more than a card without one."""
    left = [asset for asset in character.assets if asset.type != ORIGINAL]
    items = [*_remembered(character, left, carrier, get, report)]
    for asset in left:
        if (data := get(asset.sha256)) is None:
            report.add("lost", f"asset {asset.type}/{asset.name}", why=_GONE)
            continue
        uri = carrier.put(asset, data)
        items.append({"type": asset.type, "uri": uri, "name": asset.name, "ext": asset.ext})
    if not items or (items == [PORTRAIT] and "assets" not in memory_of(character)):
        return None
    return items


def lists_icon(character: Character) -> bool:
    """Whether the card's list names a portrait, be its bytes known or not."""
    memory = memory_of(character).get("assets", [])
    return any(kept["item"]["type"] == "icon" for kept in memory)


def remembered(character: Character) -> set[str]:
    """The sha256 of the assets that came in the list of the character's card."""
    memory = memory_of(character).get("assets")
    items = memory if isinstance(memory, list) else []
    found = (item.get("sha256") for item in items if isinstance(item, dict))
    return {sha256 for sha256 in found if isinstance(sha256, str)}


def _remembered(
    character: Character, left: list[Asset], carrier: Carrier, get: Get, report: Report
) -> Iterator[Record]:
    """The items that came with the card, those deleted since left out; taken from `left`."""
    memory = memory_of(character).get("assets")
    for kept in memory if isinstance(memory, list) else []:
        if not isinstance(kept, dict) or not isinstance(kept.get("item"), dict):
            continue
        sha256, item = kept.get("sha256"), kept["item"]
        if not isinstance(sha256, str):
            yield item
            continue
        asset = next((each for each in left if _is_item(each, item, sha256)), None)
        if asset is not None:
            left.remove(asset)
            yield _with_bytes(kept, asset, carrier, get, report)


def _is_item(asset: Asset, item: Record, sha256: str) -> bool:
    if asset.sha256 != sha256:
        return False
    return all(
        getattr(asset, key) == text(str(item.get(key, ""))) for key in ("name", "type", "ext")
    )


def _asset(item: Record, sha256: str) -> Asset:
    values = {key: str(item.get(key, "")) for key in ("name", "type", "ext")}
    return Asset(**values, sha256=sha256)


def _with_bytes(kept: Record, asset: Asset, carrier: Carrier, get: Get, report: Report) -> Record:
    item: Record = kept["item"]
    uri: Any = item.get("uri")
    if isinstance(uri, str) and (carrier.holds(uri) or _DATA.match(uri)):
        return item
    if (data := get(asset.sha256)) is None:
        report.add("lost", f"asset {asset.type}/{asset.name}", why=_GONE)
        return {**item, "uri": uri or "ccdefault:"}
    if isinstance(head := kept.get("head"), str):
        return {**item, "uri": head + base64.b64encode(data).decode()}
    return {**item, "uri": carrier.put(asset, data)}
