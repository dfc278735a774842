"""P1a: decoding through ChatSession against raw xllamacpp on the same token ids.

Five interleaved repetitions; every one asks for the same reply (same seed) three times: through
the session, from the runtime, and from the runtime again, whose difference is the noise. All three
find the same prefix in the cache.
"""

from __future__ import annotations

import asyncio
from statistics import median

from record import record
from talking import ours, raw, session

REPETITIONS = 5
TEXT = "大圣，把你大闹天宫的事从头到尾给我讲一遍，越细越好。"
SAMPLING = {"max_tokens": 128, "seed": 7, "temperature": 0.8}


async def measure() -> None:
    """Run and record."""
    with session("sun-wukong", sampling=SAMPLING) as chat:
        raw(chat, TEXT)
        rows = []
        for _ in range(REPETITIONS):
            rows.append((await ours(chat, TEXT), raw_after(chat), raw_again(chat)))
        await chat.engine.close()
    mine, peer, again = ([row[i] for row in rows] for i in range(3))
    record(
        "P1a",
        ours=median(m.rate for m in mine),
        peer=median(p.rate for p in peer),
        what="tokens a second while decoding 128 tokens, 1.5B",
        peer_name="xllamacpp",
        noise=median(a.rate for a in again) / median(p.rate for p in peer),
    )
    record(
        "P1a-ttft",
        ours=1000 * (median(m.first for m in mine) - median(p.first for p in peer)),
        what="milliseconds that ChatSession adds to the first token",
    )


def raw_after(chat):
    """The runtime's turn: first take the session back to where it was."""
    chat.talk.undo()
    return raw(chat, TEXT)


def raw_again(chat):
    """The runtime once more."""
    return raw(chat, TEXT)


if __name__ == "__main__":
    asyncio.run(measure())
