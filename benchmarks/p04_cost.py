"""P4: what the command costs before it does anything: CPU seconds, and megabytes on disk.

CPU seconds are user and system time of the whole process, the median of five runs each, in an
empty home for the first run and a filled one after it. The size is that of a fresh virtual
environment's site-packages after `pip install .` without extras, less pip and setuptools.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

from record import record

REPETITIONS = 5
ROOT = Path(__file__).parent.parent


def cpu(*arguments: str, home: str) -> float:
    """CPU seconds of one run of the command."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(
        [sys.executable, "-m", "characterglm", *arguments],
        check=True,
        stdout=subprocess.DEVNULL,
        env=os.environ | {"CHARACTERGLM_HOME": home},
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def installed_megabytes() -> float:
    """Megabytes of a core install."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        python = Path(folder) / "bin" / "python"
        subprocess.run([python, "-m", "pip", "install", "-q", str(ROOT)], check=True)
        packages = next(Path(folder).glob("lib/python*/site-packages"))
        # What a bare environment has is not ours.
        files = (
            file
            for file in packages.rglob("*")
            if file.is_file() and file.relative_to(packages).parts[0].split("-")[0] not in BARE
        )
        return sum(file.stat().st_size for file in files) / 1e6


BARE = ("pip", "setuptools", "pkg_resources", "_distutils_hack")


def main() -> None:
    """Run and record."""
    with tempfile.TemporaryDirectory() as home:
        cpu("character", "list", home=home)
        help_seconds = median(cpu("--help", home=home) for _ in range(REPETITIONS))
        list_seconds = median(cpu("character", "list", home=home) for _ in range(REPETITIONS))
    record("P4-help", ours=help_seconds)
    record("P4-list", ours=list_seconds)
    record("P4-install", ours=installed_megabytes())


if __name__ == "__main__":
    main()
