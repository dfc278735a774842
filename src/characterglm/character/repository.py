"""Characters in the database, every save a new version, over the built-in ones.

Knows that a stored character shadows the built-in one of its id, and that ids, never names, tell
characters apart. Knows nothing about files or dialogues.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, delete, select
from sqlalchemy.orm import Session

from characterglm.character import library
from characterglm.character.info import CharacterInfo, VersionInfo, summary_of
from characterglm.character.rows import INSERT, candidates, insert_new
from characterglm.character.schema import Character
from characterglm.character.shelf import Shelf, lorebook_row
from characterglm.character.tables import AttachmentRow, CharacterRow, DeletedRow, VersionRow
from characterglm.errors import CharacterGLMError, InputError, NotFound

_HINT = "characterglm character list shows them all"

Versions = list[VersionInfo]


class Characters(Shelf):
    """The characters and lorebooks of one database, and the built-in characters."""

    def get(self, key: str, version: int | None = None) -> Character:
        """The character with an id, or else with a name that only one has.

        `version` asks for an older stored version. Raises NotFound with near names, and InputError
        where several characters share the name.
        """
        with self._store.reading() as session:
            character_id = _resolve(session, key)
            row = session.get(CharacterRow, character_id)
            if row is None and version is None:
                return library.read(character_id)
            stored = session.get(VersionRow, (character_id, version or (row and row.version)))
        if stored is None:
            hint = f"characterglm character history {character_id} shows the versions"
            raise NotFound(f"version of {character_id}", str(version), hint=hint)
        return Character.model_validate(stored.document)

    def as_of(self, character_id: str, version: int | None) -> Character:
        """The character that a dialogue was begun with.

        None stands for the built-in one of that id. A version that was deleted since gives way to
        what there is now; raises NotFound if there is nothing.
        """
        if version is None and character_id in library.ids():
            return library.read(character_id)
        known = {info.version for info in self.versions(character_id)}
        return self.get(character_id, version if version in known else None)

    def latest_version(self, character_id: str) -> int | None:
        """The number of the latest stored version; None for a built-in or unknown character."""
        with self._store.reading() as session:
            row = session.get(CharacterRow, character_id)
            return row.version if row else None

    def versions(self, character_id: str) -> Versions:
        """The history of a stored character, oldest first; empty for a built-in one."""
        query = (
            select(VersionRow.version, VersionRow.note, VersionRow.created)
            .where(VersionRow.character_id == character_id)
            .order_by(VersionRow.version)
        )
        with self._store.reading() as session:
            return [VersionInfo(*row) for row in session.execute(query)]

    def save(self, character: Character, note: str = "") -> int:
        """Save a new version and return its number; the first save of a built-in one copies it."""
        now = datetime.now(UTC)
        values = _columns(character, now)
        insert = INSERT[self._store.dialect](CharacterRow)
        with self._store.session() as session:
            first = insert.values(**values, version=_next(session, character.id), created=now)
            counted = first.on_conflict_do_update(
                index_elements=["id"], set_=values | {"version": CharacterRow.version + 1}
            )
            # The row stays locked until the commit, so no other process gets the same number.
            version: int = session.scalars(counted.returning(CharacterRow.version)).one()
            session.add(_version(character, version, note, now))
        return version

    def add(self, character: Character, note: str = "") -> Character:
        """Save a character under an id that is free: `name-2` where `name` is taken."""
        now = datetime.now(UTC)
        with self._store.session() as session:
            for character_id in candidates(character.id):
                added = character.model_copy(update={"id": character_id})
                version = _next(session, character_id)
                values = _columns(added, now) | {"version": version, "created": now}
                if character_id not in library.ids() and insert_new(session, CharacterRow, values):
                    break
            session.add(_version(added, version, note, now))
        return added

    def delete(self, character_id: str) -> set[str]:
        """Delete a stored character with its history; a built-in one of its id appears again.

        Its version numbers are never used again. Returns the sha256 of the assets that no stored
        character has any more.
        """
        with self._store.session() as session:
            row = session.get(CharacterRow, character_id)
            if row is None:
                raise _cannot_delete(session, character_id)
            unused = _assets(session, mine := VersionRow.character_id == character_id)
            unused -= _assets(session, ~mine)
            session.merge(DeletedRow(id=character_id, version=row.version))
            session.delete(row)
            if character_id not in library.ids():
                own = AttachmentRow.character_id == character_id
                session.execute(delete(AttachmentRow).where(own))
        return unused

    def attach(self, character_id: str, lorebook_id: str) -> None:
        """Let a character use a lorebook; nothing happens if it does already."""
        with self._store.session() as session:
            values = {
                "character_id": _resolve(session, character_id),
                "lorebook_id": lorebook_row(session, lorebook_id).id,
                "created": datetime.now(UTC),
            }
            insert_new(session, AttachmentRow, values)

    def list(self) -> list[CharacterInfo]:
        """Every character, sorted by id; a stored one stands for the built-in one of its id."""
        with self._store.reading() as session:
            return _all(session)


def _next(session: Session, character_id: str) -> int:
    """The first version number of a new character: above those of one of its id deleted before."""
    deleted = session.get(DeletedRow, character_id)
    return deleted.version + 1 if deleted else 1


def _assets(session: Session, which: ColumnElement[bool]) -> set[str]:
    """The sha256 of the assets of some versions."""
    lists = session.scalars(select(VersionRow.document["assets"]).where(which))
    return {asset["sha256"] for assets in lists for asset in assets or []}


def _resolve(session: Session, key: str) -> str:
    """The id that a key means: an id, or a name that only one stored or built-in character has."""
    if key in library.ids() or session.get(CharacterRow, key) is not None:
        return key
    infos = _all(session)
    named = [info for info in infos if info.name.casefold() == key.casefold()]
    own = [info.id for info in named if info.origin == "stored"] or [info.id for info in named]
    if len(own) > 1:
        raise InputError(f"{len(own)} characters are called '{key}'; give an id: {', '.join(own)}")
    if not own:
        known = {word for info in infos for word in (info.id, info.name)}
        raise NotFound("character", key, sorted(known), hint=_HINT)
    return own[0]


def _all(session: Session) -> list[CharacterInfo]:
    infos = {info.id: info for info in library.infos()}
    infos |= {row.id: _info(row) for row in session.scalars(select(CharacterRow))}
    return [infos[character_id] for character_id in sorted(infos)]


def _info(row: CharacterRow) -> CharacterInfo:
    return CharacterInfo(
        id=row.id,
        name=row.name,
        language=row.language,
        category=row.category,
        tags=tuple(row.tags),
        summary=row.summary,
        origin="stored",
        version=row.version,
    )


def _columns(character: Character, now: datetime) -> dict[str, Any]:
    """What lists show, kept beside the document."""
    return {
        "id": character.id,
        "name": character.name,
        "language": character.language,
        "category": character.category,
        "tags": character.tags,
        "summary": summary_of(character),
        "updated": now,
    }


def _version(character: Character, version: int, note: str, now: datetime) -> VersionRow:
    document = character.model_dump(mode="json")
    return VersionRow(
        character_id=character.id, version=version, document=document, note=note, created=now
    )


def _cannot_delete(session: Session, character_id: str) -> CharacterGLMError:
    if character_id in library.ids():
        return InputError(f"'{character_id}' is built in and cannot be deleted")
    stored = session.scalars(select(CharacterRow.id))
    return NotFound("stored character", character_id, stored, hint=_HINT)
