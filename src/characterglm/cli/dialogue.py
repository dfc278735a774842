"""`characterglm dialogue`: look at what was said, find it, withdraw consent to its use, delete it.

The commands that read and write files stand beside.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from cyclopts import App

from characterglm.errors import InputError

if TYPE_CHECKING:
    from characterglm.dialogue.repository import Dialogues

app = App(name="dialogue", help="What was said: list, show, search, import, export, delete.")
app.command(
    "characterglm.cli.dialogue_files:import_",
    name="import",
    help="Import dialogues; nothing that is there already is ever overwritten.",
)
app.command(
    "characterglm.cli.dialogue_files:export",
    name="export",
    help="Export dialogues to a file; the report says what the format cannot hold.",
)


@contextmanager
def open_dialogues() -> Iterator[Dialogues]:
    """The dialogues of the configured database, for the length of a command."""
    from characterglm.dialogue.repository import Dialogues
    from characterglm.store import open_store

    with open_store() as store:
        yield Dialogues(store)


@app.command(name="list")
def list_dialogues(
    *, character: str = "", limit: int = 20, stats: bool = False, json: bool = False
) -> None:
    """List dialogues, the latest first.

    Parameters
    ----------
    character
        Only those with the character of this id.
    limit
        How many at most; 0 for all.
    stats
        Count instead: utterances and turns, by source and by category.
    json
        Print JSON.
    """
    from characterglm.cli import dialogue_view

    with open_dialogues() as dialogues:
        if stats:
            dialogue_view.show_stats(dialogues.stats(character or None), as_json=json)
        else:
            found = dialogues.list(character or None, limit or None)
            dialogue_view.show_infos(found, as_json=json)


@app.command
def show(dialogue: str, *, json: bool = False) -> None:
    """Show what was said in a dialogue.

    `2/3` behind a name: the second of three versions, which the others have beside it.

    Parameters
    ----------
    dialogue
        Its id, or as much of its beginning as no other has.
    json
        Print the whole tree as JSON.
    """
    from characterglm.cli import dialogue_view

    with open_dialogues() as dialogues:
        found = dialogues.get(dialogue)
    dialogue_view.show_dialogue(found, as_json=json)


@app.command
def search(query: str, *, character: str = "", limit: int = 20, json: bool = False) -> None:
    """Find utterances that hold a phrase; one Chinese character is enough.

    Parameters
    ----------
    query
        Words side by side, whatever their case; signs are ignored.
    character
        Only in dialogues with the character of this id.
    limit
        How many at most.
    json
        Print a JSON list.
    """
    from characterglm.cli import dialogue_view

    with open_dialogues() as dialogues:
        hits = dialogues.search(query, character or None, max(1, limit))
    dialogue_view.show_hits(hits, query, as_json=json)


@app.command
def withdraw(*dialogue: str) -> None:
    """Keep that the speakers withdrew their consent, and when; the dialogues themselves stay.

    Parameters
    ----------
    dialogue
        Ids, or as much of their beginning as no other has.
    """
    from characterglm.cli import dialogue_view

    if not dialogue:
        raise InputError("which one? characterglm dialogue withdraw ID")
    with open_dialogues() as dialogues:
        for one in [dialogues.get(key) for key in dialogue]:
            dialogue_view.say_withdrawn(one.id, dialogues.withdraw(one.id))


@app.command
def delete(*dialogue: str, yes: bool = False) -> None:
    """Delete dialogues and everything that was said in them.

    Parameters
    ----------
    dialogue
        Ids, or as much of their beginning as no other has.
    yes
        Do not ask.
    """
    from characterglm.cli import dialogue_view

    if not dialogue:
        raise InputError("which one? characterglm dialogue delete ID")
    if not yes and not sys.stdin.isatty():
        raise InputError("nobody is there to be asked: add --yes to delete")
    with open_dialogues() as dialogues:
        found = [dialogues.get(key) for key in dialogue]
        for one in found:
            if yes or dialogue_view.confirm_deletion(one):
                dialogues.delete(one.id)
                dialogue_view.say("deleted", id=one.id)
            else:
                dialogue_view.say("left", id=one.id)
