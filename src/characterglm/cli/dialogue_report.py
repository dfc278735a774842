"""How an import and an export of dialogues are told; decides nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from rich.text import Text

from characterglm.character.cards import Report
from characterglm.character.cards.report import Kind, Reason
from characterglm.cli.character_view import console
from characterglm.cli.dialogue_view import say, words
from characterglm.cli.messages import texts, user_language
from characterglm.cli.terminal import one_line, print_json
from characterglm.dialogue.importing import Outcome

_MOST = 8
"""Names on one line; a corpus may carry hundreds of keys."""
_STYLES = {"mapped": "dim", "kept": "dim", "changed": "yellow", "lost": "red", "warning": "yellow"}


def show_import(outcome: Outcome, *, as_json: bool) -> None:
    """What became of every field, and of the dialogues."""
    if as_json:
        print_json(outcome.as_data())
        return
    for report in outcome.reports:
        _show_notes(report)
    for added in outcome.characters_added[:_MOST]:
        say("character_added", id=added)
    _say_more(len(outcome.characters_added))
    for unknown in outcome.characters_unknown[:_MOST]:
        say("character_missing", id=unknown)
    _say_more(len(outcome.characters_unknown))
    say(
        "imported",
        added=outcome.merged.added,
        dialogues=outcome.dialogues,
        utterances=outcome.utterances,
        turns=outcome.turns,
    )
    for key, count in (("known", outcome.merged.known), ("renewed", outcome.merged.renewed)):
        if count:
            say(key, count=count)


def show_export(path: Path, count: int, report: Report, *, as_json: bool) -> None:
    """Where the dialogues went, and what the format could not hold."""
    if as_json:
        print_json({"file": str(path), "dialogues": count, **report.as_data()})
        return
    _show_notes(report)
    say("exported", path=path, format=report.format, count=count)


def _say_more(count: int) -> None:
    if count > _MOST:
        say("more", count=count - _MOST)


def _show_notes(report: Report) -> None:
    vocabulary = texts("exchange", user_language())
    for kind, what, where, why in _grouped(report):
        reason = vocabulary["reasons"].get(why, why)
        line = what + (f" → {where}" if where else "") + (f" ({reason})" if reason else "")
        text = Text(f"{vocabulary['kinds'][kind]}  ", style=_STYLES[kind])
        console().print(text.append(one_line(line), style="default"), soft_wrap=True)


def _grouped(report: Report) -> Iterator[tuple[Kind, str, str, Reason]]:
    """The notes, those alike but for the name of the field on one line."""
    groups: dict[tuple[Kind, str, Reason], dict[str, None]] = {}
    for note in report.notes:
        fields = groups.setdefault((note.kind, note.where, note.why), {})
        fields.update(dict.fromkeys(note.what.split(", ")))
    for (kind, where, why), found in groups.items():
        names = [*found]
        more = words()["more"].format(count=len(names) - _MOST) if len(names) > _MOST else ""
        yield kind, ", ".join(filter(None, [*names[:_MOST], more])), where, why
