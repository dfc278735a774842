"""The store and what is kept in it, opened once for a command."""

from __future__ import annotations

from characterglm.character import Character, Persona
from characterglm.character.repository import Characters
from characterglm.chat.session import ChatSession
from characterglm.chat.talk import Talk
from characterglm.dialogue.repository import Dialogues
from characterglm.engines.opening import Opened
from characterglm.errors import InputError
from characterglm.store import Store, open_store


class House:
    """Characters and dialogues of one database."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.characters, self.dialogues = Characters(store), Dialogues(store)

    def start(self, character: Character, persona: Persona) -> Talk:
        """A new dialogue with a character."""
        version = self.characters.latest_version(character.id)
        return Talk.start(character, persona, self.dialogues, version=version)

    def resume(self, dialogue_id: str) -> Talk:
        """An older dialogue, with the character as it was then; `last` is the latest one.

        A reply that a killed program left unfinished becomes `interrupted`.
        """
        if dialogue_id == "last":
            recent = self.dialogues.list(limit=1)
            if not recent:
                raise InputError("there is no dialogue yet: characterglm chat CHARACTER")
            dialogue_id = recent[0].id
        dialogue = self.dialogues.get(dialogue_id)
        if self.dialogues.recover(dialogue.id):
            dialogue = self.dialogues.get(dialogue.id)
        character = self.characters.as_of(dialogue.character, dialogue.character_version)
        return Talk(character, dialogue, self.dialogues)

    def session(self, talk: Talk, opened: Opened) -> ChatSession:
        """The talk together with an opened model and the character's standalone lorebooks."""
        return ChatSession(
            talk,
            opened.engine,
            opened.format,
            sampling=opened.sampling,
            lorebooks=self.characters.lorebooks(talk.character.id),
        )

    def close(self) -> None:
        """Close the database."""
        self.store.close()


def open_house() -> House:
    """The house of this user: the configured database."""
    return House(open_store())
