"""P15: full-text queries over 100,000 Chinese utterances, one in ten of them English.

The texts are put together at random from short phrases written for this benchmark, seed fixed.
Queries of four kinds, 100 of each, in random order; every one as `dialogue search` runs it: latest
20 hits with snippets, from an open SQLite store. One character that stands in most utterances is
the worst case and part of the first kind. `python benchmarks/p15_search.py URL` measures another
database, e.g. postgresql://…, which must be empty.
"""

from __future__ import annotations

import random
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median, quantiles

from record import record

from characterglm.dialogue import Dialogue, Speaker, Utterance
from characterglm.dialogue.repository import Dialogues
from characterglm.store import open_store

UTTERANCES = 100_000
EACH_DIALOGUE = 50
REPETITIONS = 100
SUBJECTS = [
    "我",
    "你",
    "他",
    "师父",
    "那妖怪",
    "老爷爷",
    "这孩子",
    "小师妹",
    "客栈的掌柜",
    "隔壁的猫",
]
TIMES = ["昨天", "刚才", "今天早上", "很久以前", "下雨的时候", "月亮出来以后", "说真的", "其实"]
DEEDS = [
    "去山下的集市买了两斤桃子",
    "在河边钓了一整天的鱼",
    "把那封信烧掉了",
    "又忘记带伞了",
    "想回家看看母亲",
    "学会了一首新的曲子",
    "跟人吵了一架",
    "听见门外有脚步声",
    "把药熬糊了",
    "一个人走了三十里路",
    "没说出口的话写在纸上",
    "看见了天边的火光",
    "梦见自己变成一条鱼",
    "偷偷藏了半块月饼",
]
ENDINGS = [
    "，你信吗？",
    "。",
    "！",
    "……",
    "，真的。",
    "，后来就下雪了。",
    "，可是的确没有人知道。",
    "，所以的话别问了。",
]
ENGLISH = [
    "I walked along the river until the lights went out",
    "She never told me her real name",
    "The old clock stopped at midnight",
    "We could have tea under the pine tree",
    "Nobody believes a fox, not even another fox",
    "Keep the letter, I know it by heart",
]
QUERIES = {
    "one character": ["我", "的", "鱼", "雪", "信", "猫", "月", "鱿"],
    "two characters": ["师父", "桃子", "月饼", "母亲", "火光", "没有", "钓鱼"],
    "phrase": [
        "两斤桃子",
        "三十里路",
        "后来就下雪了",
        "隔壁的猫把那封信烧掉了",
        "天边的火光，你信吗",
    ],
    "English": ["fox", "the", "old clock", "tea under the pine", "River", "nobody knows"],
}


def utterances(luck: random.Random) -> Iterator[str]:
    """Texts of one to four sentences."""
    while True:
        if luck.random() < 0.1:
            yield ". ".join(luck.sample(ENGLISH, luck.randint(1, 3))) + "."
            continue
        parts = (TIMES, SUBJECTS, DEEDS, ENDINGS)
        count = luck.randint(1, 4)
        yield "".join("".join(map(luck.choice, parts)) for _ in range(count))


def dialogues() -> Iterator[Dialogue]:
    """The dialogues, each one path."""
    texts = utterances(random.Random(15))
    for number in range(UTTERANCES // EACH_DIALOGUE):
        said: list[Utterance] = []
        for index in range(EACH_DIALOGUE):
            speaker = Speaker(role="character" if index % 2 else "user")
            parent = said[-1].id if said else None
            said.append(Utterance(parent=parent, speaker=speaker, text=next(texts)))
        character = f"character-{number % 20}"
        yield Dialogue(character=character, utterances=said, leaf=said[-1].id)


def timed(kept: Dialogues) -> dict[str, list[float]]:
    """Milliseconds of each query, by kind."""
    luck = random.Random(15)
    plan = [(kind, luck.choice(QUERIES[kind])) for kind in QUERIES for _ in range(REPETITIONS)]
    luck.shuffle(plan)
    taken: dict[str, list[float]] = {kind: [] for kind in QUERIES}
    for kind, query in plan:
        began = time.perf_counter()
        kept.search(query)
        taken[kind].append(1000 * (time.perf_counter() - began))
    return taken


def main(url: str) -> None:
    """Fill the store, query it, record."""
    with open_store(url) as store:
        kept = Dialogues(store)
        began = time.perf_counter()
        kept.merge(dialogues())
        print(f"{UTTERANCES:,} utterances kept in {time.perf_counter() - began:.1f} s")
        taken = timed(kept)
    figures = {kind: (median(times), quantiles(times, n=20)[-1]) for kind, times in taken.items()}
    shown = ", ".join(f"{kind} {mid:.2f}/{p95:.2f}" for kind, (mid, p95) in figures.items())
    print(f"{store.dialect}, median/p95 ms: {shown}")
    if store.dialect == "sqlite":
        what = f"full-text query over {UTTERANCES:,} utterances, ms, slowest kind; median/p95 of "
        record("P15", ours=max(mid for mid, _ in figures.values()), what=what + shown)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        main(sys.argv[1] if sys.argv[1:] else f"sqlite:///{Path(folder) / 'p15.db'}")
