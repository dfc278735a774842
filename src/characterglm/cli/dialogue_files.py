"""`characterglm dialogue import` and `export`: files of dialogues, each way with its report."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from characterglm.cli.dialogue import open_dialogues
from characterglm.dialogue.files.formats import GreetingMode
from characterglm.dialogue.schema import Consent, Kind, Source, Use
from characterglm.errors import InputError


def import_(
    *files: Path,
    format: str = "",  # noqa: A002 - the option's name
    character: str = "",
    source: Source | None = None,
    kind: Kind | None = None,
    license: str = "",  # noqa: A002 - the option's name
    consent: Use | None = None,
    json: bool = False,
) -> None:
    """Import dialogues; nothing that is there already is ever overwritten.

    Reads our JSON Lines, SillyTavern chats, OpenAI messages, ShareGPT, Alpaca, PIPPA, KdConv,
    CharacterDial, CharacterBench and CharacterEval, as JSON Lines or a JSON list. What a file is,
    its content says. If one line of one file cannot be used, nothing is imported.

    Parameters
    ----------
    files
        The files.
    format
        Read them as this format instead of finding it out.
    character
        Id of the character, for files that name none, or instead of theirs.
    source
        Where the dialogues come from, instead of what the file suggests.
    kind
        chit_chat, interview or companionship.
    license
        Their licence: an SPDX id, research-only or unknown.
    consent
        What the speakers allowed: none, research, train or publish.
    json
        Print what happened as JSON.
    """
    from characterglm.cli.dialogue_report import show_import
    from characterglm.dialogue.importing import import_files
    from characterglm.store import open_store

    if not files:
        raise InputError("which file? characterglm dialogue import FILE")
    given: dict[str, Any] = {"source": source, "kind": kind, "license": license}
    if consent:
        given["consent"] = Consent(scope=consent)
    changes = {name: value for name, value in given.items() if value}
    with open_store() as store:
        outcome = import_files(
            store, files, format=format or None, character=character or None, changes=changes
        )
    show_import(outcome, as_json=json)


def export(
    *dialogue: str,
    output: Annotated[Path | None, Parameter(alias="-o")] = None,
    format: str = "jsonl",  # noqa: A002 - the option's name
    character: str = "",
    all: bool = False,  # noqa: A002 - the option's name
    greeting: GreetingMode = "kept",
    force: bool = False,
    json: bool = False,
) -> None:
    """Export dialogues to a file; the report says what the format cannot hold.

    Parameters
    ----------
    dialogue
        Ids, or as much of their beginning as no other has.
    output
        The file to write; `dialogues.FORMAT.jsonl` if it is not given.
    format
        jsonl (everything, to be imported again), sillytavern, openai, sharegpt or alpaca.
    character
        All dialogues with the character of this id instead.
    all
        All dialogues instead.
    greeting
        A dialogue that the character opens is written as it is (kept), after a placeholder for
        the user, or with the greeting in the system text; import undoes either.
    force
        Replace the output if it exists.
    json
        Print the report as JSON.
    """
    from characterglm.cli.dialogue_report import show_export
    from characterglm.dialogue.files import write_dialogues

    if (bool(dialogue), bool(character), all).count(True) != 1:
        raise InputError("which ones? characterglm dialogue export ID, or --character ID, or --all")
    infix = "" if format == "jsonl" else f".{format}"
    path = output or Path(f"dialogues{infix}.jsonl")
    with open_dialogues() as dialogues:
        keys = dialogue or dialogues.ids(character or None)
        found = map(dialogues.get, keys)
        report = write_dialogues(found, path, format, greeting=greeting, force=force)
    show_export(path, len(keys), report, as_json=json)
