"""`characterglm character`: the commands that only look; the others stand in files beside."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from cyclopts import App

from characterglm.errors import CharacterGLMError, Problem

if TYPE_CHECKING:
    from characterglm.character.repository import Characters
    from characterglm.character.validate import Report

app = App(name="character", help="Make, look at, check, import and export characters.")


@contextmanager
def open_characters() -> Iterator[Characters]:
    """The characters of the configured database, for the length of a command."""
    from characterglm.character.repository import Characters
    from characterglm.store.engine import open_store

    with open_store() as store:
        yield Characters(store)


@app.command(name="list")
def list_characters(
    *,
    category: str = "",
    language: str = "",
    tag: str = "",
    lorebooks: bool = False,
    json: bool = False,
) -> None:
    """List the characters: your own and the built-in ones.

    Parameters
    ----------
    category
        Only celebrity, daily_life, fictional or virtual_love.
    language
        Only those who speak it: zh, en, …
    tag
        Only those with this tag.
    lorebooks
        List the standalone lorebooks instead, and whom each is attached to.
    json
        Print a JSON list.
    """
    from characterglm.cli import character_view

    with open_characters() as characters:
        if lorebooks:
            character_view.show_lorebooks(characters.list_lorebooks(), as_json=json)
            return
        infos = characters.list()
    chosen = [
        info
        for info in infos
        if (not category or info.category == category)
        and (not language or info.language.split("-")[0] == language)
        and (not tag or tag in info.tags)
    ]
    character_view.show_infos(chosen, as_json=json)


@app.command
def show(
    character: str, *, version: int | None = None, yaml: bool = False, json: bool = False
) -> None:
    """Show all of a character.

    Parameters
    ----------
    character
        Its id, or its name if only one has it.
    version
        An older version; `characterglm character history` lists them.
    yaml
        Print it as YAML, to be edited and imported again.
    json
        Print it as JSON.
    """
    from characterglm.cli import character_view
    from characterglm.cli.terminal import print_json

    with open_characters() as characters:
        found = characters.get(character, version)
    if json:
        print_json(found.model_dump(mode="json"))
    elif yaml:
        character_view.show_yaml(found)
    else:
        character_view.show_character(found)


@app.command
def validate(*what: str, json: bool = False) -> int:
    """Check characters: every problem and warning at once; exit status 1 if there is a problem.

    Parameters
    ----------
    what
        YAML files, or ids of characters; all stored and built-in ones if none is given.
    json
        Print a JSON list.
    """
    from characterglm.cli import character_view

    with open_characters() as characters:
        wanted = what or [info.id for info in characters.list()]
        reports = [_check(characters, one) for one in wanted]
    character_view.show_reports(reports, as_json=json)
    return int(any(report.problems for report in reports))


def _check(characters: Characters, what: str) -> Report:
    from characterglm.character.validate import Report, validate_character, validate_file

    if Path(what).suffix in (".yaml", ".yml") or Path(what).is_file():
        return validate_file(Path(what))
    try:
        return validate_character(characters.get(what))
    except CharacterGLMError as error:
        return Report(what, None, (Problem(str(error)),))


_ELSEWHERE = {
    "new": ("character_new:new", "Make a character: guided, or from a description."),
    "edit": ("character_edit:edit", "Edit a character's YAML in $EDITOR."),
    "history": ("character_edit:history", "List a character's versions."),
    "restore": ("character_edit:restore", "Make an older version the newest."),
    "delete": ("character_edit:delete", "Delete characters, or lorebooks."),
    "attach": ("character_edit:attach", "Let a character use a lorebook."),
    "detach": ("character_edit:detach", "Take a lorebook away from a character."),
    "import": ("character_exchange:import_", "Import cards and other formats."),
    "export": ("character_exchange:export", "Export to cards and other formats."),
    "prompt": ("character_prompt:prompt", "Show what a model is told about a character."),
}
for _name, (_place, _help) in _ELSEWHERE.items():
    app.command(f"characterglm.cli.{_place}", name=_name, help=_help)
