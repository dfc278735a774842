"""Full text in Chinese and English: words, indexes and queries; knows no room's tables.

Text is cut into words here, in Python, and not by the database, so that SQLite and PostgreSQL find
the same things: each Chinese character or kana is a word, any other run of letters and digits is
one, folded so that case, width and Latin accents do not matter. A query is a phrase: its words, in
order, side by side. It is cut the same way, so nothing a user types is ever query syntax.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice

from sqlalchemy import BigInteger, ColumnClause, Connection, Select, column, select, table, text
from sqlalchemy.orm import Session

from characterglm.errors import InputError

_EACH = (
    r"\u3005\u3007\u3040-\u30ff\u31f0-\u31ff\uff66-\uff9f"  # 々, 〇, kana
    r"\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"  # Han
)
_WORD = re.compile(rf"[{_EACH}]|(?:[^\W_{_EACH}]|[\u0300-\u036f])+")
_ACCENTS = re.compile(r"[\u0300-\u036f]")

MOST_WORDS = 16_383
"""Words of one text that are indexed: PostgreSQL keeps no position beyond this."""
MOST_CHARACTERS = 60_000
"""Characters of one text that are indexed, which keeps PostgreSQL's 1 MB a text out of reach."""
LONGEST_WORD = 64


@dataclass(frozen=True, slots=True)
class Word:
    """A word as it is indexed, and where in the text it stands."""

    folded: str
    start: int
    end: int


@lru_cache(maxsize=65_536)
def fold(word: str) -> str:
    """The form in which words are compared: `Ｃafé` → `cafe`."""
    plain = _ACCENTS.sub("", unicodedata.normalize("NFKD", word).casefold())
    letters = (letter for letter in unicodedata.normalize("NFKC", plain) if letter.isalnum())
    return "".join(letters)[:LONGEST_WORD]


def words(text: str) -> Iterator[Word]:
    """The words of a text, in order, as far as they are indexed."""
    found = _WORD.finditer(text, 0, MOST_CHARACTERS)
    folded = (Word(fold(match.group()), match.start(), match.end()) for match in found)
    return islice((word for word in folded if word.folded), MOST_WORDS)


def phrase(query: str) -> list[str]:
    """The words of a query. Raises InputError if it has none."""
    found = [word.folded for word in words(query)]
    if not found:
        raise InputError(f"'{query}' has nothing to search for: type a word or a Chinese character")
    return found


def occurrences(text: str, wanted: Sequence[str]) -> list[tuple[int, int]]:
    """Where a phrase stands in a text: (start, end) of each occurrence, not overlapping."""
    have = list(words(text))
    found: list[tuple[int, int]] = []
    index = 0
    while index + len(wanted) <= len(have):
        run = have[index : index + len(wanted)]
        if all(word.folded == want for word, want in zip(run, wanted, strict=True)):
            found.append((run[0].start, run[-1].end))
            index += len(wanted)
        else:
            index += 1
    return found


SUFFIX = "_search"


def owns(table_name: str) -> bool:
    """Whether a table belongs to a full-text index and so to no room's metadata."""
    return SUFFIX in table_name


@dataclass(frozen=True)
class _Dialect:
    """How one database keeps words; `{name}` stands for the index."""

    key: str
    create: tuple[str, ...]
    put: str
    match: str
    pack: Callable[[Sequence[str]], str]
    """The words of a text as the value of `put`."""
    query: Callable[[Sequence[str]], str]
    """The words of a phrase as the value of `match`."""


# Words hold letters and digits only (`fold`), so no quoting is needed inside the quotes.
# The tokenizer `ascii` splits at our spaces and nowhere else; `unicode61` would drop letters
# that are younger than its Unicode 6.1.
_SQLITE = _Dialect(
    key="rowid",
    create=("CREATE VIRTUAL TABLE {name} USING fts5(words, tokenize = 'ascii')",),
    put="INSERT OR REPLACE INTO {name} (rowid, words) VALUES (:key, :words)",
    match="{name} MATCH :phrase",
    pack=" ".join,
    query=lambda found: f'"{" ".join(found)}"',
)
# Casts, not to_tsvector and phraseto_tsquery: their parser follows the server's locale.
_POSTGRESQL = _Dialect(
    key="key",
    create=(
        "CREATE TABLE {name} (key BIGINT NOT NULL, words TSVECTOR NOT NULL, "
        "CONSTRAINT pk_{name} PRIMARY KEY (key))",
        "CREATE INDEX ix_{name}_words ON {name} USING gin (words)",
    ),
    put="INSERT INTO {name} (key, words) VALUES (:key, CAST(:words AS tsvector)) "
    "ON CONFLICT (key) DO UPDATE SET words = excluded.words",
    match="{name}.words @@ CAST(:phrase AS tsquery)",
    pack=lambda found: " ".join(f"'{word}':{place}" for place, word in enumerate(found, 1)),
    query=lambda found: " <-> ".join(f"'{word}'" for word in found),
)
_DIALECTS = {"sqlite": _SQLITE, "postgresql": _POSTGRESQL}


class FullText:
    """A full-text index over integer keys: a table of its own, named `…_search`."""

    def __init__(self, name: str) -> None:
        if not name.endswith(SUFFIX):
            raise ValueError(f"the name of a full-text index ends in {SUFFIX}, not '{name}'")
        self.name = name

    def create(self, connection: Connection) -> None:
        """Make the index; for migrations."""
        for statement in _DIALECTS[connection.dialect.name].create:
            connection.execute(text(statement.format(name=self.name)))

    def put(self, session: Session, texts: Mapping[int, str]) -> None:
        """Index some texts by their keys, in place of what stood there."""
        dialect = _dialect(session)
        rows = [
            {"key": key, "words": dialect.pack([word.folded for word in words(content)])}
            for key, content in texts.items()
        ]
        if rows:
            session.execute(text(dialect.put.format(name=self.name)), rows)

    def remove(self, session: Session, keys: Select[int]) -> None:
        """Take out the keys that a query yields; before their rows are deleted."""
        key: ColumnClause[int] = column(_dialect(session).key, BigInteger)
        session.execute(table(self.name, key).delete().where(key.in_(keys)))

    def matching(self, session: Session, found: Sequence[str]) -> Select[int]:
        """The keys, as a column `key`, of the texts that hold a phrase (see `phrase`)."""
        dialect = _dialect(session)
        key: ColumnClause[int] = column(dialect.key, BigInteger)
        condition = text(dialect.match.format(name=self.name))
        return (
            select(key.label("key"))
            .select_from(table(self.name, key))
            .where(condition.bindparams(phrase=dialect.query(found)))
        )


def _dialect(session: Session) -> _Dialect:
    return _DIALECTS[session.get_bind().dialect.name]
