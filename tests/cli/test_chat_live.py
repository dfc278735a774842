"""The terminal chat as a person meets it: a real terminal, a real model, real signals."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from characterglm.character import Character
from characterglm.character.repository import Characters
from characterglm.dialogue.repository import Dialogues
from characterglm.store import open_store

pexpect = pytest.importorskip("pexpect")
if not hasattr(pexpect, "spawn"):
    pytest.skip("no terminal to be had on this platform", allow_module_level=True)

PROMPT = "you\x1b"
"""The prompt as the terminal gets it: the word, then the cursor's move."""

TOM = Character(
    id="tom",
    name="Tom",
    language="en",
    category="daily_life",
    greetings=["Hello there, I am Tom."],
)


@pytest.fixture
def terminal(home: Path, small_model: Path) -> Iterator[list[pexpect.spawn]]:
    """The chats of one test; whatever still runs at its end is killed."""
    store = open_store()
    Characters(store).add(TOM)
    store.close()
    running: list[pexpect.spawn] = []
    yield running
    for child in running:
        child.close(force=True)


def start(running: list[pexpect.spawn], model: Path, *arguments: str) -> pexpect.spawn:
    command = ["-m", "characterglm", "chat", "--model", str(model), "--max-tokens", "700"]
    environment = os.environ | {"CHARACTERGLM_LOCALE": "en", "PROMPT_TOOLKIT_NO_CPR": "1"}
    child = pexpect.spawn(
        sys.executable,
        [*command, "--temperature", "0", *arguments],
        env=environment,
        encoding="utf-8",
        timeout=60,
        dimensions=(40, 200),
    )
    running.append(child)
    return child


def say(child: pexpect.spawn, line: str) -> None:
    child.expect_exact(PROMPT)
    child.send(f"{line}\r")


def wait_for_reply(longer_than: int) -> str:
    """Wait until the newest dialogue's last reply has so many letters on disk."""
    deadline = time.monotonic() + 60
    store = open_store()
    try:
        while time.monotonic() < deadline:
            said = Dialogues(store).list(limit=1)
            path = Dialogues(store).get(said[0].id).path() if said else []
            if len(path) > 1 and path[-1].speaker.role == "character":
                text = path[-1].text
                if len(text) > longer_than:
                    return text
            time.sleep(0.05)
    finally:
        store.close()
    raise AssertionError("no reply came")


def test_ctrl_c_stops_the_reply_and_not_the_program(
    terminal: list[pexpect.spawn], small_model: Path
) -> None:
    child = start(terminal, small_model, "tom")
    child.expect("Hello there, I am Tom")
    say(child, "Write a very long story about the sea, with many chapters.")
    wait_for_reply(longer_than=20)
    child.sendintr()
    child.expect_exact("(stopped)")
    child.expect_exact("/continue")
    say(child, "/history")
    child.expect_exact("very long story")
    say(child, "stop")
    child.expect(pexpect.EOF)
    child.wait()
    assert child.exitstatus == 0


def test_ctrl_c_before_the_first_word_stops_the_reply_too(
    terminal: list[pexpect.spawn], small_model: Path
) -> None:
    child = start(terminal, small_model, "tom")
    say(child, "words and more words " * 150)
    child.expect_exact("Tom …")
    child.sendintr()
    child.expect_exact("(stopped)")
    child.expect_exact("no reply yet")
    say(child, "stop")
    child.expect(pexpect.EOF)


def test_a_killed_chat_goes_on_where_it_was(
    terminal: list[pexpect.spawn], small_model: Path
) -> None:
    child = start(terminal, small_model, "tom")
    say(child, "Write a very long story about the sea, with many chapters.")
    seen = wait_for_reply(longer_than=40)
    child.kill(signal.SIGKILL)
    child.wait()

    again = start(terminal, small_model, "--session", "last")
    again.expect_exact("very long story")
    again.expect_exact("broke off")
    say(again, "/continue")
    longer = wait_for_reply(longer_than=len(seen) + 40)
    assert longer.startswith(seen)
    again.sendintr()
    say(again, "/swipe")
    again.expect_exact("*2")
    say(again, "stop")
    again.expect(pexpect.EOF)


def test_ctrl_d_leaves_and_the_last_line_says_how_to_come_back(
    terminal: list[pexpect.spawn], small_model: Path
) -> None:
    child = start(terminal, small_model, "tom")
    child.expect_exact(PROMPT)
    child.sendeof()
    child.expect(pexpect.EOF)
    assert "--session" not in (child.before or "")
    again = start(terminal, small_model, "tom")
    say(again, "/save a title")
    again.expect_exact(PROMPT)
    again.sendeof()
    again.expect(r"characterglm chat --session [0-9a-f-]{36}")
    again.expect(pexpect.EOF)
