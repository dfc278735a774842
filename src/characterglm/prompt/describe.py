"""The character prompt (the paper, section 3.1): a profile as fluent prose, without a model.

Knows the profile and the phrases of `wording`; nothing about prompts, formats or budgets. The
same character always gives the same text, and every filled field of its profile is in it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from characterglm.character import Character, Identity, Persona, Relationship
from characterglm.prompt.macros import expand_all
from characterglm.prompt.wording import FieldWording, Pronoun, Wording, wording


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
    teller = _Teller(played)
    told = {name: teller.tell(name) for group in teller.words.paragraphs for name in group}
    return {name: text for name, text in told.items() if text}


class _Teller:
    """Builds sentences about one character whose macros are already expanded."""

    def __init__(self, character: Character) -> None:
        self.character = character
        self.words = wording(character.language)
        self._forms = _pronoun(character, self.words).model_dump(exclude={"gender"})
        self._whole = self._compile(self.words.kinds.sentence)

    def tell(self, section: str) -> str:
        """One section of the profile."""
        attributes, behaviors = self.character.attributes, self.character.behaviors
        sentences: Iterable[str]
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
        return self.words.lists.space.join(sentences)

    def _identity(self, identity: Identity) -> Iterator[str]:
        phrases = self.words.identity
        parts = [part for key in phrases.parts if (part := self._part(key, identity))]
        if parts:
            between, last, of_two = phrases.part_join
            before = (last if parts[2:] else of_two) if parts[1:] else ""
            joined = between.join(parts[:-1]) + before + parts[-1]
            opening = phrases.opening_start + joined
            yield phrases.opening.format(name=self.character.name, parts=opening)
        if identity.appearance:
            yield self._statement(phrases.appearance, identity.appearance)
        for key, value in (identity.model_extra or {}).items():
            text = self._listed(_texts(value))
            pattern = phrases.known.get(key.lower(), phrases.open_key)
            if text:
                yield self._statement(pattern, text, key.replace("_", " "))

    def _part(self, key: str, identity: Identity) -> str:
        """One part of the opening sentence; empty if the field is."""
        phrases, texts = self.words.identity, _texts(getattr(identity, key))
        if not texts:
            return ""
        text = self.words.lists.bare(self._listed(texts))
        if key == "age" and phrases.is_number(text):
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
        phrases = self.words.relationships
        if relationships:
            every = phrases.join.join(self._relationship(one) for one in relationships)
            yield self._fill(f"{phrases.lead}{{every}}{phrases.end}", every=every)

    def _relationship(self, one: Relationship) -> str:
        phrases = self.words.relationships
        relation, note = (self.words.lists.bare(text) for text in (one.relation, one.note))
        if not self._compile(phrases.possess.unless).search(relation):
            relation = self._put(phrases.possess.pattern, relation=relation)
        if one.relation:
            pattern = phrases.both if one.note else phrases.relation
        else:
            pattern = phrases.note if one.note else phrases.name
        return self._put(pattern, name=one.name, relation=relation, note=note)

    def _linguistic(self) -> Iterator[str]:
        for key, pattern in self.words.linguistic.items():
            texts = _texts(getattr(self.character.behaviors.linguistic, key))
            if texts and "{quoted}" in pattern:
                yield self._fill(pattern, quoted=self.words.lists.quote(texts))
            elif texts:
                yield self._statement(pattern, self._listed(texts))

    def _facts(self, phrases: FieldWording, facts: Sequence[str]) -> Iterator[str]:
        """Phrases are gathered into one sentence; whole sentences stand as they are."""
        led = False
        for pattern, items in self._runs(phrases, facts):
            if pattern:
                bare = [self.words.lists.bare(item) for item in items]
                yield self._fill(pattern, items=self.words.lists.join(bare))
                continue
            if phrases.sentences and not led:
                yield self._fill(phrases.sentences)
            led = True
            yield from (self.words.lists.sentence(item) for item in items)

    def _runs(
        self, phrases: FieldWording, facts: Sequence[str]
    ) -> Iterable[tuple[str, Sequence[str]]]:
        """Facts with their pattern, none for whole sentences; no pattern leads in twice."""
        runs: list[tuple[str, list[str]]] = []
        led: dict[str, list[str]] = {}
        for whole, group in groupby(facts, key=lambda fact: self._kind(fact) == "sentence"):
            items = list(group)
            predicates = all(self._kind(item) == "predicate" for item in items)
            pattern = "" if whole else (predicates and phrases.predicate) or phrases.phrase
            if pattern in led:
                led[pattern].extend(items)
                continue
            runs.append((pattern, items))
            if pattern:
                led[pattern] = items
        return runs

    def _statement(self, pattern: str, text: str, key: str = "") -> str:
        """A text in its pattern, or, if it is a whole sentence, on its own."""
        kind = self._kind(text)
        if kind == "sentence":
            return self.words.lists.sentence(text)
        own = self.words.identity.predicate if kind == "predicate" and key else pattern
        return self._fill(own, text=self.words.lists.bare(text), key=key)

    def _kind(self, text: str) -> str:
        """`sentence`, `predicate` (lacks only its subject) or `phrase`."""
        if self._whole.search(text):
            return "sentence"
        return "predicate" if self.words.predicate.search(text) else "phrase"

    def _listed(self, texts: Sequence[str]) -> str:
        return self.words.lists.join([text for text in texts if text])

    def _fill(self, pattern: str, **values: str) -> str:
        """A whole sentence; a capital only where it opens with words of the pattern's own."""
        opener = re.match(r"\{(\w+)", pattern)
        own = opener is None or "{" not in self._forms.get(opener[1], "{")
        sentence = self.words.lists.finish(self._put(pattern, **values))
        return sentence[:1].upper() + sentence[1:] if own else sentence

    def _put(self, pattern: str, **values: str) -> str:
        """A pattern with its texts and the character's pronouns."""
        name = self.character.name
        pronouns = {key: form.format(name=name) for key, form in self._forms.items()}
        return pattern.format(**{**pronouns, **values})

    def _compile(self, pattern: str) -> re.Pattern[str]:
        return re.compile(pattern.replace("{name}", re.escape(self.character.name)))


def _texts(value: str | list[str]) -> list[str]:
    return [text for text in ([value] if isinstance(value, str) else value) if text]


def _pronoun(character: Character, words: Wording) -> Pronoun:
    gender = character.attributes.identity.gender
    for pronoun in words.pronouns:
        if re.search(pronoun.gender, gender, re.IGNORECASE):
            return pronoun
    return words.other_pronoun
