"""Files that appear under their name whole or not at all; knows nothing of what is in them."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO


@contextmanager
def whole_file(path: Path) -> Iterator[BinaryIO]:
    """A stream whose content becomes `path` when the block ends well; it replaces what is there.

    Until then it is a hidden file beside it (`stream.name`), which an error takes away. The content
    is on disk before the name is. Raises OSError.
    """
    made = path.with_name(f".{path.name[:40]}.{secrets.token_hex(8)}")
    try:
        with made.open("xb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        made.replace(path)
    except BaseException:
        made.unlink(missing_ok=True)
        raise


@contextmanager
def whole_folder(path: Path) -> Iterator[Path]:
    """A folder, named as `path` is, that takes its place when the block ends well.

    Until then it lies in a hidden folder beside it, which an error takes away. Raises OSError, also
    if `path` is there already: a folder is never replaced.
    """
    made = path.with_name(f".{path.name[:40]}.{secrets.token_hex(8)}")
    try:
        (made / path.name).mkdir(parents=True)
        yield made / path.name
        (made / path.name).rename(path)
    finally:
        shutil.rmtree(made, ignore_errors=True)
