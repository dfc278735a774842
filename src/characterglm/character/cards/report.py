"""What became of each field of a file: lines for a person, records for a program.

Knows nothing about formats; they write the lines.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Literal

Kind = Literal["mapped", "kept", "changed", "lost", "warning"]
Reason = Literal[
    "",
    "assumed; --category says otherwise",
    "detected; --language says otherwise",
    "newer than this program; unknown fields are kept",
    "not in a form that we write; kept unread",
    "edited since our export; the edit wins",
    "several hold a card; the first is read",
    "replaced by U+FFFD",
    "not in the data directory; made anew",
    "the character has none; a plain one was made",
    "a web address, never fetched",
    "the default, which lies with the application",
    "its bytes are not in the file",
    "its bytes are not to be had",
    "the format has no place for it",
    "held as text only",
    "held in part only",
    "not held",
    "not found when the file is read back",
    "named only; the bytes stay in the data directory",
    "the user's attributes were written over the character's; kept, not used",
    "describe a character met before",
    "all speak as the user",
    "on its own; export it with --lorebook",
    "only the lorebook is written",
]
"""Why; the command line has these in every language."""


@dataclass(frozen=True, slots=True)
class Note:
    """One thing worth knowing about an import or an export."""

    kind: Kind
    """`mapped`: has a place of its own; `kept`: in `extensions`, comes back on export;
    `changed`: held, but only as text; `lost`: the target cannot hold it; `warning`."""
    what: str
    """Field or thing, as its own side calls it."""
    where: str = ""
    """Where it went."""
    why: Reason = ""

    def __str__(self) -> str:
        where = f" → {self.where}" if self.where else ""
        return f"{self.kind}: {self.what}{where}" + (f" ({self.why})" if self.why else "")


@dataclass
class Report:
    """What an import or an export did, in the order of the doing."""

    format: str = ""
    notes: list[Note] = field(default_factory=list)
    _known: set[Note] = field(default_factory=set, repr=False)

    def add(self, kind: Kind, what: str, where: str = "", why: Reason = "") -> None:
        """Add a note unless the very same one stands there already."""
        note = Note(kind, what, where, why)
        if note not in self._known:
            self._known.add(note)
            self.notes.append(note)

    def of(self, *kinds: Kind) -> list[Note]:
        """The notes of some kinds."""
        return [note for note in self.notes if note.kind in kinds]

    def as_data(self) -> dict[str, object]:
        """Plain data for `--json`."""
        return {"format": self.format, "notes": [asdict(note) for note in self.notes]}
