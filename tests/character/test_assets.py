"""Assets: content-addressed, atomic, and nothing outside their directory."""

import hashlib
from pathlib import Path

import pytest

from characterglm.character import assets as module
from characterglm.character.assets import Assets
from characterglm.errors import InputError, NotFound


def test_what_was_put_can_be_got(tmp_path: Path) -> None:
    assets = Assets(tmp_path / "new" / "assets")
    sha256 = assets.put(b"picture")
    assert sha256 == hashlib.sha256(b"picture").hexdigest()
    assert assets.get(sha256) == b"picture"
    assert assets.path(sha256).read_bytes() == b"picture"


def test_the_same_bytes_are_kept_once(tmp_path: Path) -> None:
    assets = Assets(tmp_path)
    first = assets.path(assets.put(b"x")).stat().st_mtime_ns
    assert assets.path(assets.put(b"x")).stat().st_mtime_ns == first
    assert sum(path.is_file() for path in tmp_path.rglob("*")) == 1


def test_a_failed_write_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int) -> None:
        raise OSError("no space left")

    monkeypatch.setattr("characterglm.store.atomic.os.fsync", full)
    with pytest.raises(InputError, match="cannot be written: no space left; free some space"):
        Assets(tmp_path).put(b"x")
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_a_folder_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "assets"
    folder.write_bytes(b"a file stands where the folder should be")
    assets = Assets(folder)
    with pytest.raises(InputError, match=r"cannot be written: .*make .*assets writable"):
        assets.put(b"x")
    for use in (assets.get, assets.remove):
        with pytest.raises(InputError, match=r"cannot be (read|removed)"):
            use("0" * 64)


def test_what_is_removed_is_gone(tmp_path: Path) -> None:
    assets = Assets(tmp_path)
    sha256 = assets.put(b"x")
    for _ in range(2):
        assets.remove(sha256)
    with pytest.raises(NotFound, match="no asset"):
        assets.get(sha256)


def test_missing_and_changed_assets_are_named(tmp_path: Path) -> None:
    assets = Assets(tmp_path)
    with pytest.raises(NotFound, match="no asset"):
        assets.get("0" * 64)
    sha256 = assets.put(b"x")
    assets.path(sha256).write_bytes(b"y")
    with pytest.raises(InputError, match="was changed"):
        assets.get(sha256)


@pytest.mark.parametrize("name", ["../../etc/passwd", "A" * 64, "0" * 63, "", "0" * 64 + "\n"])
def test_only_a_sha256_is_a_name(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match="64 hexadecimal digits"):
        Assets(tmp_path).path(name)


def test_too_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_BYTES", 3)
    with pytest.raises(InputError, match="too large"):
        Assets(tmp_path).put(b"four")
