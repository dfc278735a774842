"""Fails if a pytest report (JUnit XML) holds a skipped test, unless the reason is a missing GPU."""

from __future__ import annotations

import sys
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator


def skipped(report: str) -> Iterator[str]:
    """The skipped tests that need no GPU, each with its reason."""
    for case in ElementTree.parse(report).iter("testcase"):  # noqa: S314 - written by our own pytest
        for skip in case.findall("skipped"):
            reason = skip.get("message", "")
            if "no GPU" not in reason:
                yield f"{case.get('classname')}::{case.get('name')}: {reason}"


if __name__ == "__main__":
    found = list(skipped(sys.argv[1]))
    print("\n".join(found) or "none")
    sys.exit(1 if found else 0)
