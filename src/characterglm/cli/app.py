"""The command tree, the exit codes, and how an error is shown; no command's body.

Exit status: 0 done, 1 a user error (one message on stderr), 2 wrong usage, 130 interrupted.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from cyclopts import App, ArgumentCollection, CycloptsError, Parameter
from cyclopts.config import Dict

from characterglm import __version__
from characterglm.cli.terminal import plain
from characterglm.errors import CharacterGLMError, InputError, ValidationFailed

NOUNS = {
    "chat": "Talk with a character.",
    "character": "Make, look at, check, import and export characters.",
    "model": "Models: list, pull, look at, remove.",
    "dialogue": "What was said: list, show, search, import, export, delete.",
}


def make_app() -> App:
    """The command tree; each noun's module is imported only when it is used."""
    app = App(
        name="characterglm",
        help="Give an AI a character and talk with it.",
        version=__version__,
        help_epilogue="Every option can also stand in a YAML file: --config FILE (flags win).",
        result_action="return_value",
        default_parameter=Parameter(negative=()),
    )
    for noun, summary in NOUNS.items():
        app.command(f"characterglm.cli.{noun}:app", name=noun, help=summary)
    return app


def run(argv: Sequence[str]) -> int:
    """Run one command line; returns the exit status and never raises for a user error."""
    tokens = list(argv)
    app = make_app()
    try:
        config = _take_config(tokens)
        if config:
            app.config = (_options(config),)
        result = app(tokens, exit_on_error=False, print_error=True)
    except CycloptsError:
        return 2
    except CharacterGLMError as error:
        print(f"error: {plain(str(error))}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # The reader (`head`, a closed pager) has gone; nothing is left to say to it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return result if isinstance(result, int) else 0


def _take_config(tokens: list[str]) -> Path | None:
    """Cut `--config FILE` out of the command line."""
    from characterglm.settings import home_path

    for index, token in enumerate(tokens):
        if token == "--":  # noqa: S105 - the end of the options, no secret
            return None
        flag, equals, value = token.partition("=")
        if flag != "--config":
            continue
        if not equals and index + 1 == len(tokens):
            raise InputError("--config needs a file: --config FILE")
        path = home_path(value if equals else tokens[index + 1])
        del tokens[index : index + (1 if equals else 2)]
        return path
    return None


def _options(path: Path) -> Callable[..., None]:
    """The options that a YAML file gives to whichever command is run; flags win over them."""
    from characterglm.character import yamlfile, yamltree

    tree = yamltree.load(yamlfile.read_text(path), str(path))
    if tree.problems:
        raise ValidationFailed(str(path), tree.problems)
    found = {} if tree.data is None else tree.data
    if not isinstance(found, dict):
        raise InputError(f"--config {path}: needed are lines like `seed: 5`")
    options = {key.replace("_", "-"): value for key, value in found.items()}

    def apply(app: App, commands: tuple[str, ...], arguments: ArgumentCollection) -> None:
        # Cyclopts drops a flat key that is also a noun (`model`), so the keys are nested.
        nested: dict[str, Any] = options
        for command in reversed(commands):
            nested = {command: nested}
        Dict(nested, source=str(path))(app, commands, arguments)

    return apply
