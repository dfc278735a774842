"""Importing files of dialogues, with the characters that they describe: all of it, or nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from characterglm.character.cards.report import Report
from characterglm.character.repository import Characters
from characterglm.dialogue.cast import Cast
from characterglm.dialogue.files.formats import Format, Item
from characterglm.dialogue.files.registry import detect, get_format, read_dialogues
from characterglm.dialogue.repository import Dialogues, Merged
from characterglm.dialogue.schema import turns
from characterglm.errors import Problem, ValidationFailed
from characterglm.store import Store


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an import did."""

    reports: list[Report]
    """One for each file: what became of each field."""
    dialogues: int
    """In the files."""
    utterances: int
    """On the paths to their leaves."""
    turns: int
    merged: Merged
    characters_added: list[str]
    characters_unknown: list[str]
    """Ids of characters that the dialogues are with and that do not exist here."""

    def as_data(self) -> dict[str, Any]:
        """Plain data for `--json`."""
        return asdict(self) | {"reports": [report.as_data() for report in self.reports]}


def import_files(
    store: Store,
    paths: Sequence[Path],
    *,
    format: str | None = None,  # noqa: A002 - the option is called so
    character: str | None = None,
    changes: Mapping[str, Any] | None = None,
) -> Outcome:
    """Import the dialogues of some files; what is there already stays as it is.

    `character` is the id of the character instead of the files' own, `changes` are fields to set
    on every dialogue. The files are read whole before anything is stored, and all of it is stored
    in one transaction. Raises ValidationFailed with every line of every file that cannot be used.
    """
    files = [(path, get_format(format) if format else detect(path), Report()) for path in paths]
    cast = Cast(Characters(store), character)
    problems: list[Problem] = []
    found: list[tuple[Item, Format]] = []
    for path, form, report in files:
        try:
            found += _read(path, form, report, cast)
        except ValidationFailed as error:
            problems += error.problems
    if problems:
        raise ValidationFailed("what is to be imported (nothing was)", problems)
    with store.together():
        cast.store()
        placed = [cast.place(*one).model_copy(update=dict(changes or {})) for one in found]
        merged = Dialogues(store).merge(placed)
    said = [item.dialogue.path() for item, _ in found]
    reports = [report for _, _, report in files]
    return Outcome(
        reports=reports,
        dialogues=len(found),
        utterances=sum(map(len, said)),
        turns=sum(map(turns, said)),
        merged=merged,
        characters_added=cast.added,
        characters_unknown=[*cast.unknown],
    )


def _read(path: Path, form: Format, report: Report, cast: Cast) -> list[tuple[Item, Format]]:
    """The dialogues of a file, their characters noted."""
    found = []
    for item in read_dialogues(path, form.name, cast.chosen, report):
        cast.meet(item, form, report)
        found.append((item, form))
    return found
