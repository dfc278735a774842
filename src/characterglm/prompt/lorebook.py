"""Which lorebook entries a dialogue calls up, why, and where they belong.

Knows entries and what was said; nothing about tokens or formats (`build` weighs what is found).
The same dialogue always calls up the same entries: chance is drawn from ids, not from a clock.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

from characterglm.character import Character, Lorebook, LoreEntry, Persona
from characterglm.dialogue import Utterance
from characterglm.prompt.decorators import Decorators, NoteRole, read_decorators
from characterglm.prompt.keys import Text, broken, find
from characterglm.prompt.macros import could_yield, expand, searchable, seed_of

ROUNDS = 5
"""How often the contents of called entries are searched for further keys."""

_LITERALLY = "no usable pattern, looked for as it stands"

Contents = Sequence[tuple[str, Text]]
"""Label and text of active entries, to be searched for further keys."""


@dataclass(frozen=True, slots=True)
class Found:
    """One entry, and what became of it."""

    label: str
    text: str
    """Its content as it stands in the prompt: macros expanded, decorators gone."""
    active: bool
    reason: str
    entry: LoreEntry
    rules: Decorators
    book: int
    """Which of the books it comes from."""

    @property
    def front(self) -> bool:
        """Whether it stands with the profile: always on, so it costs the prefix cache nothing."""
        rules = self.rules
        fickle = rules.activate_only_every or rules.additional_keys or rules.exclude_keys
        return (rules.activate or (self.constant and not fickle)) and not self.among

    @property
    def constant(self) -> bool:
        """Whether it needs no key."""
        return self.entry.constant and not self.entry.use_regex

    @property
    def before(self) -> bool:
        """Whether a front entry stands before the profile, not after it."""
        place = self.rules.position
        return place == "before" if place else self.entry.position == "before_character"

    @property
    def among(self) -> bool:
        """Whether the entry asks for a place of its own among what was said."""
        rules = self.rules
        asked = rules.depth is not None or rules.reverse_depth is not None
        return rules.position is None and (asked or self.entry.position == "depth")

    def index(self, said: int, core: int) -> int:
        """Before which of the `said` utterances it stands; `core` is the last message's index.

        An entry that asks for no place stands right before the last message, and so does one
        whose place, counted from the first utterance, is not reached yet.
        """
        rules = self.rules
        if not self.among:
            return core
        if rules.depth is None and rules.reverse_depth is not None:
            return min(core, rules.reverse_depth)
        return max(0, said - max(0, self.entry.depth if rules.depth is None else rules.depth))

    @property
    def role(self) -> NoteRole:
        """Whose message it is where formats know roles."""
        return self.rules.role or self.entry.role


def activate(
    books: Sequence[Lorebook],
    path: Sequence[Utterance],
    character: Character,
    persona: Persona | None = None,
) -> list[Found]:
    """Every entry of the books, called up or not, with the reason; in the order of the books."""
    talk = _Talk(path, character, persona)
    found: list[Found] = []
    for number, book in enumerate(books):
        entries = [_read(entry, number, talk) for entry in book.entries]
        judged = [talk.judge(one, book) for one in entries]
        found.extend(_recurse(judged, book, talk) if book.recursive else judged)
    return found


def label(entry: LoreEntry) -> str:
    """What a person would call an entry."""
    return entry.name or entry.comment or next(iter(entry.keys), "") or entry.id or "(no name)"


def _read(entry: LoreEntry, book: int, talk: _Talk) -> Found:
    rules, text = read_decorators(entry.content)
    content = expand(text, talk.character, talk.persona, seed=talk.seed).strip()
    return Found(label(entry), content, False, "", entry, rules, book)


def _recurse(judged: list[Found], book: Lorebook, talk: _Talk) -> list[Found]:
    """Let the contents of active entries call up further ones, a bounded number of times."""
    for _ in range(ROUNDS):
        contents = [
            (one.label, Text.of(talk.searchable(one.entry))) for one in judged if one.active
        ]
        again = [one if one.active else talk.judge(one, book, contents) for one in judged]
        if again == judged:
            break
        judged = again
    return judged


class _Talk:
    """What was said, as lorebooks look at it."""

    def __init__(
        self, path: Sequence[Utterance], character: Character, persona: Persona | None
    ) -> None:
        self.path, self.character, self.persona = path, character, persona
        self._texts: dict[int, Text] = {}
        self.seed = seed_of(path)

    def searchable(self, entry: LoreEntry) -> str:
        """What a recursive search sees of an entry."""
        text = read_decorators(entry.content)[1]
        return searchable(text, self.character, self.persona)

    def judge(self, one: Found, book: Lorebook, contents: Contents = ()) -> Found:
        """The entry with the verdict on it at this point of the dialogue."""
        active, reason = self._verdict(one, book, contents)
        return replace(one, active=active, reason=reason)

    def _verdict(self, one: Found, book: Lorebook, contents: Contents) -> tuple[bool, str]:
        rules = one.rules
        if not one.entry.enabled:
            return False, "disabled"
        if not one.text:
            return False, "empty"
        if rules.activate:
            return True, "@@activate"
        if rules.dont_activate:
            return False, "@@dont_activate"
        if rules.keep_activate_after_match or rules.dont_activate_after_match:
            earlier = self._earlier(one, book)
            if earlier is not None and rules.keep_activate_after_match:
                return True, f"@@keep_activate_after_match: called up at utterance {earlier}"
            if earlier is not None:
                return False, f"@@dont_activate_after_match: called up at utterance {earlier}"
        return self._at(one, book, len(self.path), contents)

    def _earlier(self, one: Found, book: Lorebook) -> int | None:
        """Number of the first earlier user utterance at which the entry was called up."""
        for end in range(1, len(self.path)):
            if self.path[end - 1].speaker.role == "user" and self._at(one, book, end, ())[0]:
                return end
        return None

    def _at(self, one: Found, book: Lorebook, end: int, contents: Contents) -> tuple[bool, str]:
        """The verdict on the first `end` utterances, without what happened before."""
        refused = self._refusal(one, end)
        if refused:
            return False, refused
        depth = book.scan_depth if one.rules.scan_depth is None else one.rules.scan_depth
        start = max(0, end - depth)
        window = [self._text(index) for index in range(start, end)]
        hit, reason = _search(one, window, start, contents)
        return self._chance(one, end, reason) if hit else (False, reason)

    def _text(self, index: int) -> Text:
        """An utterance, folded when it is first searched."""
        if index not in self._texts:
            self._texts[index] = Text.of(self.path[index].text)
        return self._texts[index]

    def _refusal(self, one: Found, end: int) -> str:
        """Which condition on the course of the dialogue is not met; empty if none."""
        rules = one.rules
        after, every = rules.activate_only_after, rules.activate_only_every
        counted = after is not None or every is not None
        replies = sum(u.speaker.role == "character" for u in self.path[:end]) if counted else 0
        if after is not None and replies < after:
            return f"@@activate_only_after {after}: {replies} replies so far"
        if every is not None and replies % every:
            return f"@@activate_only_every {every}: {replies} replies so far"
        if rules.is_greeting is not None and self._greeting() not in (None, rules.is_greeting):
            return f"@@is_greeting {rules.is_greeting}: another greeting was said"
        return ""

    def _greeting(self) -> int | None:
        """Which of the character's greetings opened the dialogue; None if none did."""
        if not self.path or self.path[0].speaker.role != "character":
            return None
        greetings = enumerate(self.character.greetings)
        own = {index: could_yield(text, self.path[0].text) for index, text in greetings}
        fitting = {index: words for index, words in own.items() if words is not None}
        return max(fitting, key=fitting.__getitem__, default=None)

    def _chance(self, one: Found, end: int, reason: str) -> tuple[bool, str]:
        """Whether chance lets an entry in: once a dialogue in front, once a message elsewhere."""
        odds = one.entry.probability
        if odds >= 100:
            return True, reason
        spoken = [u.id for u in self.path[:end] if u.speaker.role == "user"]
        drawn = self.seed if one.front or not spoken else spoken[-1]
        key = f"{drawn}/{one.book}/{one.label}/{one.text}".encode()
        roll = int.from_bytes(hashlib.blake2b(key, digest_size=8).digest()) % 100
        if roll < odds:
            return True, f"{reason}; chance {odds}% held"
        return False, f"{reason}; chance {odds}% failed"


