"""Who the characters of imported dialogues are: stored, described in the file, or unknown."""

from __future__ import annotations

from characterglm.character import Character
from characterglm.character.cards.plain import digest
from characterglm.character.cards.report import Report
from characterglm.character.repository import Characters
from characterglm.dialogue.files.formats import Format, Item
from characterglm.dialogue.schema import Dialogue
from characterglm.errors import InputError, NotFound


class Cast:
    """The characters of some files: met one by one, then stored, then put into the dialogues."""

    def __init__(self, characters: Characters, chosen: str | None = None) -> None:
        self._characters = characters
        self.chosen = chosen
        """Id of the character instead of the files' own."""
        self._described: dict[str, Character] = {}
        self._known: dict[str, Character | None] = {}
        self.added: list[str] = []
        """Ids of the characters that were stored."""
        self.unknown: dict[str, None] = {}
        """Ids in dialogues for which there is no character."""

    def meet(self, item: Item, form: Format, report: Report) -> None:
        """Take note of the character of a dialogue. Raises InputError for a wrong profile."""
        if self.chosen is None and item.profile is not None and form.describe is not None:
            character = form.describe(item.profile, report)
            self._described.setdefault(_key(character), character)

    def store(self) -> None:
        """Store the described characters, except those that are there already."""
        stored: dict[str, list[str]] = {}
        for info in self._characters.list() if self._described else []:
            stored.setdefault(info.name, []).append(info.id)
        for key, character in self._described.items():
            known = self._same(character, stored.get(character.name, []))
            self._described[key] = known or self._characters.add(character)
            if known is None:
                self.added.append(self._described[key].id)

    def place(self, item: Item, form: Format) -> Dialogue:
        """The dialogue of an item, with the id and version of its character."""
        found: Character | None = None
        if self.chosen is None and item.profile is not None and form.describe is not None:
            found = self._described[_key(form.describe(item.profile, Report()))]
        dialogue = item.dialogue
        found = found or self._find(dialogue.character)
        if found is None:
            self.unknown[dialogue.character] = None
        if found is None or form.complete:
            return dialogue
        version = self._characters.latest_version(found.id)
        category = dialogue.category or found.category
        update = {"character": found.id, "character_version": version, "category": category}
        return dialogue.model_copy(update=update)

    def _same(self, character: Character, ids: list[str]) -> Character | None:
        """The one of some stored characters that has the same profile."""
        others = map(self._characters.get, ids)
        return next((other for other in others if _key(other) == _key(character)), None)

    def _find(self, key: str) -> Character | None:
        if key not in self._known:
            try:
                self._known[key] = self._characters.get(key)
            except (NotFound, InputError):  # unknown, or a name that several have
                self._known[key] = None
        return self._known[key]


def _key(character: Character) -> str:
    """What makes two descriptions the same character."""
    return digest(character.model_dump(mode="json", include={"name", "attributes", "behaviors"}))
