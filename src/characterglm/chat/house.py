"""Characters and dialogues of one database, and how a talk is begun and gone on with."""

from __future__ import annotations

from characterglm.character import Character, Persona
from characterglm.character.cards.own import persona_of
from characterglm.character.repository import Characters
from characterglm.chat.session import ChatSession
from characterglm.chat.talk import Talk
from characterglm.dialogue.repository import Dialogues
from characterglm.engines.opening import Opened
from characterglm.errors import NotFound
from characterglm.store import Store, open_store


class House:
    """What one database holds, and the talks in it."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.characters, self.dialogues = Characters(store), Dialogues(store)

    def start(self, character: Character, persona: Persona | None = None) -> Talk:
        """A new dialogue with a character; stored once something is said in it.

        Without a persona the user is whom the character's card names (CharGLM's `user_name`).
        """
        version = self.characters.latest_version(character.id)
        user = persona or persona_of(character)
        return Talk.start(character, user, self.dialogues, version=version)

    def resume(self, dialogue_id: str) -> Talk:
        """An older dialogue, by its id or the beginning of it, with the character as it was then.

        A reply that a killed program left unfinished becomes `interrupted`.
        """
        dialogue = self.dialogues.get(dialogue_id)
        if self.dialogues.recover(dialogue.id):
            dialogue = self.dialogues.get(dialogue.id)
        character = self.characters.as_of(dialogue.character, dialogue.character_version)
        return Talk(character, dialogue, self.dialogues)

    def resume_last(self, character: str | None = None) -> Talk:
        """The dialogue that was touched last, or the last one with a character."""
        found = self.dialogues.list(character, limit=1)
        if not found:
            raise NotFound("dialogue", "last", hint="begin one: characterglm chat CHARACTER")
        return self.resume(found[0].id)

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


def open_house(url: str | None = None) -> House:
    """The house of this user: the configured database unless `url` names another."""
    return House(open_store(url))
