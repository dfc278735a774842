"""Moving about in one dialogue: greet, say, swipe, edit, undo, branch; no engine is needed.

Everything is committed at once and nothing is overwritten: what an edit or a swipe leaves behind
stays in the tree as a sibling. A dialogue in which nothing was said yet is not stored.
"""

from __future__ import annotations

from characterglm.character import Character, Persona
from characterglm.dialogue import Dialogue, Feedback, Speaker, Utterance
from characterglm.dialogue.repository import Dialogues
from characterglm.errors import InputError
from characterglm.prompt import expand
from characterglm.store.base import storable


class Talk:
    """A character, a dialogue with it, and the place where the dialogue is kept.

    `stored` says whether it is there already; `Talk.start` begins one that is not.
    """

    def __init__(
        self, character: Character, dialogue: Dialogue, dialogues: Dialogues, *, stored: bool = True
    ) -> None:
        self.character, self.dialogue, self.stored = character, dialogue, stored
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
        talk = cls(character, dialogue, dialogues, stored=False)
        if character.greetings:
            talk.dialogue.utterances = [talk._greeting(character.greetings[0])]
            talk.dialogue.leaf = talk.dialogue.utterances[0].id
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

    def say(self, text: str) -> Utterance:
        """Commit what the user says next. Refuses an empty text."""
        if not text.strip():
            raise InputError("nothing was said: type a message")
        speaker = Speaker(role="user", name=self.persona.name)
        return self.add(Utterance(parent=self.dialogue.leaf, speaker=speaker, text=text.strip()))

    def versions(self, utterance: Utterance) -> list[Utterance]:
        """What could stand in an utterance's place, oldest first; replies that failed do not count.

        In the place of the greeting that includes the character's other greetings, which enter the
        tree when they are chosen.
        """
        known = [one for one in self.dialogue.swipes(utterance) if one.text]
        if utterance.parent is not None or utterance.speaker.role != "character":
            return known
        texts = {one.text for one in known}
        others = map(self._greeting, self.character.greetings)
        return [*known, *(one for one in others if one.text not in texts)]

    def swipe(self, number: int) -> Utterance:
        """Choose the `number`-th (from 1) of the versions of the last reply or greeting."""
        last = self.last
        if last is None or last.speaker.role != "character":
            raise InputError("there is no reply to swipe yet")
        known = self.versions(last)
        if not 1 <= number <= len(known):
            raise InputError(f"there are {len(known)} versions: choose 1 to {len(known)}")
        chosen = known[number - 1]
        if all(one.id != chosen.id for one in self.dialogue.utterances):
            return self.add(chosen)
        self.go(chosen.id)
        return chosen

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
                # Whose words they were first, and under what licence, stays with them.
                generation=utterance.generation,
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
        return [one for one in self.dialogue.utterances if one.id not in parents and one.text]

    def feedback(self, utterance: Utterance, feedback: Feedback) -> None:
        """Keep what the user thought of an utterance."""
        self._keep()
        self._dialogues.set_feedback(utterance.id, feedback)
        utterance.feedback = feedback

    def speaker(self) -> Speaker:
        """The character as a speaker."""
        return Speaker(role="character", name=self.character.name)

    def add(self, utterance: Utterance) -> Utterance:
        """Commit one more utterance; the talk stands there now."""
        utterance.text = storable(utterance.text)
        self._keep()
        self._dialogues.add(self.dialogue.id, utterance)
        self.dialogue.utterances.append(utterance)
        self.dialogue.leaf = utterance.id
        return utterance

    def update(self, utterance: Utterance) -> None:
        """Commit text and status of a reply that is being written."""
        self._dialogues.update(utterance)

    def go(self, leaf: str | None) -> None:
        """Go on from another utterance; what followed it stays as a branch."""
        self._keep()
        self._dialogues.set_leaf(self.dialogue.id, leaf)
        self.dialogue.leaf = leaf

    def set_persona(self, persona: Persona) -> None:
        """Be somebody else from now on; what was said stays."""
        if self.stored:
            self._dialogues.set_persona(self.dialogue.id, persona)
        self.dialogue.persona = persona

    def rename(self, title: str) -> None:
        """Give the dialogue a title."""
        self._keep()
        self._dialogues.rename(self.dialogue.id, title)
        self.dialogue.title = title

    def _keep(self) -> None:
        if not self.stored:
            self._dialogues.create(self.dialogue)
            self.stored = True

    def _greeting(self, text: str) -> Utterance:
        said = expand(text, self.character, self.persona, seed=self.dialogue.id)
        return Utterance(speaker=self.speaker(), text=said)
