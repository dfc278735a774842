"""Runs a model's chat template (Jinja2) as what it is: a program by a stranger.

Knows nothing about prompts. No attribute of Python is in reach, nothing can be changed, and time
and memory are bounded: every loop, macro and call burns fuel, and so does every text it makes.
What the templates of published models use is there: `raise_exception`, `strftime_now`, `tojson`,
`break` and `continue`, `{% generation %}`.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, NoReturn

from jinja2 import TemplateError, nodes
from jinja2.ext import Extension
from jinja2.ext import loopcontrols as LoopControls  # noqa: N812 - a class, named like a module
from jinja2.parser import Parser
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment

from characterglm.errors import InputError
from characterglm.prompt.formats.fuel import Fuel

LONGEST_TEMPLATE = 256 * 1024
_LONGEST_DATE = 100

_FILTERS = frozenset(
    """abs capitalize count d default dictsort e escape first float groupby int items join last
    length list lower map max min reject rejectattr replace reverse safe select selectattr
    sort string title trim unique upper""".split()  # noqa: SIM905
)
"""`round` and `sum` are not among them: one makes numbers of any length, one copies as it adds."""
_TEXT_METHODS = frozenset(
    """capitalize casefold count endswith find index isalnum isalpha isascii isdecimal isdigit
    islower isnumeric isspace isupper join lower lstrip partition removeprefix removesuffix
    replace rfind rindex rpartition rsplit rstrip split splitlines startswith strip swapcase
    title upper""".split()  # noqa: SIM905
)
"""Padding and formatting are not among them: they make long texts out of short ones."""


class Sandbox:
    """One compiled template. Raises InputError if it cannot be compiled."""

    def __init__(self, source: str, *, today: date | None = None) -> None:
        if len(source) > LONGEST_TEMPLATE:
            raise InputError(
                f"the chat template has {len(source)} characters; at most {LONGEST_TEMPLATE} are "
                "read. Use --format chatml or --format characterglm"
            )
        environment = _Environment(today or date.today())
        self._fuel = environment.fuel
        try:
            self._template = environment.from_string(source)
        except (TemplateError, RecursionError) as error:
            raise InputError(f"the chat template cannot be read: {error}") from None

    def render(self, values: Mapping[str, Any]) -> str:
        """The template's text. Raises TemplateError for whatever goes wrong in it."""
        self._fuel.fill()
        pieces = []
        try:
            for piece in self._template.generate(values):
                self._fuel.pay(len(piece))
                pieces.append(piece)
        except TemplateError:
            raise
        except Exception as error:
            # A template is a stranger's program; any way in which it fails is its own fault.
            raise TemplateError(f"{type(error).__name__}: {error}") from error
        return "".join(pieces)


class _Environment(ImmutableSandboxedEnvironment):
    """A sandbox in which nothing runs or grows without bound."""

    intercepted_binops = frozenset(("+", "*", "**", "%"))

    def __init__(self, today: date) -> None:
        fuel = self.fuel = Fuel()
        super().__init__(
            trim_blocks=True,
            lstrip_blocks=True,
            extensions=[LoopControls, _Generation],
            finalize=fuel.text,
        )
        known = {name: self.filters[name] for name in _FILTERS}
        self.filters = {name: _metered(one, fuel) for name, one in known.items()}
        # In loops over all messages, their number is asked for each time; that costs nothing.
        self.filters |= {name: known[name] for name in ("length", "count")}
        tests: dict[str, Any] = self.tests
        self.tests = {name: _metered(test, fuel) for name, test in tests.items()}
        self.filters["tojson"] = _metered(functools.partial(_tojson, fuel), fuel)
        self.filters |= {"join": fuel.join, "replace": fuel.replace}
        # Compiled templates put their pieces together with this.
        self.concat = lambda pieces: fuel.join(pieces)  # type: ignore[method-assign]
        self.globals = {
            "range": self.globals["range"],
            "dict": dict,
            "namespace": self.globals["namespace"],
            "raise_exception": _raise_exception,
            "strftime_now": functools.partial(_strftime, today),
            "_burn": fuel.burn,
            "_concat": lambda *values: fuel.join(values),
            "_given": lambda value: value,
            "_slice": lambda value, *bounds: value[slice(*bounds)],
        }

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        tree = super()._parse(source, name, filename)
        for loop in tree.find_all((nodes.For, nodes.Macro, nodes.CallBlock)):
            loop.body.insert(0, nodes.ExprStmt(_call("_burn", [])))  # type: ignore[attr-defined]
        _meter_operators(tree)
        return tree

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """The binary operators that can make large values out of small ones."""
        self.fuel.pay(_size_after(operator, left, right))
        return super().call_binop(context, operator, left, right)

    def getitem(self, obj: Any, argument: Any) -> Any:
        """An item; a key that holds others is paid for before it is hashed."""
        if isinstance(argument, tuple):
            self.fuel.weigh(argument)
        return super().getitem(obj, argument)

    def wrap_str_format(self, value: Any) -> None:
        """No `str.format`, not even in Jinja's own safe form: it pads to any width."""

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        """Of a text's methods, those that templates use; of numbers and types, none."""
        if isinstance(obj, int | float | type | list | tuple):
            return False
        if attr == "fromkeys" or (isinstance(obj, str) and attr not in _TEXT_METHODS):
            return False
        return super().is_safe_attribute(obj, attr, value)

    def call(__self, __context: Context, __obj: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: N805
        """A call, its result paid for."""
        fuel = __self.fuel
        fuel.burn()
        fuel.weigh(tuple(value for value in args if isinstance(value, tuple)))
        owner, name = getattr(__obj, "__self__", None), getattr(__obj, "__name__", "")
        if isinstance(owner, str) and name == "replace":
            return fuel.replace(owner, *args, **kwargs)
        if isinstance(owner, str) and name == "join":
            return fuel.join(args[0], owner)
        result = super().call(__context, __obj, *args, **kwargs)
        fuel.weigh(result)
        return result


class _Generation(Extension):
    """`{% generation %}…{% endgeneration %}` marks what trainers learn; here it changes nothing."""

    tags = {"generation"}  # noqa: RUF012 - Jinja's interface

    def parse(self, parser: Parser) -> list[nodes.Node]:
        """The body as it stands."""
        next(parser.stream)
        return parser.parse_statements(("name:endgeneration",), drop_needle=True)


def _metered(filter_: Callable[..., Any], fuel: Fuel) -> Callable[..., Any]:
    """A filter that pays for what it is given and for what it makes."""

    @functools.wraps(filter_)
    def paid(*args: Any, **kwargs: Any) -> Any:
        for value in args:
            if isinstance(value, list | tuple | dict):
                fuel.weigh(value)
        result = filter_(*args, **kwargs)
        if isinstance(result, str | list):
            fuel.pay(len(result))
        return result

    return paid


def _meter_operators(node: nodes.Node) -> None:
    """Let every `~`, slice, comparison and key below a node be paid for."""
    for field, value in list(node.iter_fields()):
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, nodes.Node):
                _meter_operators(item)
        if isinstance(value, list):
            setattr(node, field, [_metered_operator(item) for item in value])
        else:
            setattr(node, field, _metered_operator(value))


