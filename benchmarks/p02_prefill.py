"""P2: the first token after the greeting, against the same process with the prefix erased.

The model is loaded and what is worth prefilling has been prefilled while the greeting was read.
Five interleaved repetitions, each with another first message, so that nothing after the greeting
is in the cache; the erased side is measured twice, its difference being the noise.
"""

from __future__ import annotations

import asyncio
from statistics import median

from record import record
from talking import ours, raw, session

CHARACTER = "sun-wukong"
MESSAGES = (
    "大圣，你要去哪里？",
    "你好，我迷路了。",
    "前面的山叫什么名字？",
    "你手里拿的是什么？",
    "老丈，借问一声，天快黑了吗？",
)


async def measure() -> None:
    """Run and record."""
    with session(CHARACTER, sampling={"max_tokens": 16, "seed": 7}) as chat:
        prefix = chat.prompt()
        profile = sum(size.tokens for size in prefix.sizes if size.part == "profile")
        rows = []
        for message in MESSAGES:
            erased = raw(chat, message, cached=False).first
            again = raw(chat, message, cached=False).first
            await chat.warm()
            rows.append(((await ours(chat, message)).first, erased, again))
            chat.talk.undo()
        await chat.engine.close()
    mine, erased, again = (median(row[i] for row in rows) for i in range(3))
    record(
        "P2",
        ours=mine,
        peer=erased,
        peer_name="same process, prefix erased",
        what=(
            f"seconds to the first token after the greeting; profile {profile} tokens, "
            f"whole prompt {prefix.tokens}"
        ),
        noise=again / erased,
    )


if __name__ == "__main__":
    asyncio.run(measure())
