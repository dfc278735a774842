"""Pulling over HTTP, from stand-in hubs with every bad habit."""

from __future__ import annotations

import hashlib
import shutil
import threading
import time
from email.message import Message
from pathlib import Path
from typing import Any
from urllib.request import Request

import pytest

from characterglm.errors import DiskFull, InputError, ModelError, PullFailed, WrongHash
from characterglm.models import forget, hub, local_path, pull, resolve
from characterglm.models.lock import locked
from characterglm.models.partial import Partial, Silent, SourceFailed
from characterglm.settings import settings

Hubs = Any


class Told:
    """Remembers what a pull told."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.done: list[int] = []
        self.total = 0

    def say(self, message: str) -> None:
        self.lines.append(message)

    def advance(self, done: int, total: int) -> None:
        self.done.append(done)
        self.total = total

    @property
    def text(self) -> str:
        return "\n".join(self.lines)


@pytest.fixture
def told() -> Told:
    return Told()


def test_a_model_is_pulled_and_shown(hubs: Hubs, home: Path, told: Told, left_over: Any) -> None:
    path = pull(hubs.spec, progress=told)
    assert path == home / "models" / "toy.gguf"
    assert path.read_bytes() == hubs.content
    assert local_path(hubs.spec) == path
    assert left_over() == ["toy.gguf.lock"]
    for word in ("toy", "384.0 kB", "CC0-1.0", hubs.server.url):
        assert word in told.text
    assert told.total == told.done[-1] == len(hubs.content)
    assert told.done == sorted(told.done)


def test_a_connection_that_breaks_is_taken_up_where_it_broke(
    hubs: Hubs, answer: Any, told: Told
) -> None:
    hubs.server.script[hubs.hub] = [answer(cut=100_000), answer(cut=50_000)]
    assert pull(hubs.spec, progress=told).read_bytes() == hubs.content
    assert hubs.server.gets(hubs.hub) == ["", "bytes=100000-", "bytes=150000-"]


def test_a_server_without_ranges_starts_over(hubs: Hubs, answer: Any) -> None:
    hubs.server.script[hubs.hub] = [answer(cut=100_000), answer(ranges=False)]
    assert pull(hubs.spec).read_bytes() == hubs.content
    assert hubs.server.gets(hubs.hub) == ["", "bytes=100000-"]


def test_a_server_that_always_breaks_off_is_left(hubs: Hubs, answer: Any, told: Told) -> None:
    hubs.server.script[hubs.hub] = [answer(cut=9000, ranges=False) for _ in range(9)]
    assert pull(hubs.spec, progress=told).read_bytes() == hubs.content
    assert len(hubs.server.gets(hubs.hub)) == 4
    assert "ended after 9,000 of 384,007 bytes" in told.text
    # The next hub goes on from what this one has sent.
    assert hubs.server.gets(hubs.modelscope) == ["bytes=9000-"]


@pytest.mark.parametrize("length", [True, False])
def test_wrong_bytes_are_thrown_away(hubs: Hubs, answer: Any, told: Told, length: bool) -> None:
    wrong = hubs.content[:-1] + b"!"
    hubs.server.script[hubs.hub] = [answer(body=wrong, length=length)]
    assert pull(hubs.spec, progress=told).read_bytes() == hubs.content
    assert "another sha256" in told.text
    assert hubs.server.gets(hubs.modelscope) == [""]


def test_wrong_bytes_everywhere(hubs: Hubs, left_over: Any) -> None:
    wrong = hubs.content[:-1] + b"!"
    hubs.server.files |= {hubs.hub: wrong, hubs.modelscope: wrong}
    with pytest.raises(WrongHash) as caught:
        pull(hubs.spec)
    assert str(caught.value).count("another sha256") == 2
    assert left_over() == ["toy.gguf.lock"]
    assert local_path(hubs.spec) is None


def test_a_wrong_part_from_earlier_is_not_blamed_on_the_source(hubs: Hubs, part_of: Any) -> None:
    part_of(hubs.spec).write_bytes(b"rubbish" * 1000)
    assert pull(hubs.spec).read_bytes() == hubs.content
    assert hubs.server.gets(hubs.hub) == ["bytes=7000-", ""]


@pytest.mark.parametrize("extra", [b"more", b"more" * 500_000])
def test_never_more_is_written_than_the_file_has(
    hubs: Hubs, answer: Any, told: Told, extra: bytes
) -> None:
    hubs.server.script[hubs.hub] = [answer(body=b"x" + hubs.content + extra, length=False)]
    pull(hubs.spec, progress=told)
    assert max(told.done) == len(hubs.content)


def test_a_file_of_another_size_is_refused_before_it_is_written(hubs: Hubs, told: Told) -> None:
    hubs.server.files[hubs.hub] = hubs.content + b"more"
    pull(hubs.spec, progress=told)
    assert "has a file of 384,011 bytes, not 384,007" in told.text


def test_a_range_nobody_asked_for_is_refused(hubs: Hubs, answer: Any, told: Told) -> None:
    skewed = answer(
        status=206,
        body=hubs.content[100_000:],
        headers={"Content-Range": f"bytes 99999-{len(hubs.content) - 1}/{len(hubs.content)}"},
    )
    hubs.server.script[hubs.hub] = [answer(cut=100_000), skewed]
    assert pull(hubs.spec, progress=told).read_bytes() == hubs.content
    assert "was asked for the bytes from 100,000" in told.text


def test_when_no_source_answers_the_message_names_them_all(hubs: Hubs, answer: Any) -> None:
    hubs.server.script[hubs.hub] = [answer(status=503)]
    del hubs.server.files[hubs.modelscope]
    with pytest.raises(PullFailed) as caught:
        pull(hubs.spec)
    text = str(caught.value)
    for word in (
        "toy",
        "model hub",
        "HTTP 503",
        "ModelScope",
        "HTTP 404",
        "HF_ENDPOINT",
        "--model",
    ):
        assert word in text
    assert hubs.server.url + hubs.hub in text


def test_what_has_come_is_kept_when_the_network_goes(hubs: Hubs, answer: Any, home: Path) -> None:
    broken = [answer(cut=70_000), *(answer(status=503) for _ in range(5))]
    hubs.server.script |= {hubs.hub: broken, hubs.modelscope: [answer(status=503)]}
    with pytest.raises(PullFailed, match=r"70\.0 kB are here already"):
        pull(hubs.spec)
    hubs.server.script.clear()
    hubs.server.asked.clear()
    assert pull(hubs.spec).read_bytes() == hubs.content
    assert hubs.server.gets(hubs.hub) == ["bytes=70000-"]


def test_a_refused_connection_and_a_silent_server_cost_little_time(
    hubs: Hubs, answer: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub, "PATIENCE", 0.3)
    monkeypatch.setenv("MODELSCOPE_ENDPOINT", "http://127.0.0.1:9")
    settings.cache_clear()
    hubs.server.script[hubs.hub] = [answer(silent=True)]
    start = time.monotonic()
    with pytest.raises(PullFailed) as caught:
        pull(hubs.spec)
    assert time.monotonic() - start < 5
    assert "no answer within 0 s" in str(caught.value)
    assert "Connection refused" in str(caught.value)


def test_only_one_kind_of_source(hubs: Hubs) -> None:
    pull(hubs.spec, only="modelscope")
    assert hubs.server.gets(hubs.hub) == []
    with pytest.raises(InputError, match="no source 'pypi'; it has: hub, modelscope"):
        pull(hubs.spec, only="pypi")


def test_too_little_disk_is_found_before_anything_is_written(
    hubs: Hubs, home: Path, left_over: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(home.parent)._replace(free=1000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    with pytest.raises(DiskFull) as caught:
        pull(hubs.spec)
    for word in (str(home / "models"), "384.0 kB", "1.0 kB", "CHARACTERGLM_HOME"):
        assert word in str(caught.value)
    assert hubs.server.asked == []
    assert left_over() == ["toy.gguf.lock"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full on this system")
def test_a_disk_that_fills_up_meanwhile(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_bytes(b"x" * 100)
    partial = Partial(Path("/dev/full"), 100, "", Silent())
    with source.open("rb") as stream, pytest.raises(DiskFull, match="the disk is full"):
        partial.append(stream, 100)


def test_a_models_directory_that_cannot_be_made(hubs: Hubs, home: Path) -> None:
    home.write_text("a file, where a directory should be")
    with pytest.raises(ModelError, match="cannot be made"):
        pull(hubs.spec)


def test_a_lock_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "x.lock").mkdir()
    with (
        pytest.raises(ModelError, match=r"x\.lock cannot be written"),
        locked(tmp_path / "x.lock", lambda: None),
    ):
        pass


def test_a_damaged_file_is_set_aside_and_pulled_anew(hubs: Hubs, home: Path, told: Told) -> None:
    path = pull(hubs.spec)
    damaged = b"!" + hubs.content[1:]
    path.write_bytes(damaged)
    assert pull(hubs.spec, progress=told).read_bytes() == hubs.content
    assert (home / "models" / "toy.gguf.wrong").read_bytes() == damaged
    assert "toy.gguf.wrong" in told.text


def test_what_is_here_is_not_pulled_again(hubs: Hubs) -> None:
    pull(hubs.spec)
    hubs.server.asked.clear()
    pull(hubs.spec)
    assert hubs.server.asked == []


def test_two_at_once_pull_once(hubs: Hubs, answer: Any, told: Told) -> None:
    hubs.server.script[hubs.hub] = [answer(block_delay=0.03)]
    first = threading.Thread(target=pull, args=(hubs.spec,))
    first.start()
    while not hubs.server.asked:
        time.sleep(0.01)
    path = pull(hubs.spec, progress=told)
    first.join()
    assert path.read_bytes() == hubs.content
    assert told.lines[0] == "another process is pulling toy; waiting for it"
    assert hubs.server.gets(hubs.hub) == [""]


def test_a_killed_pull_goes_on_where_it_was(
    hubs: Hubs, answer: Any, part_of: Any, pull_and_kill: Any
) -> None:
    hubs.server.script[hubs.hub] = [answer(block_delay=0.1)]
    part = part_of(hubs.spec)
    pull_and_kill(hubs.spec, lambda: part.exists() and part.stat().st_size > 65_536)
    have = part.stat().st_size
    assert have < len(hubs.content)
    assert pull(hubs.spec).read_bytes() == hubs.content
    assert hubs.server.gets(hubs.hub) == ["", f"bytes={have}-"]


def test_forgetting_a_model_frees_everything(hubs: Hubs, part_of: Any, left_over: Any) -> None:
    path = pull(hubs.spec)
    part_of(hubs.spec).write_bytes(b"12345")
    aside = path.with_name("toy.gguf.wrong")
    aside.write_bytes(b"123")
    assert forget(hubs.spec) == len(hubs.content) + 5 + 3
    assert not path.exists()
    assert not aside.exists()
    assert left_over() == ["toy.gguf.lock"]
    assert forget(hubs.spec) == 0


class TestUnlistedFile:
    """`hf:owner/repo/file.gguf`: the hub tells the size and the hash."""

    name = "hf:us/toy/toy.gguf"

    def redirect(self, hubs: Hubs, answer: Any, **more: str) -> Any:
        headers = {
            "Location": "/cdn",
            "X-Linked-Etag": f'"{hashlib.sha256(hubs.content).hexdigest()}"',
            "X-Linked-Size": str(len(hubs.content)),
        }
        hubs.server.files["/cdn"] = hubs.content
        return answer(status=302, headers=headers | more)

    def test_it_is_pulled_under_the_hubs_hash(
        self, hubs: Hubs, answer: Any, home: Path, told: Told
    ) -> None:
        hubs.server.script[hubs.hub] = [self.redirect(hubs, answer) for _ in range(2)]
        path = pull(resolve(self.name), progress=told)
        assert path == home / "models" / "hf" / "us" / "toy" / "toy.gguf"
        assert path.read_bytes() == hubs.content
        assert "its sha256 is the hub's own" in told.text
        assert [(method, at) for method, at, _ in hubs.server.asked] == [
            ("HEAD", hubs.hub),
            ("GET", hubs.hub),
            ("GET", "/cdn"),
        ]
        hubs.server.asked.clear()
        assert pull(resolve(self.name)) == path
        assert hubs.server.asked == []

    def test_a_renamed_repository_is_followed(self, hubs: Hubs, answer: Any) -> None:
        moved = answer(status=307, headers={"Location": "/new/home"})
        there = self.redirect(hubs, answer)
        hubs.server.script |= {hubs.hub: [moved, moved], "/new/home": [there, there]}
        assert pull(resolve(self.name)).read_bytes() == hubs.content

    def test_wrong_bytes_are_found_out(self, hubs: Hubs, answer: Any) -> None:
        there = [self.redirect(hubs, answer) for _ in range(2)]
        hubs.server.script[hubs.hub] = there
        hubs.server.files["/cdn"] = b"?" * len(hubs.content)
        with pytest.raises(WrongHash, match="another sha256"):
            pull(resolve(self.name))

    @pytest.mark.parametrize("tag", ['"a1b2"', "W/etag"])
    def test_a_file_without_a_hash_is_refused(self, hubs: Hubs, answer: Any, tag: str) -> None:
        hubs.server.script[hubs.hub] = [self.redirect(hubs, answer, **{"X-Linked-Etag": tag})]
        with pytest.raises(PullFailed, match="names no size and sha256"):
            pull(resolve(self.name))

    def test_no_such_file(self, hubs: Hubs, answer: Any) -> None:
        hubs.server.script[hubs.hub] = [answer(status=401)]
        with pytest.raises(PullFailed, match=r"HTTP 401 .*asks for a login"):
            pull(resolve(self.name))


def test_an_endpoint_must_be_http(hubs: Hubs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "file:///etc")
    settings.cache_clear()
    with pytest.raises(PullFailed, match="no http address"):
        pull(hubs.spec, only="hub")


def test_https_never_becomes_http() -> None:
    handler = hub._Redirects(follow=True)
    request = Request("https://hub.example/x")
    with pytest.raises(SourceFailed, match="redirects from https"):
        handler.redirect_request(request, None, 302, "", Message(), "http://cdn.example/x")  # type: ignore[arg-type]
    kept = handler.redirect_request(request, None, 302, "", Message(), "https://cdn.example/x")  # type: ignore[arg-type]
    assert kept is not None
    assert kept.full_url == "https://cdn.example/x"


def test_a_users_own_file_is_neither_pulled_nor_deleted(tmp_path: Path, gguf: Any) -> None:
    path = tmp_path / "mine.gguf"
    path.write_bytes(gguf({}))
    spec = resolve(str(path))
    assert pull(spec) == path
    with pytest.raises(InputError, match="delete it yourself"):
        forget(spec)
    assert path.exists()
