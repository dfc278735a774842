"""Fetches a file from the model hub or its Chinese counterpart over HTTP; checks no hashes.

A server that refuses or keeps silent is left within `PATIENCE` seconds; a connection that breaks
after it brought something is taken up again where it broke.
"""

from __future__ import annotations

import http.client
import time
from email.message import Message
from queue import Empty, SimpleQueue
from threading import Thread
from typing import IO
from urllib.error import HTTPError, URLError
from urllib.parse import quote, urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from characterglm import __version__
from characterglm.models.partial import Partial, SourceFailed
from characterglm.models.spec import ModelFile, RepoSource
from characterglm.settings import settings

PATIENCE = 10.0
"""Seconds for a server's first answer, and for each following block."""
PAUSES = (0.5, 1.0, 2.0)
"""Seconds before going on after a broken connection; no more after the last.

Whoever has sent nothing yet is not waited for: there are other sources."""

_BROKEN = (OSError, http.client.HTTPException)


def url_of(source: RepoSource, file: ModelFile) -> str:
    """Where a repository's file is to be had."""
    path = quote(source.path or file.name)
    if source.kind == "hub":
        return f"{settings().hf_endpoint.rstrip('/')}/{source.repo}/resolve/main/{path}"
    return (
        f"{settings().modelscope_endpoint.rstrip('/')}/models/{source.repo}/resolve/master/{path}"
    )


def locate(source: RepoSource, file: ModelFile) -> ModelFile:
    """The file with the size and the sha256 that the hub gives for it."""
    headers = _head(url_of(source, file))
    sha256 = headers.get("X-Linked-Etag", "").strip('"').lower()
    size = headers.get("X-Linked-Size", "")
    if len(sha256) != 64 or not size.isdecimal():
        raise SourceFailed("names no size and sha256 for the file")
    return ModelFile(name=file.name, size=int(size), sha256=sha256)


def fetch(url: str, partial: Partial) -> None:
    """Complete a part from a URL. Raises `SourceFailed` when that cannot be done."""
    answered, vain = False, 0
    while (have := partial.have) < partial.size:
        problem = _go_on(url, have, partial)
        grown = partial.have > have
        answered, vain = answered or grown, 0 if grown else vain + 1
        if not answered or vain > len(PAUSES):
            raise SourceFailed(problem)
        if vain:
            time.sleep(PAUSES[vain - 1])


def _go_on(url: str, have: int, partial: Partial) -> str:
    """Fetch what is missing in one request; returns why it ended, if it ended early."""
    # No If-Range: the hash pins the bytes, so a changed file is found out in any case.
    request = _request(url, {"Range": f"bytes={have}-"} if have else {})
    try:
        with _open(request) as response:
            if have and response.status != http.client.PARTIAL_CONTENT:
                partial.discard()
                have = 0
            _check_size(response.headers, have, partial.size)
            partial.append(response, partial.size)
    except HTTPError as error:
        if error.code < http.client.INTERNAL_SERVER_ERROR:
            raise SourceFailed(_reason(error)) from None
        return _reason(error)
    except _BROKEN as error:
        return _reason(error)
    return f"ended after {partial.have:,} of {partial.size:,} bytes"


def _check_size(headers: Message, have: int, size: int) -> None:
    """Refuse a body that cannot be the file, before any of it is written."""
    length = headers.get("Content-Length", "")
    if length.isdecimal() and have + int(length) != size:
        raise SourceFailed(f"has a file of {have + int(length):,} bytes, not {size:,}")
    start = headers.get("Content-Range", f"bytes {have}-")
    if not start.startswith(f"bytes {have}-"):
        raise SourceFailed(f"was asked for the bytes from {have:,} and sent '{start}'")


def _head(url: str) -> Message:
    try:
        with _open(_request(url, method="HEAD"), follow=False) as response:
            return response.headers
    except HTTPError as error:
        if "X-Linked-Etag" in error.headers:  # the redirect to where the bytes lie
            return error.headers
        raise SourceFailed(_reason(error)) from None
    except _BROKEN as error:
        raise SourceFailed(_reason(error)) from None


def _request(url: str, headers: dict[str, str] | None = None, method: str = "GET") -> Request:
    if urlsplit(url).scheme not in ("http", "https"):
        raise SourceFailed(f"{url} is no http address")
    sent = {"User-Agent": f"characterglm/{__version__}", "Accept-Encoding": "identity"}
    return Request(url, headers=sent | (headers or {}), method=method)  # noqa: S310 - checked above


class _Redirects(HTTPRedirectHandler):
    """Never from https to http; and not past the headers that `locate` looks for."""

    def __init__(self, follow: bool) -> None:
        self._follow = follow

    def redirect_request(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: Message, newurl: str
    ) -> Request | None:
        if req.full_url.startswith("https:") and not newurl.startswith("https:"):
            raise SourceFailed("redirects from https to an address that is not")
        if not self._follow and "X-Linked-Etag" in headers:
            return None
        return super().redirect_request(req, fp, code, msg, headers, newurl)  # type: ignore[arg-type]


def _open(request: Request, *, follow: bool = True) -> http.client.HTTPResponse:
    """The response, or the error, within `PATIENCE` seconds altogether.

    A socket's timeout covers neither the name look-up nor a host's several addresses, so the call
    runs in a thread that is left behind if it takes longer.
    """
    opener = build_opener(_Redirects(follow))
    answers: SimpleQueue[http.client.HTTPResponse | Exception] = SimpleQueue()

    def ask() -> None:
        try:
            answers.put(opener.open(request, timeout=PATIENCE))
        except Exception as error:
            answers.put(error)

    Thread(target=ask, daemon=True).start()
    try:
        answer = answers.get(timeout=PATIENCE)
    except Empty:
        raise TimeoutError from None
    if isinstance(answer, HTTPError):
        answer.close()
    if isinstance(answer, Exception):
        raise answer
    return answer


def _reason(error: Exception) -> str:
    if isinstance(error, HTTPError):
        gated = " (no such file, or one that asks for a login)" if error.code in (401, 403) else ""
        return f"HTTP {error.code} {error.reason}{gated}"
    cause = error.reason if isinstance(error, URLError) else error
    if isinstance(cause, TimeoutError):
        return f"no answer within {PATIENCE:.0f} s"
    return (cause.strerror if isinstance(cause, OSError) else "") or str(cause)
