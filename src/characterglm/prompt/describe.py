"""The character prompt (the paper, section 3.1): a profile as fluent prose, without a model.

Knows the profile and the phrases of `wording`; nothing about prompts, formats or budgets. The
same character always gives the same text, and every filled field of its profile is in it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import groupby

from characterglm.character import Character, Identity, Persona, Relationship
from characterglm.prompt.macros import expand_all
from characterglm.prompt.wording import FieldWording, Pronoun, Wording, wording

_IDENTITY = ("gender", "age", "occupation", "titles", "appearance")


def describe(character: Character, persona: Persona | None = None, *, seed: str = "") -> str:
    """The profile (attributes and behaviors) as a few paragraphs in the character's language.

    `persona` and `seed` only serve the macros in the card's texts. Scenario, boundaries and
    examples are no part of it: `build` adds them.
    """
    told = sections(character, persona, seed=seed)
    words = wording(character.language)
    paragraphs = (
        words.lists.space.join(told[section] for section in group if section in told)
        for group in words.paragraphs
    )
    return "\n".join(paragraph for paragraph in paragraphs if paragraph)


def sections(
    character: Character, persona: Persona | None = None, *, seed: str = ""
) -> dict[str, str]:
    """The description in pieces: field of the profile → sentences; empty fields are left out.

    Keys are the seven attributes and the four behaviors of the schema, in reading order.
    """
    played = character.model_copy(
        update={
            "attributes": expand_all(character.attributes, character, persona, seed=seed),
            "behaviors": expand_all(character.behaviors, character, persona, seed=seed),
        }
    )
    teller = Teller(played)
    told = {name: teller.tell(name) for group in teller.words.paragraphs for name in group}
    return {name: text for name, text in told.items() if text}


class Teller:
    """Builds sentences about one character whose macros are already expanded."""

    def __init__(self, character: Character) -> None:
        self.character = character
        self.words = wording(character.language)
        self.pronoun = _pronoun(character, self.words)
        name = re.escape(character.name)
        self._sentence = re.compile(self.words.kinds.sentence.replace("{name}", name), re.I)

    def tell(self, section: str) -> str:
        """One section of the profile."""
        attributes, behaviors = self.character.attributes, self.character.behaviors
        if section == "identity":
            sentences = self._identity(attributes.identity)
        elif section == "relationships":
            sentences = self._relationships(attributes.relationships)
        elif section == "linguistic":
            sentences = self._linguistic()
        else:
            part = attributes if hasattr(attributes, section) else behaviors
            facts = [fact.text for fact in getattr(part, section) if fact.text]
            sentences = self._facts(self.words.fields[section], facts)
        return self.words.lists.space.join(_capital(sentence) for sentence in sentences)

    def _identity(self, identity: Identity) -> Iterator[str]:
        phrases = self.words.identity
        parts = [self._part(key, identity) for key in phrases.parts]
        filled = [part for part in parts if part]
        between, last = phrases.part_join
        if filled:
            joined = last.join([part for part in (between.join(filled[:-1]), filled[-1]) if part])
            yield phrases.opening.format(
                name=self.character.name, parts=phrases.opening_start + joined
            )
        if identity.appearance:
            yield from self._statement(phrases.appearance, identity.appearance)
        for key, value in (identity.model_extra or {}).items():
            text = self._listed([value] if isinstance(value, str) else value)
            pattern = phrases.known.get(key.lower(), phrases.open_key)
            if text:
                yield from self._statement(pattern, text, key.replace("_", " "))
        if not filled:
            return

    def _part(self, key: str, identity: Identity) -> str:
        """One part of the opening sentence; empty if the field is."""
        phrases, value = self.words.identity, getattr(identity, key)
        texts = [text for text in ([value] if isinstance(value, str) else value) if text]
        if not texts:
            return ""
        text = self.words.lists.bare(self._listed(texts))
        if key == "age" and re.search(phrases.age_number.match, text, re.I):
            text = phrases.age_number.pattern.format(text=text)
        quoted = self.words.lists.quote(texts)
        return phrases.parts[key].format(text=self._article(key, text), quoted=quoted)

    def _article(self, key: str, text: str) -> str:
        article = self.words.identity.article
        wanted: str = getattr(article, key, "")
        if not article or not wanted or not re.match(wanted, text) or re.match(article.never, text):
            return text
        return f"{'an' if text[0] in 'aeiou' else 'a'} {text}"

    def _relationships(self, relationships: Sequence[Relationship]) -> Iterator[str]:
        phrases, said = self.words.relationships, []
        for one in relationships:
            kind = {(True, True): "both", (True, False): "relation", (False, True): "note"}.get(
                (bool(one.relation), bool(one.note)), "name"
            )
            bare = {key: self.words.lists.bare(getattr(one, key)) for key in ("relation", "note")}
            said.append(self._fill(getattr(phrases, kind), name=one.name, **bare))
        if said:
            yield phrases.lead + phrases.join.join(said) + phrases.end

    def _linguistic(self) -> Iterator[str]:
        linguistic = self.character.behaviors.linguistic
        for key, pattern in self.words.linguistic.items():
            value = getattr(linguistic, key)
            texts = [text for text in ([value] if isinstance(value, str) else value) if text]
            if texts and "{quoted}" in pattern:
                yield self._fill(pattern, quoted=self.words.lists.quote(texts))
            elif texts:
                yield from self._statement(pattern, self._listed(texts))

    def _facts(self, phrases: FieldWording, facts: Sequence[str]) -> Iterator[str]:
        """Phrases are gathered into one sentence, whole sentences stand as they are."""
        led = False
        for kind, group in groupby(facts, key=self._kind):
            items = list(group)
            if kind == "sentence":
                if phrases.sentences and not led:
                    yield self._fill(phrases.sentences)
                led = True
                yield from (self.words.lists.sentence(item) for item in items)
            else:
                bare = [self.words.lists.bare(item) for item in items]
                yield self._fill(getattr(phrases, kind), items=self.words.lists.join(bare))

    def _statement(self, pattern: str, text: str, key: str = "") -> Iterator[str]:
        """A text in its pattern, or, if it is a whole sentence, on its own."""
        if self._kind(text) == "sentence":
            yield self.words.lists.sentence(text)
        else:
            yield self._fill(pattern, text=self.words.lists.bare(text), key=key)

    def _kind(self, text: str) -> str:
        if self._sentence.search(text):
            return "sentence"
        return "predicate" if self.words.predicate.search(text) else "phrase"

    def _listed(self, texts: Sequence[str]) -> str:
        return self.words.lists.join([text for text in texts if text])

    def _fill(self, pattern: str, **values: str) -> str:
        pronoun = {key: getattr(self.pronoun, key) for key in ("subject", "possessive", "object")}
        named = {
            key: text.format(name=self.character.name) if "{" in text else text
            for key, text in pronoun.items()
        }
        return pattern.format(**{**named, **values})


def _pronoun(character: Character, words: Wording) -> Pronoun:
    gender = character.attributes.identity.gender
    for pronoun in words.pronouns:
        if re.search(pronoun.gender, gender, re.I):
            return pronoun
    return words.other_pronoun


def _capital(sentence: str) -> str:
    """A sentence with a capital; only for a pattern's own words, never inside a quoted text."""
    return sentence[:1].upper() + sentence[1:]
