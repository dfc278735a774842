"""How an import and an export are told; whatever came from a file passes through `one_line`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from rich.text import Text

from characterglm.character.cards import Note, Report
from characterglm.cli.character_view import console
from characterglm.cli.messages import texts, user_language
from characterglm.cli.terminal import one_line, print_json

_STYLES = {"mapped": "dim", "kept": "dim", "changed": "yellow", "lost": "red", "warning": "yellow"}
_WIDTH = 160


def show_imports(results: Sequence[dict[str, Any]], *, as_json: bool) -> None:
    """What became of every file; `results` are the records that `--json` prints."""
    if as_json:
        print_json(list(results))
        return
    for result in results:
        _show_notes(Note(**note) for note in result["notes"])
        for stored in result["characters"]:
            _say("imported" if stored["id"] == stored["wanted"] else "renamed", **stored)
        for book in result["lorebooks"]:
            _say("lorebook", **book)
        if result["attached_to"]:
            _say("attached", character=result["attached_to"])
        if result["has_dialogues"]:
            _say("dialogues", path=result["file"])
    last = results[-1]["characters"]
    if len(last) == 1:
        _say("talk", id=last[0]["id"])


def show_export(names: Sequence[str], path: Path, report: Report, *, as_json: bool) -> None:
    """Where something was written, and what the format could not hold."""
    if as_json:
        print_json({"file": str(path), **report.as_data()})
        return
    _show_notes(report.notes)
    if not report.of("lost", "changed"):
        _say("complete")
    name = ", ".join(names[:3]) + (" …" if len(names) > 3 else "")
    _say("exported", name=name, path=path, format=report.format)


def _show_notes(notes: Iterable[Note]) -> None:
    words = texts("exchange", user_language())
    out = console()
    width = max(len(kind) for kind in words["kinds"].values())
    for note in notes:
        why = words["reasons"].get(note.why, note.why)
        line = note.what + (f" → {note.where}" if note.where else "") + (f" ({why})" if why else "")
        kind = words["kinds"][note.kind]
        text = Text(f"{kind:<{width}}  ", style=_STYLES[note.kind])
        out.print(text.append(one_line(line, _WIDTH), style="default"), soft_wrap=True)


def _say(key: str, **values: object) -> None:
    safe = {name: one_line(str(value)) for name, value in values.items()}
    console().print(Text(texts("exchange", user_language())[key].format(**safe)), soft_wrap=True)
