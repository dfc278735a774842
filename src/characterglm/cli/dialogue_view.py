"""How dialogues look in a terminal; decides nothing.

All that was said passes through `plain` or `one_line`, so no text can command the terminal.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from rich.table import Table
from rich.text import Text

from characterglm.cli.character_view import console
from characterglm.cli.messages import texts, user_language
from characterglm.cli.terminal import one_line, plain, print_json
from characterglm.dialogue.counts import DialogueInfo, Row, Stats
from characterglm.dialogue.schema import Dialogue, Utterance, turns
from characterglm.dialogue.search import Hit

SHORT = 18
"""Characters of an id that are shown: its moment to the microsecond and better."""
_WIDTH = 40
_COUNTS = ("characters", "dialogues", "utterances", "utterances_each", "turns", "turns_each")


def words() -> Mapping[str, Any]:
    """The view's texts in the user's language."""
    return texts("dialogue", user_language())


def say(key: str, **values: object) -> None:
    """Tell the user something."""
    safe = {name: one_line(str(value)) for name, value in values.items()}
    console().print(Text(words()[key].format(**safe)), soft_wrap=True)


def say_withdrawn(dialogue_id: str, when: datetime) -> None:
    """Tell since when the consent to a dialogue is withdrawn."""
    say("consent_withdrawn", id=dialogue_id, when=_when(when))


def show_infos(infos: Sequence[DialogueInfo], *, as_json: bool) -> None:
    """A list of dialogues."""
    if as_json:
        print_json([asdict(info) for info in infos])
        return
    if not infos:
        say("none")
        return
    table = _table("id", "touched", "character", "turns", "utterances", "title")
    for info in infos:
        title = one_line(info.title, _WIDTH)
        counts = (str(info.turns), str(info.utterances))
        table.add_row(
            info.id[:SHORT], _when(info.touched), one_line(info.character), *counts, title
        )
    console().print(table)


def show_stats(stats: Stats, *, as_json: bool) -> None:
    """The corpus table, as the paper, section 2, has it."""
    if as_json:
        print_json(stats.as_data())
        return
    table = _table("group", *_COUNTS)
    _add_row(table, stats.total, words()["all"])
    for heading, rows in (("by_source", stats.by_source), ("by_category", stats.by_category)):
        table.add_row()
        table.add_row(Text(words()[heading], style="bold"))
        for row in rows:
            _add_row(table, row, words()["unknown"] if row.group == "unknown" else row.group)
    console().print(table)


def show_dialogue(dialogue: Dialogue, *, as_json: bool) -> None:
    """What was said, with who said it and where there are other versions."""
    if as_json:
        print_json(dialogue.model_dump(mode="json"))
        return
    out = console()
    labels = words()["fields"]
    table = Table(show_header=False, box=None, pad_edge=False)
    table.add_column(style="dim")
    table.add_column(overflow="fold")
    table.add_row("id", one_line(dialogue.id))
    for name, value in _facts(dialogue):
        table.add_row(labels[name], one_line(value))
    out.print(table)
    for utterance in dialogue.path():
        out.print()
        out.print(_head(dialogue, utterance))
        out.print(Text(plain(utterance.text)), soft_wrap=True)
    if not dialogue.path():
        say("nothing_said")


def show_hits(hits: Sequence[Hit], query: str, *, as_json: bool) -> None:
    """What a search found, the phrase marked."""
    if as_json:
        print_json([hit.as_data() for hit in hits])
        return
    if not hits:
        say("no_hits", query=query)
    for hit in hits:
        speaker = hit.speaker_name or _role(hit.speaker_role, hit.character)
        head = f"{hit.dialogue[:SHORT]}  {_when(hit.created)}  {one_line(hit.character)}"
        line = Text(f"{head}  ", style="dim").append(f"{one_line(speaker)}: ", style="not dim bold")
        console().print(line.append_text(_marked(hit)), soft_wrap=True)


def confirm_deletion(dialogue: Dialogue) -> bool:
    """Ask whether a dialogue may go."""
    count = len(dialogue.utterances)
    shown = {"id": one_line(dialogue.id), "character": one_line(dialogue.character)}
    answer = input(words()["confirm"].format(**shown, utterances=count))
    return answer.strip().lower() in ("y", "yes", words()["yes"])


def _facts(dialogue: Dialogue) -> Iterator[tuple[str, str]]:
    """What there is to know about a dialogue, but what nobody filled in."""
    path = dialogue.path()
    counts = {"turns": turns(path), "utterances": len(path), "all": len(dialogue.utterances)}
    version = f" (v{dialogue.character_version})" if dialogue.character_version else ""
    size = "size" if len(path) == len(dialogue.utterances) else "size_with_versions"
    consent = dialogue.consent
    facts = {
        "title": dialogue.title,
        "character": dialogue.character + version,
        "persona": "，".join(filter(None, dialogue.persona.model_dump().values())),
        "kind": dialogue.kind,
        "category": dialogue.category,
        "source": dialogue.source,
        "consent": words()["withdrawn"].format(when=_when(consent.withdrawn))
        if consent.withdrawn
        else consent.scope,
        "license": dialogue.license,
        "created": _when(dialogue.created),
        "size": words()[size].format(**counts),
    }
    return ((name, value) for name, value in facts.items() if value)


def _head(dialogue: Dialogue, utterance: Utterance) -> Text:
    """Who speaks, and what is special about it."""
    role = utterance.speaker.role
    name = utterance.speaker.name or (dialogue.persona.name if role == "user" else "")
    text = Text(one_line(name or _role(role, dialogue.character)), style="bold")
    marks = [words()[utterance.status]] if utterance.status != "complete" else []
    marks += [words()["edited"]] if utterance.origin == "edited" else []
    versions = dialogue.swipes(utterance)
    if len(versions) > 1:
        marks.append(f"{versions.index(utterance) + 1}/{len(versions)}")
    return text.append("".join(f"  {mark}" for mark in marks), style="not bold dim")


def _role(role: str, character: str) -> str:
    return character if role == "character" else str(words()[role])


def _marked(hit: Hit) -> Text:
    """A snippet with the phrase highlighted; cleaned piece by piece, so that marks stay right."""
    text, at = Text(), 0
    for start, end in hit.marks:
        text.append(plain(hit.snippet[at:start])).append(
            plain(hit.snippet[start:end]), style="bold reverse"
        )
        at = end
    return text.append(plain(hit.snippet[at:]))


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for column in columns:
        number = column in (*_COUNTS, "turns", "utterances")
        table.add_column(
            words()["columns"][column],
            justify="right" if number else "left",
            no_wrap=column in ("id", "touched", "group"),
            overflow="ellipsis" if column == "title" else "fold",
        )
    return table


def _add_row(table: Table, row: Row, label: str) -> None:
    data = row.as_data()
    cells = (
        f"{data[name]:,.2f}" if name.endswith("_each") else f"{data[name]:,}" for name in _COUNTS
    )
    table.add_row(one_line(label), *cells)


def _when(moment: datetime) -> str:
    return moment.astimezone().strftime("%Y-%m-%d %H:%M")