def _metered_operator(node: Any) -> Any:
    if isinstance(node, nodes.Concat):
        return _call("_concat", node.nodes)
    if isinstance(node, nodes.Compare):
        operands = [nodes.Operand(one.op, _weighed(one.expr)) for one in node.ops]
        return nodes.Compare(_weighed(node.expr), operands)
    if isinstance(node, nodes.Pair):
        return nodes.Pair(_weighed(node.key), node.value)
    if isinstance(node, nodes.Getitem) and isinstance(node.arg, nodes.Slice):
        bounds = (node.arg.start, node.arg.stop, node.arg.step)
        return _call("_slice", [node.node, *(bound or nodes.Const(None) for bound in bounds)])
    return node


def _weighed(node: nodes.Expr) -> nodes.Expr:
    """A value that is paid for before it is compared or hashed.

    Lists that hold one list twice, some ten times over, take for ever otherwise.
    """
    return node if isinstance(node, nodes.Const) else _call("_given", [node])


def _call(name: str, arguments: list[nodes.Expr]) -> nodes.Call:
    return nodes.Call(nodes.Name(name, "load"), arguments, [], None, None)


def _size_after(operator: str, left: Any, right: Any) -> int:
    """How large a result would be: characters, items, or, for numbers, about its bits."""
    sized = [value for value in (left, right) if isinstance(value, str | list | tuple)]
    if operator == "%" and isinstance(left, str):
        raise TemplateError("formatting with % is not allowed")
    if operator == "+":
        return sum(len(value) for value in sized)
    numbers = [value for value in (left, right) if isinstance(value, int)]
    if operator == "*" and sized and numbers:
        return len(sized[0]) * max(0, numbers[0])
    if operator == "**" and len(numbers) == 2:
        return numbers[0].bit_length() * abs(numbers[1])
    return sum(number.bit_length() for number in numbers)


def _raise_exception(message: str) -> NoReturn:
    raise TemplateError(message)


def _strftime(today: date, form: str) -> str:
    """The date in a form; a long one is refused, for it makes a far longer text."""
    if len(form) > _LONGEST_DATE:
        raise TemplateError(f"a date form has {len(form)} characters, more than {_LONGEST_DATE}")
    return today.strftime(form)


def _tojson(
    fuel: Fuel,
    value: Any,
    ensure_ascii: bool = False,
    indent: int | None = None,
    separators: tuple[str, str] | None = None,
    sort_keys: bool = False,
) -> str:
    """JSON as the templates of published models expect it: no escapes for HTML.

    Paid for piece by piece, for indents can make it far longer than the value.
    """
    encoder = json.JSONEncoder(
        ensure_ascii=ensure_ascii,
        indent=None if indent is None else min(int(indent), 8),
        separators=separators,
        sort_keys=sort_keys,
    )
    return fuel.join(encoder.iterencode(value))
