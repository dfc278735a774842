"""A model's chat template is a stranger's program: used where it keeps to its job, else refused."""

from __future__ import annotations

import time
from datetime import date
from typing import Any

import pytest
from jinja2 import TemplateError

from characterglm.character import Character
from characterglm.errors import InputError
from characterglm.prompt import build, get_format
from characterglm.prompt.formats.sandbox import Sandbox
from characterglm.prompt.formats.template import TemplateFormat

CHATML = (
    "{%- for message in messages %}{{- '<|im_start|>' + message.role + '\n' + message.content"
    " + '<|im_end|>' + '\n' }}{%- endfor %}"
    "{%- if add_generation_prompt %}{{- '<|im_start|>assistant\n' }}{%- endif %}"
)
STRICT = (
    "{{ bos_token }}{% if messages[0].role == 'system' %}{{ raise_exception('no system') }}"
    "{% endif %}{% for m in messages %}{% if (m.role == 'user') != (loop.index0 % 2 == 0) %}"
    "{{ raise_exception('roles must alternate') }}{% endif %}"
    "<turn>{{ 'model' if m.role == 'assistant' else m.role }}\n{{ m.content | trim }}</turn>\n"
    "{% endfor %}{% if add_generation_prompt %}<turn>model\n{% endif %}"
)
INST = (
    "{% if messages[0].role == 'system' %}{% set rest = messages[1:] %}"
    "{% set system = messages[0].content + '\n\n' %}"
    "{% else %}{% set rest = messages %}{% set system = '' %}{% endif %}"
    "{% for m in rest %}{% if (m.role == 'user') != (loop.index0 % 2 == 0) %}"
    "{{ raise_exception('roles must alternate') }}{% endif %}"
    "{% if m.role == 'user' %}"
    "{{ '[INST] ' + (system if loop.first else '') + m.content + ' [/INST]' }}"
    "{% else %}{{ ' ' + m.content + eos_token }}{% endif %}{% endfor %}"
)


def test_it_writes_what_the_template_writes(wukong: Character, say: Any, count: Any) -> None:
    path = say("c:站住！", "u:你好", "c:好", "n:天黑了。", "u:金箍棒呢？")
    ours = build(wukong, None, path, format=get_format("chatml"), budget=None, count=count)
    theirs = build(wukong, None, path, format=TemplateFormat(CHATML), budget=None, count=count)
    assert theirs.text == ours.text
    learned = [[s.text for s in prompt.segments if s.trained] for prompt in (ours, theirs)]
    assert learned[0] == learned[1] == ["站住！", "<|im_end|>", "好", "<|im_end|>"]
    assert TemplateFormat(CHATML).fallbacks == ()


def test_what_a_strict_template_refuses_is_folded(wukong: Character, say: Any, count: Any) -> None:
    fmt = TemplateFormat(STRICT, bos="<s>")
    assert len(fmt.fallbacks) == 4
    said = say("u:你好")
    assert build(wukong, None, said, format=fmt, budget=None, count=count).fallbacks == (
        fmt.fallbacks
    )
    path = say("c:站住！", "u:你好", "c:好", "n:天黑了。", "u:金箍棒呢？")
    prompt = build(wukong, None, path, format=fmt, budget=None, count=count)
    assert prompt.text.startswith("<s><turn>user\n你是悟空")
    assert prompt.text.endswith(
        "</turn>\n<turn>model\n站住！</turn>\n<turn>user\n你好</turn>\n<turn>model\n好</turn>\n"
        "<turn>user\n旁白：天黑了。\n\n棒重一万斤。\n\n金箍棒呢？</turn>\n<turn>model\n"
    )
    assert prompt.stop[0] == "</turn>"


def test_a_greeting_is_told_where_a_reply_cannot_come_first(
    wukong: Character, say: Any, count: Any
) -> None:
    fmt = TemplateFormat(INST, eos="</s>")
    path = say("c:站住！", "u:你好", "c:好", "u:走")
    prompt = build(wukong, None, path, format=fmt, budget=None, count=count)
    assert prompt.text.startswith("[INST] 你是悟空")
    assert prompt.text.endswith("悟空：站住！\n\n你好 [/INST] 好</s>[INST] 走 [/INST]")
    assert [s.text for s in prompt.segments if s.trained] == ["好", "</s>"]


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("{{ messages[0].content }}", "drops"),
        ("{% for m in messages %}{{ m.content }}{{ m.content }}{% endfor %}", "repeats"),
        ("{% for m in messages | reverse %}{{ m.content }}{% endfor %}", "reorders"),
        ("{% for m in messages %}{{ m.content | upper }}{% endfor %}", "alters"),
        ("{% for m in messages %}{{ m.content[1:] }}{% endfor %}", "alters"),
        ("{% for m in messages %}{{ m.content | tojson }}{% endfor %}", "as they are"),
        ("{% for m in messages %}{{ m.content | e }}{% endfor %}", "as they are"),
        ("{{ raise_exception('never') }}", "never"),
        ("{% for m in messages %}", "cannot be read"),
        ("{{ messages | center(9) }}", "cannot be read"),
        ("x" * 300_000, "at most"),
    ],
)
def test_a_template_that_does_not_keep_to_its_job_is_refused(source: str, why: str) -> None:
    with pytest.raises(InputError, match=why) as refused:
        TemplateFormat(source)
    assert "--format chatml" in str(refused.value) or "cannot be read" in str(refused.value)


def test_one_that_turns_later_is_refused_then(wukong: Character, say: Any, count: Any) -> None:
    sly = (
        "{% if messages | length > 6 %}{{ messages[0].content }}{% else %}" + CHATML + "{% endif %}"
    )
    path = say(*(f"{'uc'[turn % 2]}:x" for turn in range(9)))
    with pytest.raises(InputError, match="drops"):
        build(wukong, None, path, format=TemplateFormat(sly), budget=None, count=count)