def _search(one: Found, window: Sequence[Text], start: int, contents: Contents) -> tuple[bool, str]:
    """Whether an entry's keys occur in the window or in other entries' contents, and where."""
    entry, rules = one.entry, one.rules
    texts = [*(text for _, text in contents), *window]

    def hits(keys: Sequence[str]) -> list[tuple[str, int]]:
        found = ((key, find(key, texts, entry)) for key in keys)
        return [(key, index) for key, index in found if index is not None]

    primary = hits(entry.keys)
    if not primary and not one.constant:
        return False, _no_key(entry, len(window))
    for group in rules.additional_keys:
        if not hits(group):
            return False, f"no additional key ({', '.join(group)})"
    if not entry.use_regex:
        excluded = hits(rules.exclude_keys)
        if excluded:
            return False, f"excluded by '{excluded[0][0]}'"
        if entry.selective and entry.secondary_keys and not one.constant:
            met, said = _secondary(entry, {key for key, _ in hits(entry.secondary_keys)})
            if not met:
                return False, said
    if one.constant:
        return True, "constant"
    key, index = primary[0]
    literally = f"; {_LITERALLY}" if _unusable(entry, [key]) else ""
    return True, f"key '{key}' in {_where(index, contents, start)}{literally}"


def _no_key(entry: LoreEntry, searched: int) -> str:
    if not entry.keys:
        return "it has no keys"
    literally = f"; {_LITERALLY}" if _unusable(entry, entry.keys) else ""
    return f"no key in the last {searched} utterance{'' if searched == 1 else 's'}{literally}"


def _unusable(entry: LoreEntry, keys: Sequence[str]) -> bool:
    """Whether some key is meant as a pattern, but is none that we know."""
    return entry.use_regex and any(broken(key, entry.case_sensitive) for key in keys)


def _secondary(entry: LoreEntry, hit: set[str]) -> tuple[bool, str]:
    """Whether the secondary keys that were hit satisfy the entry's logic."""
    every = hit.issuperset(entry.secondary_keys)
    met = {"and_any": bool(hit), "and_all": every, "not_any": not hit, "not_all": not every}
    return met[entry.logic], f"secondary keys: {entry.logic} is not met"


def _where(index: int, contents: Contents, start: int) -> str:
    if index < len(contents):
        return f"entry '{contents[index][0]}'"
    return f"utterance {start + index - len(contents) + 1}"
