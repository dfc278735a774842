"""`characterglm character import` and `export`: others' formats, each way with its report."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from characterglm.character.schema import Category
from characterglm.cli.character import open_characters
from characterglm.errors import CharacterGLMError, InputError

if TYPE_CHECKING:
    from characterglm.character.assets import Assets
    from characterglm.character.cards import Imported
    from characterglm.character.repository import Characters


def import_(
    *files: Path,
    attach: str = "",
    category: Category | None = None,
    language: str = "",
    format: str = "",  # noqa: A002 - the option's name
    json: bool = False,
) -> None:
    """Import characters and lorebooks; nothing that is there already is ever overwritten.

    Reads character cards V1-V3 (PNG, JSON, CHARX), world info, and the formats of other programs
    and corpora: see docs/en/cards.md. What a file is, its content says, not its name.

    Parameters
    ----------
    files
        Files, or folders in ChatHaruhi's form.
    attach
        Attach the lorebooks in the files to this character.
    category
        What a file cannot say: celebrity, daily_life, fictional or virtual_love.
    language
        What the character speaks, where the file does not say: zh, en, …
    format
        Read the files as this format instead of finding it out.
    json
        Print what happened as JSON.
    """
    from characterglm.cli import exchange_view

    if not files:
        raise InputError("which file? characterglm character import FILE")
    found = _read_all(files, category, language, format)
    if attach and not any(imported.lorebooks for _, imported in found):
        raise InputError(f"--attach {attach}: there is no lorebook in what is imported")
    with open_characters() as characters:
        target = characters.get(attach).id if attach else ""
        results = [_store(path, imported, characters, target) for path, imported in found]
    exchange_view.show_imports(results, as_json=json)


def _read_all(
    files: tuple[Path, ...],
    category: Category | None,
    language: str,
    format: str,  # noqa: A002
) -> list[tuple[Path, Imported]]:
    """Read every file before anything is stored; all their problems at once."""
    from characterglm.character.cards import Options, read_card

    options = Options(category, language or None)
    found: list[tuple[Path, Imported]] = []
    problems: list[str] = []
    for path in files:
        try:
            found.append((path, read_card(path, options, format)))
        except CharacterGLMError as error:
            problems.append(str(error))
    if problems:
        raise InputError("\n".join(problems))
    return found


def _store(path: Path, imported: Imported, characters: Characters, attach: str) -> dict[str, Any]:
    """Store what a file held; the record of it."""
    from characterglm.character import slugify

    assets = _assets()
    for data in imported.files.values():
        assets.put(data)
    stored = []
    for character in imported.characters:
        added = characters.add(character, f"imported from {path.name}")
        stored.append({"name": added.name, "id": added.id, "wanted": character.id})
    books = []
    for book in imported.lorebooks:
        book_id = characters.add_lorebook(book, None if book.name else slugify(path.stem))
        if attach:
            characters.attach(attach, book_id)
        books.append({"name": book.name or path.stem, "id": book_id, "entries": len(book.entries)})
    return {
        "file": str(path),
        **imported.report.as_data(),
        "characters": stored,
        "lorebooks": books,
        "attached_to": attach,
        "has_dialogues": imported.has_dialogues,
    }


def _assets() -> Assets:
    from characterglm.character.assets import Assets
    from characterglm.settings import settings

    return Assets(settings().assets_dir)


def export(
    *characters: str,
    output: Annotated[Path | None, Parameter(alias="-o")] = None,
    format: str = "",  # noqa: A002 - the option's name
    lorebook: str = "",
    force: bool = False,
    json: bool = False,
) -> None:
    """Export characters, or a lorebook, to a file; the report says what the format cannot hold.

    Parameters
    ----------
    characters
        Ids, or names that only one has; several for formats that hold several.
    output
        The file to write; made from the id and the format if it is not given.
    format
        v1, v2, v3, png, charx, json, yaml, charglm, … ; without it, the output's ending decides,
        and without one a card goes back into the kind of file that it came in.
    lorebook
        Export this standalone lorebook instead.
    force
        Replace the output if it exists.
    json
        Print the report as JSON.
    """
    from characterglm.character.cards import format_for, get_format, write_cards, write_lorebook
    from characterglm.cli import exchange_view

    if bool(characters) == bool(lorebook):
        raise InputError("which one? characterglm character export ID, or --lorebook ID")
    with open_characters() as stored:
        found = [stored.get(key) for key in characters]
        book = stored.get_lorebook(lorebook) if lorebook else None
        attached = [each.name or "?" for one in found for each in stored.lorebooks(one.id)]
    chosen = get_format(format) if format else format_for(found, output)
    path = output or Path(f"{lorebook or found[0].id}{chosen.suffix}")
    if book is not None:
        report = write_lorebook(book, chosen.name, path, force)
    else:
        report = write_cards(found, chosen.name, path, _assets(), force)
    for name in attached:
        report.add("lost", f"lorebook {name}", why="on its own; export it with --lorebook")
    names = [one.name for one in found] or [lorebook]
    exchange_view.show_export(names, path, report, as_json=json)
