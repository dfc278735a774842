"""Every error a user can cause or meet; knows nothing about how they are shown.

CharacterGLMError
├── InputError            a file or a value that cannot be used as given
│   └── ValidationFailed  the same, with every problem of the input listed
├── NotFound              no such character, dialogue, model, …; carries near names
├── MissingExtra          an optional dependency is not installed
├── StoreError            the database cannot be opened, read or written
├── ModelError            a model file cannot be had or used
│   ├── PullFailed        every source was tried; says what each answered
│   ├── WrongHash         the bytes are not the ones the registry names
│   └── DiskFull          not enough free space, found before anything is written
└── EngineError           no answer from whoever should answer
    ├── Unsupported       the engine lacks a capability that was asked for
    ├── ContextOverflow   the profile and the last message alone exceed the context
    └── EndpointError     a remote endpoint is down, slow, or answers rubbish

A message says what was found, what is needed, and what to type. The command line prints it
without a traceback and exits with 1; anything that is not a CharacterGLMError is a bug.
"""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from types import ModuleType


class CharacterGLMError(Exception):
    """Base of every error that is the user's to mend; its text is the whole message."""


class InputError(CharacterGLMError):
    """A file or a value that cannot be used as given."""


@dataclass(frozen=True)
class Problem:
    """One thing wrong with an input."""

    message: str
    field: str = ""
    """Dotted path inside the document, e.g. `behaviors.linguistic.catchphrases.2`."""
    file: str = ""
    line: int | None = None
    """1-based line in `file`."""

    def __str__(self) -> str:
        place = self.file
        if self.line:
            place = f"{self.file}:{self.line}" if self.file else f"line {self.line}"
        return ": ".join(part for part in (place, self.field, self.message) if part)


class ValidationFailed(InputError):
    """An input with one or more problems, all of them reported at once."""

    def __init__(self, what: str, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        count = len(self.problems)
        head = f"{what} has {count} problem{'s' if count != 1 else ''}:"
        super().__init__("\n".join([head, *(f"  {problem}" for problem in self.problems)]))


class NotFound(CharacterGLMError):
    """No such thing; the message offers the nearest names that do exist."""

    def __init__(self, kind: str, wanted: str, known: Iterable[str] = (), hint: str = "") -> None:
        near = difflib.get_close_matches(wanted, list(known), n=3, cutoff=0.5)
        parts = [f"no {kind} '{wanted}'"]
        if near:
            parts.append(f"did you mean {' or '.join(near)}?")
        if hint:
            parts.append(hint)
        super().__init__("; ".join(parts))


class MissingExtra(CharacterGLMError):
    """An optional dependency is not installed."""

    def __init__(self, what: str, extra: str) -> None:
        self.extra = extra
        super().__init__(f'{what} needs the extra "{extra}": pip install "characterglm[{extra}]"')


class StoreError(CharacterGLMError):
    """The database cannot be opened, read or written."""


class ModelError(CharacterGLMError):
    """A model file cannot be had or used."""


class PullFailed(ModelError):
    """No source could deliver a model; the message names every source and its answer."""


class WrongHash(ModelError):
    """A file's bytes are not the ones that the registry names."""


class DiskFull(ModelError):
    """Too little free space, found before anything is written."""


class EngineError(CharacterGLMError):
    """No answer from whoever should answer."""


class Unsupported(EngineError):
    """The engine lacks a capability that the request needs."""


class ContextOverflow(EngineError):
    """What must not be cut (the profile and the last message) exceeds the context."""


class EndpointError(EngineError):
    """A remote endpoint is down, slow, or answers rubbish."""


def require(module: str, *, what: str, extra: str) -> ModuleType:
    """Import an optional dependency, or raise `MissingExtra` naming the pip command."""
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name and error.name.split(".")[0] == module.split(".")[0]:
            raise MissingExtra(what, extra) from None
        raise
