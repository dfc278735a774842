"""Decorators are read as Character Card V3 says, and never reach a prompt."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from characterglm.prompt.decorators import Decorators, read_decorators


@pytest.mark.parametrize(
    ("content", "rules", "text"),
    [
        ("plain", Decorators(), "plain"),
        (
            "@@depth 2\n@@role user\n\ntext\n@@depth 9",
            Decorators(depth=2, role="user"),
            "text\n@@depth 9",
        ),
        ("@@depth 1\n@@depth 5\nx", Decorators(depth=1), "x"),
        ("@@depth x\n@@role nobody\nx", Decorators(), "x"),
        ("@@activate\n@@dont_activate\nx", Decorators(activate=True, dont_activate=True), "x"),
        ("@@reverse_depth 2\nx", Decorators(reverse_depth=2), "x"),
        ("@@reverse_depth -2\n@@@depth 1\nx", Decorators(depth=1), "x"),
        ("@@instruct_depth 9\n@@is_user_icon a\n@@disable_ui_prompt b\nx", Decorators(), "x"),
        ("@@position before_desc\nx", Decorators(position="before"), "x"),
        ("@@position somewhere\nx", Decorators(), "x"),
        ("@@exclude_keys a, b\nx", Decorators(exclude_keys=("a", "b")), "x"),
        (
            "@@additional_keys a,b\n@@additional_keys c\nx",
            Decorators(additional_keys=(("a", "b"), ("c",))),
            "x",
        ),
        ("@@activate_only_every 0\nx", Decorators(), "x"),
        ("@@unknown 4\nx", Decorators(), "x"),
        # Fallbacks: the first that is understood, and only then.
        ("@@risu_only 4\n@@@agn_only 4\n@@@depth 3\n@@@depth 4\nx", Decorators(depth=3), "x"),
        ("@@depth 1\n@@@scan_depth 9\nx", Decorators(depth=1), "x"),
        ("@@a\n@@@b\n@@@c\n@@@d\n@@@e\n@@@scan_depth 7\nx", Decorators(scan_depth=7), "x"),
        ("@@depth 1", Decorators(depth=1), ""),
    ],
)
def test_reading(content: str, rules: Decorators, text: str) -> None:
    assert read_decorators(content) == (rules, text)


LINES = st.sampled_from(
    ["@@depth 2", "@@@role user", "@@activate", "@@x y", "@@", "@@@", "", "text", "@@depth -1"]
)


@given(st.lists(LINES | st.text(max_size=12), max_size=8))
def test_any_content_can_be_read(lines: list[str]) -> None:
    rules, text = read_decorators("\n".join(lines))
    assert isinstance(rules, Decorators)
    assert not text.startswith("@@depth")
