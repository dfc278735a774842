"""Every format, in the order in which a file is tried against them; and the two ways through.

`read_card` finds the format by content; `write_cards` and `write_lorebook` write one and say what
it cannot hold.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from characterglm.character.assets import Assets
from characterglm.character.cards.card import source_version
from characterglm.character.cards.carriers import JSON_FORMATS, PNG
from characterglm.character.cards.characterbench import CHARACTERBENCH
from characterglm.character.cards.charactereval import CHARACTEREVAL
from characterglm.character.cards.charglm import CHARGLM, CHARGLM_DEMO
from characterglm.character.cards.charx import CHARX
from characterglm.character.cards.chatharuhi import CHATHARUHI
from characterglm.character.cards.formats import (
    ORIGINAL,
    Files,
    Format,
    Imported,
    Outgoing,
    find_asset,
)
from characterglm.character.cards.lorebook_files import LOREBOOK_V3, WORLD_INFO
from characterglm.character.cards.losses import compare, compare_books
from characterglm.character.cards.minimax import MINIMAX
from characterglm.character.cards.native import JSON, YAML
from characterglm.character.cards.options import Options
from characterglm.character.cards.pingpong import PINGPONG
from characterglm.character.cards.pippa import PIPPA
from characterglm.character.cards.report import Report
from characterglm.character.cards.rpbench import RPBENCH
from characterglm.character.cards.source import Source
from characterglm.character.cards.text_generation_webui import TEXT_GENERATION_WEBUI
from characterglm.character.lorebook import Lorebook
from characterglm.character.schema import Character
from characterglm.errors import CharacterGLMError, InputError, NotFound
from characterglm.store.atomic import whole_file, whole_folder

FORMATS: tuple[Format, ...] = (
    PNG,
    CHARX,
    *reversed(JSON_FORMATS),
    LOREBOOK_V3,
    WORLD_INFO,
    CHARGLM,
    CHARGLM_DEMO,
    MINIMAX,
    RPBENCH,
    PINGPONG,
    CHARACTERBENCH,
    CHARACTEREVAL,
    PIPPA,
    YAML,
    JSON,
    TEXT_GENERATION_WEBUI,
    CHATHARUHI,
)
MAX_CHARACTERS = 10_000
_NAMES = {each.name: each for each in FORMATS}


def get_format(name: str) -> Format:
    """A format by its name; NotFound names the others."""
    if name not in _NAMES:
        raise NotFound("format", name, _NAMES, f"there are {', '.join(_NAMES)}")
    return _NAMES[name]


def format_for(characters: Sequence[Character], path: Path | None) -> Format:
    """The format that a file's ending asks for; without one, what the character came in, or V3.

    `.json` means the version of the card that the character came in.
    """
    if not characters:
        return WORLD_INFO
    version = source_version(characters[0]).name
    original = find_asset(characters[0], ORIGINAL)
    suffix = path.suffix.lower() if path else f".{original.ext}" if original else ".json"
    endings = {".png": "png", ".charx": "charx", ".yaml": "yaml", ".yml": "yaml", ".json": version}
    if suffix not in endings:
        raise InputError(f"{path}: which format is that? --format {', '.join(_NAMES)}")
    return _NAMES[endings[suffix]]


def read_card(path: Path, options: Options | None = None, format: str = "") -> Imported:  # noqa: A002
    """Everything that a file or folder of any known format holds.

    The format is found by content unless it is named. Raises `NotFound` for no such file,
    `InputError` for one that is of no known format or damaged, and `ValidationFailed` with every
    wrong field of one that is.
    """
    source = Source(path)
    found = get_format(format) if format else _recognise(source)
    if isinstance(value := source.value, list | dict) and len(value) > MAX_CHARACTERS:
        raise InputError(f"{source.name} holds more than {MAX_CHARACTERS:,} characters")
    imported = found.read(source, options or Options())
    imported.report.format = imported.report.format or found.name
    return imported


def _recognise(source: Source) -> Format:
    for each in FORMATS:
        if each.recognises(source):
            return each
    raise InputError(
        f"{source.name} is no character or lorebook that can be read: {_shape(source)}"
    )


def _shape(source: Source) -> str:
    value: Any = source.value
    if isinstance(value, dict):
        return f"its keys are {', '.join(list(map(str, value))[:8]) or 'none'}"
    if isinstance(value, list):
        return f"a list of {len(value)} items, none of a known form"
    return f"no known kind of {source.kind}"


def write_card(
    character: Character,
    format: str,  # noqa: A002
    path: Path,
    assets: Assets,
    force: bool = False,
) -> Report:
    """Write one character; see `write_cards`."""
    return write_cards([character], format, path, assets, force)


def write_cards(
    characters: Sequence[Character],
    format: str,  # noqa: A002
    path: Path,
    assets: Assets,
    force: bool = False,
) -> Report:
    """Write characters to a file that does not exist yet (`force`: or replace it), at once or not
    at all; the report says what the format cannot hold.
    """
    out = Outgoing(characters, get=_getter(assets), report=Report(format))
    back = _write(out, get_format(format), path, force)
    if back.lorebooks:
        out.report.add("lost", out.character.name, why="only the lorebook is written")
        compare_books(out.book, back, out.report)
    else:
        compare(characters, back, out.report)
    return out.report


def write_lorebook(
    book: Lorebook,
    format: str,  # noqa: A002
    path: Path,
    force: bool = False,
) -> Report:
    """Write a lorebook; see `write_cards`."""
    out = Outgoing(lorebook=book, report=Report(format))
    back = _write(out, get_format(format), path, force)
    compare_books(book, back, out.report)
    return out.report


def _write(out: Outgoing, form: Format, path: Path, force: bool) -> Imported:
    """Write, and read back what was written before it gets its name."""
    if form.write is None:
        raise InputError(f"{form.title} can be imported, not exported")
    if len(out.characters) > 1 and form.holds != "characters":
        count = len(out.characters)
        raise InputError(f"{form.title} holds one character, not {count}; export them singly")
    if out.lorebook and form.holds != "lorebook":
        books = ", ".join(each.name for each in FORMATS if each.holds == "lorebook")
        raise InputError(f"{form.title} holds no lorebook alone; --format {books}")
    data = form.write(out)
    if path.is_dir():
        raise InputError(f"{path} is a folder already, and no folder is ever replaced")
    if path.exists() and not force:
        raise InputError(f"{path} exists already; --force replaces it")
    try:
        return _place(data, path, form)
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror}") from None


def _place(made: bytes | Files, path: Path, form: Format) -> Imported:
    if isinstance(made, bytes):
        with whole_file(path) as stream:
            stream.write(made)
            stream.flush()
            return form.read(Source(Path(stream.name)), Options())
    with whole_folder(path) as folder:
        for name, data in made.items():
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_bytes(data)
        return form.read(Source(folder), Options())


def _getter(assets: Assets) -> Any:
    def get(sha256: str) -> bytes | None:
        try:
            return assets.get(sha256)
        except CharacterGLMError:
            return None

    return get
