"""How a talk looks in a terminal: names, streamed text, lists. Reads nothing, decides nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.table import Table
from rich.text import Text

from characterglm.chat.talk import Talk
from characterglm.cli.messages import Messages
from characterglm.cli.terminal import plain
from characterglm.dialogue import Utterance
from characterglm.dialogue.counts import DialogueInfo


class ChatView:
    """Prints to one console, in one language."""

    def __init__(self, console: Console, texts: Messages) -> None:
        self.console, self.texts = console, texts
        self._errors = Console(stderr=True, highlight=False, soft_wrap=True)

    def note(self, key: str, **values: object) -> None:
        """A remark of the program's, set apart from what is said."""
        shown = {name: plain(str(value)) for name, value in values.items()}
        self.console.print(Text(self.texts(key, **shown), style="dim"))

    def problem(self, message: str) -> None:
        """An error, after which the talk goes on."""
        self._errors.print(Text(plain(message), style="red"))

    def name(self, name: str) -> None:
        """Whose words follow on the same line."""
        self.console.print(Text(plain(name), style="bold cyan"), end=" ")

    def piece(self, text: str) -> None:
        """A stretch of a reply, at once and unwrapped."""
        self.console.file.write(plain(text))
        self.console.file.flush()

    def end_line(self) -> None:
        """The reply is over."""
        self.console.file.write("\n")
        self.console.file.flush()

    @contextmanager
    def waiting(self, name: str) -> Iterator[ReplyView]:
        """A reply of `name` that is awaited, then comes piece by piece."""
        reply = ReplyView(self, name)
        try:
            yield reply
        finally:
            reply.close()

    def utterance(self, utterance: Utterance, you: str) -> None:
        """A whole utterance with its speaker's name."""
        by_user = utterance.speaker.role == "user"
        self.name(utterance.speaker.name or (you if by_user else utterance.speaker.role))
        self.piece(utterance.text)
        self.end_line()

    def history(self, talk: Talk, last: int | None = None) -> None:
        """What was said, numbered from 1; `<2/3>` marks the second of three versions."""
        path = talk.path
        start = 0 if last is None else max(0, len(path) - last)
        for number, utterance in enumerate(path[start:], start + 1):
            mark = _mark(utterance, talk.versions(utterance))
            self.console.print(Text(f"{number:>3}{mark}", style="dim"), end=" ")
            self.utterance(utterance, self.texts("you"))

    def versions(self, versions: Iterable[Utterance], chosen: Utterance) -> None:
        """The versions of one reply; a star marks the chosen one."""
        for number, utterance in enumerate(versions, 1):
            star = "*" if utterance.id == chosen.id else " "
            self.console.print(Text(f"{star}{number}", style="dim"), end=" ")
            self.piece(utterance.text)
            self.end_line()

    def branches(self, leaves: Iterable[Utterance], chosen: Utterance | None) -> None:
        """How each branch ends; a star marks the one where the talk stands."""
        for index, leaf in enumerate(leaves):
            star = "*" if leaf is chosen else " "
            self.console.print(Text(f"{star}{branch_name(index)}", style="dim"), end=" ")
            self.utterance(leaf, self.texts("you"))

    def dialogues(self, infos: Iterable[DialogueInfo]) -> None:
        """Dialogues to choose from."""
        table = Table(box=None, show_header=False)
        for info in infos:
            when = f"{info.touched.astimezone():%Y-%m-%d %H:%M}"
            table.add_row(info.id, when, str(info.turns), plain(info.title))
        self.console.print(table)

    def commands(self) -> None:
        """The help."""
        table = Table(box=None, show_header=False)
        for name, help_text in self.texts.help.items():
            table.add_row(Text(f"/{name}", style="bold"), Text(help_text))
        self.console.print(table)


def branch_name(index: int) -> str:
    """The letters that stand for a branch: a, b, …, z, aa, ab, …"""
    name = ""
    while index >= 0:
        index, letter = divmod(index, 26)
        name, index = chr(ord("a") + letter) + name, index - 1
    return name


def _mark(utterance: Utterance, versions: list[Utterance]) -> str:
    ids = [one.id for one in versions]
    known = utterance.id in ids and len(ids) > 1
    return f" <{ids.index(utterance.id) + 1}/{len(ids)}>" if known else ""


class ReplyView:
    """One reply in the making: a spinner until its first piece, then the text itself."""

    def __init__(self, view: ChatView, name: str) -> None:
        self._view, self._name = view, name
        self._waiting = view.console.status(Text(f"{plain(name)} …", style="dim"))
        self._waiting.start()
        self._open = False

    def piece(self, text: str) -> None:
        """The next stretch."""
        if not self._open:
            self._waiting.stop()
            self._view.name(self._name)
            self._open = True
        self._view.piece(text)

    def again(self) -> None:
        """This reply is withdrawn and another one awaited."""
        self.close()
        self._view.note("again")
        self._waiting.start()

    def end(self) -> None:
        """The reply is complete."""
        if not self._open:
            self._waiting.stop()
            self._view.note("no_reply")

    def close(self) -> None:
        """End the line, whatever became of the reply."""
        self._waiting.stop()
        if self._open:
            self._view.end_line()
        self._open = False
