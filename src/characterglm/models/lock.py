"""One process at a time; the lock dies with the process that holds it."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from characterglm.errors import ModelError

POLL = 0.2
"""Seconds between two looks at a lock that another process holds."""

if sys.platform == "win32":
    import msvcrt

    def _try(file: IO[bytes]) -> None:
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def _try(file: IO[bytes]) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


@contextmanager
def locked(path: Path, waiting: Callable[[], None]) -> Iterator[None]:
    """Hold the lock on a file; `waiting` is called at every look while another one holds it.

    Raises ModelError where the file cannot be made. It stays when the lock is released: removing
    it would let two processes lock two files.
    """
    try:
        file = path.open("ab")
    except OSError as error:
        raise ModelError(f"{path} cannot be written: {error.strerror}") from None
    with file:
        while True:
            try:
                _try(file)
                break
            except OSError:
                waiting()
                time.sleep(POLL)
        yield
