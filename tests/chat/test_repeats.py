from __future__ import annotations

import pytest

from characterglm.chat.repeats import repeats


@pytest.mark.parametrize(
    ("reply", "earlier", "expected"),
    [
        ("俺老孙今日不去了，改日再说！", ["俺老孙今日不去了，改日再说。"], True),
        ("俺老孙今日不去了，改日再说！", ["俺老孙今天不去了，改日再说。"], True),
        ("俺老孙今日不去了，改日再说！", ["林妹妹昨夜可睡得安稳？"], False),
        ("I never guess, my dear fellow.", ["I NEVER guess -- my dear fellow"], True),
        ("I never guess, my dear fellow.", ["The game is afoot, Watson."], False),
        ("Yes.", ["Yes."], False),
        ("嗯。", ["嗯。"], False),
        ("anything at all", [], False),
    ],
)
def test_a_repeat_is_seen_whatever_its_punctuation(
    reply: str, earlier: list[str], expected: bool
) -> None:
    assert repeats(reply, earlier) is expected
