"""Moving about in one dialogue: greet, say, swipe, edit, undo, branch; no engine is needed.

Everything is committed at once and nothing is overwritten: what an edit or a swipe leaves behind
stays in the tree as a sibling.
"""

from __future__ import annotations

from characterglm.character import Character, Persona
from characterglm.dialogue import Dialogue, Feedback, Speaker, Utterance
from characterglm.dialogue.repository import Dialogues
from characterglm.errors import InputError
from characterglm.prompt import expand


class Talk:
    """A character, a dialogue with it, and the place where the dialogue is kept."""

    def __init__(self, character: Character, dialogue: Dialogue, dialogues: Dialogues) -> None:
        self.character, self.dialogue = character, dialogue
        self._dialogues = dialogues

    @classmethod
    def start(
        cls,
        character: Character,
        persona: Persona,
        dialogues: Dialogues,
        *,
        version: int | None = None,
    ) -> Talk:
        """A new dialogue, opened by the character's first greeting."""
        dialogue = Dialogue(
            character=character.id,
            character_version=version,
            persona=persona,
            category=character.category,
        )
        talk = cls(character, dialogues.create(dialogue), dialogues)
        if character.greetings:
            talk.greet(1)
        return talk

    @property
    def persona(self) -> Persona:
        """Who the user is in this dialogue."""
        return self.dialogue.persona

    @property
    def path(self) -> list[Utterance]:
        """What was said so far."""
        return self.dialogue.path()

    @property
    def last(self) -> Utterance | None:
        """The latest utterance."""
        path = self.path
        return path[-1] if path else None

    def greet(self, number: int) -> Utterance:
        """Open the dialogue with the `number`-th greeting (from 1)."""
        greetings = self.character.greetings
        if not 1 <= number <= len(greetings):
            raise InputError(f"{self.character.name} has {len(greetings)} greetings")
        text = expand(greetings[number - 1], self.character, self.persona)
        known = [root for root in self.dialogue.children(None) if root.text == text]
        if known:
            self.go(known[0].id)
            return known[0]
        return self.add(Utterance(speaker=self.speaker("character"), text=text))

    def said(self, text: str) -> Utterance:
        """What the user would say next, not yet in the dialogue. Refuses an empty text."""
        if not text.strip():
            raise InputError("nothing was said: type a message")
        return Utterance(parent=self.dialogue.leaf, speaker=self.speaker("user"), text=text.strip())

    def swipe(self, number: int) -> Utterance:
        """Choose the `number`-th (from 1) of the replies, or greetings, at this point."""
        last = self.last
        if last is None or last.speaker.role != "character":
            raise InputError("there is no reply to swipe yet")
        if last.parent is None and self.character.greetings:
            return self.greet(number)
        known = self.versions()
        if not 1 <= number <= len(known):
            raise InputError(f"this reply has {len(known)} versions: choose 1 to {len(known)}")
        self.go(known[number - 1].id)
        return known[number - 1]

    def versions(self) -> list[Utterance]:
        """The versions of the last utterance, oldest first."""
        last = self.last
        return [] if last is None else self.dialogue.swipes(last)

    def edit(self, utterance: Utterance, text: str) -> Utterance:
        """Put `text` in the place of an utterance; the old one and what followed it stay."""
        if not text.strip():
            raise InputError("an edit needs a text")
        return self.add(
            Utterance(
                parent=utterance.parent,
                speaker=utterance.speaker,
                text=text.strip(),
                origin="edited",
                extensions={"edit_of": utterance.id},
            )
        )

    def undo(self) -> Utterance:
        """Step back to before the user's last utterance and return it; nothing is deleted."""
        for utterance in reversed(self.path):
            if utterance.speaker.role == "user":
                self.go(utterance.parent)
                return utterance
        raise InputError("there is nothing to undo")

    def leaves(self) -> list[Utterance]:
        """The last utterance of every branch, oldest first."""
        parents = {utterance.parent for utterance in self.dialogue.utterances}
        return [one for one in self.dialogue.utterances if one.id not in parents]

    def feedback(self, utterance: Utterance, feedback: Feedback) -> None:
        """Keep what the user thought of an utterance."""
        utterance.feedback = feedback
        self.update(utterance)

    def speaker(self, role: str) -> Speaker:
        """The character or the user of this dialogue as a speaker."""
        if role == "character":
            return Speaker(role="character", name=self.character.name)
        return Speaker(role="user", name=self.persona.name)

    def add(self, utterance: Utterance) -> Utterance:
        """Commit one more utterance; the talk stands there now."""
        self._dialogues.add(self.dialogue.id, utterance)
        self.dialogue.utterances.append(utterance)
        self.dialogue.leaf = utterance.id
        return utterance

    def update(self, utterance: Utterance) -> None:
        """Commit what changed of an utterance: text and status of a reply on its way, feedback."""
        self._dialogues.update(utterance)

    def go(self, leaf: str | None) -> None:
        """Go on from another utterance; what followed it stays as a branch."""
        self._dialogues.set_leaf(self.dialogue.id, leaf)
        self.dialogue.leaf = leaf

    def set_persona(self, persona: Persona) -> None:
        """Be somebody else from now on; what was said stays."""
        self._dialogues.set_persona(self.dialogue.id, persona)
        self.dialogue.persona = persona

    def rename(self, title: str) -> None:
        """Give the dialogue a title."""
        self._dialogues.rename(self.dialogue.id, title)
        self.dialogue.title = title
