"""Every dialogue format, in the order in which a file is tried against them, and both ways through.

Knows files; nothing about databases or commands.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path

from pydantic import ValidationError

from characterglm.character.cards import plain
from characterglm.character.cards.report import Report
from characterglm.dialogue.files import (
    alpaca,
    characterdial,
    charactereval,
    kdconv,
    messages,
    own,
    pippa,
    sharegpt,
    sillytavern,
)
from characterglm.dialogue.files.formats import Format, GreetingMode, Item, Reading, Record
from characterglm.dialogue.files.losses import compare
from characterglm.dialogue.files.records import records
from characterglm.dialogue.schema import Dialogue
from characterglm.errors import InputError, NotFound, Problem, ValidationFailed
from characterglm.store.atomic import whole_file

FORMATS: dict[str, Format] = {
    module.FORMAT.name: module.FORMAT
    for module in (
        own,
        characterdial,
        sillytavern,
        charactereval,
        pippa,
        kdconv,
        messages,
        sharegpt,
        alpaca,
    )
}
MOST_PROBLEMS = 100
"""Reading stops after as many problems: the file is of another kind, or beyond mending by hand."""


def get_format(name: str) -> Format:
    """A format by name. Raises NotFound, naming the others."""
    if name not in FORMATS:
        raise NotFound("dialogue format", name, FORMATS, f"there are {', '.join(FORMATS)}")
    return FORMATS[name]


def detect(path: Path) -> Format:
    """The format of a file, by its first record. Raises InputError if it is none we know."""
    problems: list[Problem] = []
    first = next(records(path, problems, Report()), None)
    if first is None:
        raise ValidationFailed(str(path), problems) if problems else InputError(f"{path} is empty")
    for known in FORMATS.values():
        if known.recognises(first.value):
            return known
    keys = ", ".join(list(first.value)[:8]) or "none"
    raise InputError(
        f"{path} holds no dialogues that can be read: the keys of its first record are {keys}; "
        f"if it is one of {', '.join(FORMATS)}, say which with --format"
    )


def read_dialogues(
    path: Path,
    format: str | None = None,  # noqa: A002 - the option is called so
    character: str | None = None,
    report: Report | None = None,
) -> Iterator[Item]:
    """The dialogues of a file, one at a time; the format is found by content unless named.

    `character` is the id of the character, for formats that name none or to override theirs.
    After the last one raises ValidationFailed with every record that cannot be used, by line: who
    must import all or nothing keeps nothing until the iterator has ended. `report`, if given, is
    filled with what became of each field.
    """
    found = get_format(format) if format else detect(path)
    reading = Reading(character, report or Report())
    reading.report.format = found.name
    for theirs, ours in found.mapped:
        reading.report.add("mapped", theirs, ours)
    problems: list[Problem] = []
    for record in found.gather(records(path, problems, reading.report)):
        dialogue = _read(found, record, reading, path, problems)
        if dialogue is not None:
            yield Item(dialogue, record.value if found.describe else None)
        if len(problems) >= MOST_PROBLEMS:
            problems.append(Problem("and perhaps more: reading stopped here", file=str(path)))
            break
    if problems:
        raise ValidationFailed(f"{path}, {found.title}, nothing imported: it", problems)


def _read(
    found: Format, record: Record, reading: Reading, path: Path, problems: list[Problem]
) -> Dialogue | None:
    try:
        return found.read(record.value, reading)
    except ValidationFailed as error:
        wrong = list(error.problems)
    except ValidationError as error:
        wrong = [
            Problem(detail["msg"], ".".join(map(str, detail["loc"]))) for detail in error.errors()
        ]
    except InputError as error:
        wrong = [Problem(str(error))]
    problems += [replace(one, file=str(path), line=one.line or record.line) for one in wrong]
    return None


def write_dialogues(
    dialogues: Iterable[Dialogue],
    path: Path,
    format: str = "jsonl",  # noqa: A002 - the option is called so
    *,
    greeting: GreetingMode = "kept",
    force: bool = False,
) -> Report:
    """Write dialogues as JSON Lines, at once or not at all; the report says what they lose.

    `greeting` is how a dialogue that the character opens is written; see `GreetingMode`. Raises
    InputError if the file exists (and `force` is not set) or cannot be written, or if the format
    cannot hold so many.
    """
    target = get_format(format)
    if target.write is None:
        raise InputError(f"{target.title} can be imported, not exported")
    if path.exists() and not force:
        raise InputError(f"{path} exists already; --force replaces it")
    report = Report(target.name)
    try:
        with whole_file(path) as stream:
            for line in _lines(dialogues, target, greeting, report):
                stream.write(line + b"\n")
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror}") from None
    return report


def _lines(
    dialogues: Iterable[Dialogue], target: Format, greeting: GreetingMode, report: Report
) -> Iterator[bytes]:
    assert target.write is not None
    limited = islice(dialogues, 2) if target.single else dialogues
    for number, dialogue in enumerate(limited):
        if target.single and number:
            raise InputError(f"{target.title} holds one dialogue a file: export them one by one")
        record, mended = plain.mend(target.write(dialogue, greeting))
        if mended:
            report.add("changed", "texts", why="replaced by U+FFFD")
        lines = target.spread(record)
        yield from map(plain.compact, lines)
        _tell_losses(dialogue, lines, target, report)


def _tell_losses(
    dialogue: Dialogue, lines: list[dict[str, object]], target: Format, report: Report
) -> None:
    """Read back what was written, and report what is no longer there."""
    (record,) = target.gather(Record(number, line) for number, line in enumerate(lines, 1))
    back = target.read(record.value, Reading(dialogue.character))
    compare(dialogue, back, target.name, report)
