"""Importing files of dialogues, with the characters that they describe: all of it, or nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from characterglm.character.cards.report import Report
from characterglm.character.repository import Characters
from characterglm.dialogue.cast import Cast
from characterglm.dialogue.files.formats import Format
from characterglm.dialogue.files.registry import detect, get_format, read_dialogues
from characterglm.dialogue.repository import Dialogues, Merged
from characterglm.dialogue.schema import Dialogue, turns
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
    on every dialogue. The files are read twice: whole before anything is stored. Raises
    ValidationFailed with every line of every file that cannot be used.
    """
    files = [(path, get_format(format) if format else detect(path), Report()) for path in paths]
    cast = Cast(Characters(store), character)
    problems: list[Problem] = []
    counts: Counter[str] = Counter()
    for path, form, report in files:
        try:
            _rehearse(path, form, report, cast, counts)
        except ValidationFailed as error:
            problems += error.problems
    if problems:
        raise ValidationFailed("what is to be imported (nothing was)", problems)
    cast.store()
    merged = Dialogues(store).merge(_placed(files, cast, dict(changes or {})))
    reports = [report for _, _, report in files]
    return Outcome(
        reports=reports,
        dialogues=counts["dialogues"],
        utterances=counts["utterances"],
        turns=counts["turns"],
        merged=merged,
        characters_added=cast.added,
        characters_unknown=[*cast.unknown],
    )


def _rehearse(path: Path, form: Format, report: Report, cast: Cast, counts: Counter[str]) -> None:
    """Read a file without storing anything."""
    for item in read_dialogues(path, form.name, cast.chosen, report):
        cast.meet(item, form, report)
        said = item.dialogue.path()
        counts.update(dialogues=1, utterances=len(said), turns=turns(said))


def _placed(
    files: Sequence[tuple[Path, Format, Report]], cast: Cast, changes: dict[str, Any]
) -> Iterator[Dialogue]:
    for path, form, _ in files:
        for item in read_dialogues(path, form.name, cast.chosen):
            yield cast.place(item, form).model_copy(update=changes)
