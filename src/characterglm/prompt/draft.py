"""A scene weighed, fitted into a budget and written in a format.

Knows where notes and lorebook entries stand among what was said; what leaves is `budget`'s rule.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from characterglm.prompt import budget as budgets
from characterglm.prompt.counting import CachedCount
from characterglm.prompt.formats.base import PromptFormat, Rendered
from characterglm.prompt.lore_budget import Lore, choose
from characterglm.prompt.lorebook import Found
from characterglm.prompt.scene import Scene
from characterglm.prompt.script import Block, Line, Script
from characterglm.prompt.types import Segment


@dataclass(frozen=True, slots=True)
class Draft:
    """What stays of a scene, and how it is written."""

    scene: Scene
    script: Script
    rendered: Rendered
    lore: Lore
    fit: budgets.Fit
    dropped_utterances: int
    until: int
    """Index of the first line that the next message may still move or change."""

    @property
    def segments(self) -> tuple[Segment, ...]:
        """The whole prompt."""
        return self.rendered.segments

    @property
    def dropped_examples(self) -> int:
        """How many example dialogues had to leave."""
        return len(self.scene.examples) - self.fit.examples

    @property
    def settled(self) -> int:
        """How many leading segments stay as they are, whatever is said next."""
        return self.rendered.starts[self.until]

    @property
    def stable(self) -> int:
        """How many leading segments do not depend on the history: the front and the greeting."""
        lines = self.script.lines if not self.dropped_utterances else ()
        greeted = 0
        while greeted < len(lines) and _greets(lines[greeted]):
            greeted += 1
        return self.rendered.starts[greeted]


def draft(
    scene: Scene,
    format: PromptFormat,  # noqa: A002
    budget: int | None,
    count: CachedCount,
) -> Draft:
    """The scene within its budget. Raises ContextOverflow if what never leaves is too much."""
    allowed = budget
    while True:
        made = _attempt(scene, _Scales(scene, format, count), allowed)
        if budget is None or allowed is None:
            return made
        excess = count(made.segments) - budget
        if excess <= 0:
            return made
        # A template may cost more as a whole than its parts do; ask for as much less.
        allowed -= excess


class _Scales:
    """What the parts of one scene cost in one format."""

    def __init__(self, scene: Scene, format_: PromptFormat, count: CachedCount) -> None:
        self.scene, self.format, self.count = scene, format_, count
        self._marks: dict[tuple[str, str, bool, bool], int] = {}
        self._bare = self._front(())

    def fixed(self) -> budgets.Fixed:
        """What never leaves."""
        scene, cast = self.scene, self.scene.cast
        core = scene.lines[scene.core :]
        marks = self.line(replace(core[0], text="")) if core else 0
        said = sum(self.line(line) for line in (*core, *scene.notes)) - marks
        if scene.reply:
            marks += self.count(self.format.opening(cast))
        if scene.begun:
            said += self.line(scene.begun)
        return budgets.Fixed(self.count(self.format.front(scene.blocks, cast)), marks, said)

    def line(self, line: Line) -> int:
        """A line with its markers, which cost the same for every line of one speaker."""
        key = (line.role, line.name, line.named, line.trained)
        marks = self._marks.get(key)
        if marks is None:
            empty = replace(line, text="")
            marks = self._marks[key] = self.count(self.format.line(empty, self.scene.cast))
        return marks + self.count.text(line.text)

    def block(self, block: Block) -> int:
        """One more block in front."""
        return self._front((block,)) - self._bare

    def lore(self, found: Found) -> int:
        """A lorebook entry where it belongs."""
        return self.block(_lore_block(found)) if found.front else self.line(_lore_line(found))

    def _front(self, more: Sequence[Block]) -> int:
        return self.count(self.format.front((Block("profile", "."), *more), self.scene.cast))


def _attempt(scene: Scene, scales: _Scales, budget: int | None) -> Draft:
    fixed = scales.fixed()
    examples = [scales.block(block) for block in scene.examples]
    if budget is None:
        lore = choose(scene.lore, scene.books, scales.lore, None)
        return _written(scene, scales.format, lore, budgets.Fit(len(examples), 0))
    budgets.check(budget, fixed)
    cap = budgets.lore_cap(budget, fixed)
    lore = choose(scene.lore, scene.books, scales.lore, cap)
    turns = [sum(scales.line(scene.lines[index]) for index in turn) for turn in scene.turns]
    space = budgets.room(budget, fixed) - _lore_room(scene, scales, lore, cap)
    fit = budgets.fit(space, examples, turns)
    if fit.first or fit.examples < len(examples):
        lore = choose(scene.lore, scene.books, scales.lore, cap, full=True)
    return _written(scene, scales.format, lore, fit)


def _lore_room(scene: Scene, scales: _Scales, lore: Lore, cap: int) -> int:
    """Tokens to keep for lorebook entries, whichever of them are called up next."""
    front = lore.tokens(front=True)
    rest = (one for one in scene.lore if not one.front and one.entry.enabled and one.text)
    return front + min(cap - front, sum(scales.lore(one) for one in rest))


def _written(scene: Scene, format_: PromptFormat, lore: Lore, fit: budgets.Fit) -> Draft:
    gone = scene.turns[fit.first].start if fit.first < len(scene.turns) else scene.core
    said = scene.lines[gone:]
    core = scene.core - gone
    notes = _placed(scene, lore, len(said), core)
    until_said = min([core, *(one.index(len(said), core) for one in scene.lore if _roams(one))])
    lines: list[Line] = []
    until = 0
    for index in range(len(said) + 1):
        until = len(lines) if index == until_said else until
        lines.extend(line for at, line in notes if at == index)
        lines.extend(said[index : index + 1])
    script = Script(scene.cast, _front(scene, lore, fit), tuple(lines), scene.reply, scene.begun)
    return Draft(scene, script, format_.render(script), lore, fit, gone, until)


def _placed(scene: Scene, lore: Lore, said: int, core: int) -> list[tuple[int, Line]]:
    """Notes with the index of the utterance before which they stand.

    Keyed entries and notes stand right before the last message: they come and go, and whatever
    follows them must be read anew by the model.
    """
    entries = [(one.index(said, core), _lore_line(one)) for one in lore.kept(front=False)]
    return [*entries, *((core, note) for note in scene.notes)]


def _front(scene: Scene, lore: Lore, fit: budgets.Fit) -> tuple[Block, ...]:
    """The blocks in front, lorebook entries before and after the profile, then examples."""
    entries = lore.kept(front=True)
    before = [_lore_block(one) for one in entries if one.before]
    after = [_lore_block(one) for one in entries if not one.before]
    about = [index for index, block in enumerate(scene.blocks) if block.part == "profile"]
    first, last = (about[0], about[-1] + 1) if about else (0, 0)
    blocks = scene.blocks
    kept = scene.examples[: fit.examples]
    return (*blocks[:first], *before, *blocks[first:last], *after, *blocks[last:], *kept)


def _greets(line: Line) -> bool:
    return line.speaker == "character" and line.part == "history"


def _roams(one: Found) -> bool:
    """Whether an entry stands deep among what was said: it moves, or comes and goes, there."""
    return one.entry.enabled and one.among


def _lore_line(one: Found) -> Line:
    return Line(one.text, one.role, "lorebook")


def _lore_block(one: Found) -> Block:
    return Block("lorebook", one.text)
