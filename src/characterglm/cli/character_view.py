"""How characters and lorebooks look in a terminal; reads and decides nothing.

All that comes from a character passes through `plain`, so no card can send terminal escapes.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from typing import Any

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from characterglm.character.info import CharacterInfo, LorebookInfo, VersionInfo
from characterglm.character.schema import Character
from characterglm.character.validate import Report
from characterglm.character.yamlfile import write_character
from characterglm.cli.messages import texts, user_language
from characterglm.cli.terminal import one_line, plain, print_json
from characterglm.errors import Problem

Row = tuple[int, str, str]
"""Depth, label, text."""


def console() -> Console:
    """Where output goes; made anew for each command, so that redirection is seen."""
    return Console(highlight=False, markup=False)


def show_note(text: str) -> None:
    """A remark of the program's."""
    console().print(Text(plain(text), style="dim"))


def show_yaml(character: Character) -> None:
    """A character as YAML, to be read here or in the file that the output goes to."""
    text = write_character(character)
    # A file gets every mark that the texts hold; a terminal none that would command it.
    print(plain(text) if sys.stdout.isatty() else text, end="")


def show_infos(infos: Sequence[CharacterInfo], *, as_json: bool) -> None:
    """A list of characters."""
    if as_json:
        print_json([asdict(info) for info in infos])
        return
    words = texts("character", user_language())
    table = _table("id", "name", "language", "category", "version", "summary")
    for info in infos:
        version = str(info.version) if info.origin == "stored" else words["built_in"]
        _add(table, info.id, info.name, info.language, info.category, version, info.summary)
    console().print(table)


def show_lorebooks(infos: Sequence[LorebookInfo], *, as_json: bool) -> None:
    """A list of standalone lorebooks."""
    if as_json:
        print_json([asdict(info) for info in infos])
        return
    table = _table("id", "name", "entries", "characters")
    for info in infos:
        _add(table, info.id, info.name, str(info.entries), ", ".join(info.characters))
    console().print(table)


def show_versions(infos: Sequence[VersionInfo], *, as_json: bool) -> None:
    """The history of a character, newest first."""
    if as_json:
        print_json([asdict(info) for info in infos])
        return
    table = Table(box=None, pad_edge=False, show_header=False)
    for info in reversed(infos):
        moment = info.created.astimezone().strftime("%Y-%m-%d %H:%M")
        _add(table, str(info.version), moment, info.note)
    console().print(table)


def show_character(character: Character) -> None:
    """What is known of a character, field by field; technical numbers are left to YAML."""
    labels = texts("character", user_language())["labels"]
    data = character.model_dump(mode="json", exclude_defaults=True, exclude={"name", "extensions"})
    data |= {"extensions": sorted(character.extensions)} if character.extensions else {}
    out = console()
    out.print(Text(plain(character.name), style="bold"))
    for depth, left, right in _rows(data, labels, 0):
        # A grid for each row: what is long wraps beside its label, not under it.
        grid = Table.grid(padding=(0, 1))
        grid.add_column(no_wrap=True)
        grid.add_column(overflow="fold")
        grid.add_row(Text("  " * depth + left, style="cyan"), Text(one_line(right)))
        out.print(grid)


def show_reports(reports: Sequence[Report], *, as_json: bool) -> None:
    """What was found in each checked character."""
    if as_json:
        keys = ("what", "problems", "warnings")
        print_json([{key: asdict(report)[key] for key in keys} for report in reports])
        return
    out = console()
    for report in reports:
        for problem in report.problems:
            out.print(_found("problem", "red", report.what, problem))
        for warning in report.warnings:
            out.print(_found("warning", "yellow", report.what, warning))
        if not report.problems and not report.warnings:
            out.print(Text(f"ok       {plain(report.what)}", style="green"))


def _found(kind: str, style: str, what: str, problem: Problem) -> Text:
    text = plain(str(problem if problem.file else replace(problem, file=what)))
    return Text(f"{kind}  ", style=style) + Text(text, style="default")


def _table(*columns: str) -> Table:
    labels = texts("character", user_language())["labels"]
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        # Ids and names are typed again, so they are never cut.
        whole = column in ("id", "version", "language")
        table.add_column(labels[column], no_wrap=whole, overflow="fold")
    return table


def _add(table: Table, *cells: str) -> None:
    table.add_row(*map(Text, map(one_line, cells)))


def _rows(data: dict[str, Any], labels: dict[str, str], depth: int) -> Iterator[Row]:
    for key, value in data.items():
        label = plain(labels.get(key, key))
        if isinstance(value, dict):
            yield depth, label, ""
            yield from _rows(value, labels, depth + 1)
        elif isinstance(value, list) and not _is_short(value):
            yield depth, label, ""
            yield from (row for item in value for row in _item(item, labels, depth + 1))
        else:
            yield depth, label, _joined(value)


def _item(item: Any, labels: dict[str, str], depth: int) -> Iterator[Row]:
    """One item of a list; an example dialogue is a list of lines itself."""
    if not isinstance(item, list):
        values = item.values() if isinstance(item, dict) else [item]
        worth = (_joined(value) for value in values if isinstance(value, str | list))
        yield depth, "·", " — ".join(worth)
        return
    for line in item:
        yield depth, labels[line["speaker"]], line["text"]
    yield depth, "", ""


def _is_short(items: list[Any]) -> bool:
    words = all(isinstance(item, str) for item in items)
    return words and sum(cell_len(item) + 3 for item in items) <= 60


def _joined(value: Any) -> str:
    return " · ".join(map(str, value)) if isinstance(value, list) else str(value)