HOARD = (
    "{{% set n = namespace(l=[]) %}}{{% set s = 'ab' * 500000 %}}{{% for i in range(200) %}}"
    "{{% set n.l = n.l + [{value}] %}}{{% endfor %}}"
)
"""Keeps a copy of a long text each round."""

DOUBLED = (
    "{% set n = namespace(a=(), b=()) %}{% for i in range(25) %}"
    "{% set n.a = (n.a, n.a) %}{% set n.b = (n.b, n.b) %}{% endfor %}"
)
"""Two equal values of 50 tuples, and of 2^26 if each is counted where it stands."""

HOSTILE = [
    "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
    "{% set n = namespace(x='aaaa') %}{% for a in range(60) %}{% set n.x = n.x ~ n.x %}"
    "{% endfor %}",
    "{% set n = namespace(x='aaaa') %}{% for a in range(60) %}{% set n.x = n.x + n.x %}"
    "{% endfor %}",
    "{{ 'a' * 10**10 }}",
    "{{ 'a'.ljust(10000000000) }}",
    "{{ '%10000000000d' % 1 }}",
    "{{ '{:>10000000000}'.format(1) }}",
    "{{ ''.__class__.__mro__ }}",
    "{{ messages.append(1) }}",
    "{% macro f(x) %}{{ f(x) }}{% endmacro %}{{ f(1) }}",
    "{% macro f(n) %}{% if n %}{{ f(n-1) }}{{ f(n-1) }}{% endif %}{% endmacro %}{{ f(60) }}",
    "{{ (['a' * 1000000] * 1000000) | map('upper') | list | length }}",
    "{{ (['a' * 1000000] * 1000000) | tojson | length }}",
    "{{ ('a' * 1000000) | replace('a', 'a' * 1000000) }}",
    "{% set x = 'a' * 1000000 %}{% for i in range(99999) %}{{ x }}{% endfor %}",
    "{% set x = [1] %}{% set x = [x,x,x,x] * 9 %}{% set x = [x,x,x,x] * 99 %}{{ [x] * 99999 }}",
    HOARD.format(value="s[1:]"),
    HOARD.format(value="s[i:-1:1]"),
    HOARD.format(value="s.partition('b')"),
    HOARD.format(value="s.rsplit('b', 1)"),
    "{{ {}.fromkeys(range(9)) }}",
    DOUBLED + "{{ n.a == n.b }}",
    DOUBLED + "{{ n.a is eq n.b }}",
    DOUBLED + "{{ n.a in [n.b] }}",
    DOUBLED + "{{ [n.a].index(n.b) }}",
    DOUBLED + "{{ [n.a, n.b] | sort | length }}",
    DOUBLED + "{{ {}[n.a] }}",
    DOUBLED + "{{ {n.a: 1} | length }}",
    DOUBLED + "{{ {}.get(n.a) }}",
    "{{ dict.fromkeys(range(9)) }}",
    "{{ (1).to_bytes(100000000) | length }}",
    "{{ strftime_now('%Y' * 100000) | length }}",
    "{% set n = namespace(x=[1] * 100000) %}{% for i in range(200) %}{% set n.x = [n.x] %}"
    "{% endfor %}{{ n.x | tojson(indent=8) | length }}",
]


@pytest.mark.parametrize("source", HOSTILE)
def test_hostile_templates_stop_soon(source: str) -> None:
    began = time.process_time()
    with pytest.raises(TemplateError):
        Sandbox(source).render({"messages": [{"role": "user", "content": "x"}]})
    assert time.process_time() - began < 6


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("{{ strftime_now('%d %b %Y') }}", "26 Jul 2024"),
        ("{{ {'b': 1, 'a': '<中>'} | tojson }}", '{"b": 1, "a": "<中>"}'),
        ("{% generation %}x{% endgeneration %}", "x"),
        ("{% for i in [1, 2, 3] %}{% if i == 2 %}{% break %}{% endif %}{{ i }}{% endfor %}", "1"),
        ("{{ 'a,b'.split(',')[-1].strip() ~ ['c', 'd'] | join('-') }}", "bc-d"),
        ("{% set n = namespace(x=0) %}{% set n.x = n.x + 2 %}{{ n.x }}", "2"),
        ("{{ messages[1:][0] }}{{ 'abcd'[::-2] }}{{ ('a', 'b', 'c')[-2:] | join }}", "2dbbc"),
        ("{{ [1, {'a': 2}] | tojson(indent=1) }}", '[\n 1,\n {\n  "a": 2\n }\n]'),
        ("{{ unknown }}{{ 'x' if unknown is defined else 'y' }}{{ none }}", "yNone"),
    ],
)
def test_what_published_templates_use_is_there(source: str, text: str) -> None:
    sandbox = Sandbox(source, today=date(2024, 7, 26))
    assert sandbox.render({"messages": [1, 2, 3]}) == text


def test_a_long_dialogue_is_no_hostile_one() -> None:
    source = (
        "{% for m in messages %}{% if m.role == 'user' and loop.index0 != messages | length - 1 %}"
        "{{ m.content }}{% endif %}{% endfor %}"
    )
    messages = [{"role": "user", "content": "x" * 30}] * 5_000
    assert len(Sandbox(source).render({"messages": messages})) == 4_999 * 30


@pytest.mark.parametrize(
    "source", ["{{ 1 | round(99999, 'ceil') }}", "{{ [[1]] | sum(start=[]) }}"]
)
def test_filters_that_grow_without_bound_are_not_there(source: str) -> None:
    with pytest.raises(InputError, match="No filter named"):
        Sandbox(source)
