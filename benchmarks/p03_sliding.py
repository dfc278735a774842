"""P3: the first token over turns 20-40 of one dialogue whose history slides.

One scripted user talks for 40 turns with a pause between turns, as a reader makes it; while the
pause lasts the session warms the next prompt, slides included. The figure is the time to the first
token over turns 20-40 against its mean over turns 3-8 of the same dialogue.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import sys
from statistics import mean, median, quantiles

from record import record
from talking import ours, session

TURNS = 40
CONTEXT = 2048
MESSAGES = (
    "大圣，今日走了多少里路？",
    "前面那座山看着有些古怪，会不会有妖精？",
    "你给我讲讲你从前在花果山的日子吧。",
    "八戒又偷懒了，你怎么不管管他？",
    "师父要是又念紧箍咒，你怎么办？",
    "你的金箍棒能变多大？",
    "我肚子饿了，哪里能化些斋饭来？",
    "你说取经到底是为了什么呢？",
    "昨夜我梦见一条大河，水面上漂着许多灯。",
    "你最怕的是什么？",
)


async def talk(pause: float) -> tuple[list[float], int]:
    """One dialogue: the time to the first token of each turn, and how often the history slid."""
    firsts: list[float] = []
    slides, dropped = 0, 0
    sampling = {"max_tokens": 64, "seed": 11}
    with session("sun-wukong", sampling=sampling, context=CONTEXT) as chat:
        await chat.warm()
        for _, message in zip(range(TURNS), itertools.cycle(MESSAGES), strict=False):
            firsts.append((await ours(chat, message)).first)
            now = chat.prompt().dropped_utterances
            slides, dropped = slides + (now > dropped), now
            with contextlib.suppress(TimeoutError):
                began = asyncio.get_running_loop().time()
                await asyncio.wait_for(chat.warm(), pause)
                await asyncio.sleep(pause - (asyncio.get_running_loop().time() - began))
        await chat.engine.close()
    return firsts, slides


async def measure(pause: float, repetitions: int) -> None:
    """Run and record."""
    means, tails, slid = [], [], []
    for _ in range(repetitions):
        firsts, slides = await talk(pause)
        early, late = mean(firsts[2:8]), firsts[19:40]
        means.append(mean(late) / early)
        tails.append(quantiles(late, n=20)[-1] / early)
        slid.append(slides)
        print([round(first, 2) for first in firsts], slides, flush=True)
    what = (
        f"time to first token, turns 20-40 over turns 3-8; context {CONTEXT}, the history slid "
        f"{median(slid):g} times, {pause:g} s between turns, {repetitions} dialogues"
    )
    record("P3-mean", ours=median(means), what=f"mean {what}")
    record("P3-p95", ours=median(tails), what=f"p95 {what}")


if __name__ == "__main__":
    pause, repetitions = (float(sys.argv[1]), int(sys.argv[2])) if sys.argv[2:] else (10.0, 3)
    asyncio.run(measure(pause, repetitions))
