"""Hostile names: of parameters, penalties, rules, states, arrays and files; and names that look odd and are allowed."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from symreg.errors import SymregError
from symreg.language.inline_declarations import read_declaration
from symreg.language.parse import parse
from symreg.language.specs.toml import read_penalty, read_rule
from symreg.model.names import RESERVED
from symreg.model.objective import Objective
from symreg.objectives.resolve import resolve

SHAPE, LENGTH, RESERVED_NAME = "write a letter, then letters", "at most 32", "the name is reserved"


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


FUNCTIONS = _words("abs exp log sin sqrt min max sum where norm sign sigmoid softplus logaddexp")
"""A penalty may be called like a function, as `atan` is."""

HOSTILE = {
    **dict.fromkeys(
        _words(
            """
        for while if else lambda class def import from global yield async await None True match case type
        auto break const continue default do double enum extern float goto inline int long register restrict return
        short signed sizeof static struct switch typedef union unsigned void volatile
        and_eq bool catch concept constexpr co_await decltype delete explicit export friend mutable namespace new
        noexcept nullptr operator private protected public template this throw typename using virtual wchar_t xor
        DBL_MAX FLT_RADIX LDBL_DIG M_PI FP_NAN DECIMAL_DIG TERMS SYMREG_SIMD PENALTY_OK MCP_DOMAIN P_H
        size_t uint64_t float_t NULL NAN INFINITY HUGE_VAL I main offsetof asm unix linux
        fabs pow tgamma erf expf logl fmin hypot j0 y1 jn signgam isnan fma sincos drem
        print eval exec open str list type id input object Exception copyright license
        w n t v g g_loss g_penalty out step state work X y z np numpy inf nan pi prox"""
        ),
        RESERVED_NAME,
    ),
    **dict.fromkeys(FUNCTIONS, RESERVED_NAME),
    **dict.fromkeys(
        (
            "", " ", "_", "_lam", "__lam", "lam__x", "__class__", "__init__", "__builtins__", "1lam", "0", "2.5",
            "lam.x", "lam x", " lam", "lam ", "lam-x", "lam+x", "lam*x", "lam/x", "lam;x", "lam,x", "lam=x", "lam(x)",
            "lam[0]", "lam{x}", "lam'", 'lam"', "lam`", "lam$x", "lam#x", "lam%x", "lam@x", "lam!x", "lam?", "lam\\x",
            "lam\n", "lam\nx", "lam\r", "lam\tx", "lam\0", "lam\x1b[2J", "\x7f", "..", ".", "../lam", "lam/../x",
            "/etc/passwd", "~", "$HOME", "%s", "{lam}", "{{ lam }}", "{% raw %}", "*/", "//", "/*", "#define", "<lam>",
            "&lam", "|lam",
            "\N{GREEK SMALL LETTER LAMDA}", "\N{GREEK SMALL LETTER LAMDA}am", "l\u0430m", "\uff4cam", "lam\u0301",
            "lam\u200b", "\u202elam", "\u2113am", "lam\N{SUPERSCRIPT TWO}", "\xe9", "\ufefflam", "\ud800", "\U0001f600",
        ),
        SHAPE,
    ),
    **dict.fromkeys(("l" * 33, "a" * 1000, "a_" * 5000 + "a"), LENGTH),
}  # fmt: skip

HIDING = _words(
    "math string stdio stdlib time errno limits stddef tgmath fenv signal threads "
    "sys os re random types typing abc ast io json pickle statistics numbers fractions "
    "con prn aux nul com1 lpt9 CON Nul Math RANDOM"
)

ALLOWED = _words(
    "alpha beta gamma zeta eta mu nu rho N S Q O E C D F OK H M_pi DBL lam Lam lambda_ self cls gama c_1 c0 x x1 "
    "a A i j k l m p q r s u "
    "value gradient step_size array block size length result total index scratch lane start stop end status "
    "ndarray Any dtype shape f64 f32 penalty adam sympy Symbol Integer oo zoo E1 pi_ expo logs "
    "unlikely restrict_ con time random math"
)
"""Names that no language reserves, though SymPy, a module, a device or the frame of emitted code has one like it."""


def made(action: Callable[[], object]) -> str:
    """Return the line of the error that an action meets."""
    with pytest.raises(SymregError) as caught:
        action()
    assert caught.value.exit_code == 2
    line = str(caught.value).split("\n")[0]
    assert line.isascii() and line.isprintable()
    assert len(line) < 300
    return line


def quoted(name: str) -> str:
    """Return a name as a quoted TOML key or text; a lone surrogate, which TOML cannot hold, as `?`."""
    return '"' + "".join(c if c.isalnum() and c.isascii() else f"\\U{ord(c):08x}" for c in name) + '"'


def penalty_text(*, name: str = '"p"', parameter: str = "lam", array: str = "") -> str:
    return f'[penalty]\nname = {name}\nexpr = "lam*w**2"\n[params.{parameter}]\n' + (
        f'[arrays.{array}]\nshape = ["n"]\n' if array else ""
    )


def rule_text(*, name: str = '"r"', parameter: str = "lr", state: str = "m", target: str = "m") -> str:
    return (
        f'[rule]\nname = {name}\nsteps = ["{target} = m + g", "w = w - lr*m"]\n'
        f"[state]\n{state} = 0\n[params.{parameter}]\n"
    )


def is_toml(name: str) -> bool:
    return not any("\ud800" <= c <= "\udfff" for c in name)


def test_there_are_more_than_a_hundred() -> None:
    assert len(HOSTILE) >= 100


@pytest.mark.parametrize("name", HOSTILE, ids=lambda name: ascii(name)[1:-1][:30])
def test_a_hostile_name_is_refused_wherever_it_stands(name: str) -> None:
    words = HOSTILE[name]
    if name not in FUNCTIONS:
        assert words in made(lambda: resolve("lam*abs(w)", name=name))
    if name.strip() == name:  # blanks around a name are dropped
        assert words in made(lambda: read_declaration(f"{name}: positive = 1"))
        if not name.replace(".", "", 1).isdecimal():  # a number in place of a name fixes the parameter
            made(lambda: resolve(f"l1(lam={name})"))
    if is_toml(name):
        assert words in made(lambda: read_penalty(penalty_text(parameter=quoted(name)), "my.toml"))
        assert words in made(lambda: read_penalty(penalty_text(array=quoted(name)), "my.toml"))
        assert words in made(lambda: read_rule(rule_text(parameter=quoted(name)), "my.toml"))
        if name not in ("v", "y", "z"):
            assert words in made(lambda: read_rule(rule_text(state=quoted(name)), "my.toml"))


@pytest.mark.parametrize("name", [name for name, words in HOSTILE.items() if words == RESERVED_NAME])
def test_a_reserved_name_stands_for_no_parameter_of_an_expression(name: str) -> None:
    if name in ("w", "n", "pi"):
        assert parse(f"{name}*w")
    else:
        made(lambda: parse(f"{name}*w"))


@pytest.mark.parametrize("name", HIDING)
def test_an_emitted_file_hides_no_header_module_or_device(name: str) -> None:
    assert "a file of that name would hide another" in made(lambda: resolve("l2", name=name))
    assert "a file of that name" in made(lambda: read_penalty(penalty_text(name=f'"{name}"'), "my.toml"))


@pytest.mark.parametrize("name", ALLOWED)
def test_a_name_that_nothing_reserves_is_allowed(name: str) -> None:
    (parameter,) = resolve(f"{name}*w**2").terms.parameters
    assert parameter.name == name
    if name != "lam":
        assert [p.name for p in resolve(f"l1(lam={name})").terms.parameters] == [name]
    assert read_declaration(f"{name}: real").name == name
    rule = read_rule(rule_text(parameter=name).replace("lr*m", f"{name}*m"), "my.toml") if name != "m" else None
    assert rule is None or rule.parameters[0].name == name


@pytest.mark.parametrize(
    ("action", "words"),
    [
        (lambda: resolve("mcp(lam=gamma)"), "two parameters would have the name 'gamma'"),
        (lambda: resolve("tikhonov(A=lam)"), "two parameters would have the name 'lam'"),
        (lambda: resolve("tikhonov + l1(lam=A)"), "a parameter of one term and an array of another"),
        (lambda: resolve("tikhonov + sum(A[i]*w[i], i)"), "in two shapes"),
        (lambda: resolve("l1(lma=mu)"), "did you mean 'lam'"),
        (lambda: resolve("l2", name="L2 "), SHAPE),
        (lambda: read_rule(rule_text(state="lr"), "my.toml"), "'lr' is a parameter already"),
        (lambda: read_rule(rule_text(target="lr"), "my.toml"), "'lr' cannot be assigned to"),
        (lambda: read_rule(rule_text(target="g"), "my.toml"), "'g' cannot be assigned to"),
        (lambda: read_rule(rule_text(target="t"), "my.toml"), "'t' cannot be assigned to"),
        (lambda: read_rule(rule_text(target="n"), "my.toml"), "name 'n': the name is reserved"),
        (lambda: read_rule(rule_text(target="exp"), "my.toml"), "name 'exp': the name is reserved"),
        (lambda: read_rule(rule_text(target="__m"), "my.toml"), SHAPE),
        (lambda: read_rule(rule_text(target="mm"), "my.toml"), "'mm' is assigned but not used"),
        (lambda: read_rule(rule_text(name='"exp"'), "my.toml"), RESERVED_NAME),
        (lambda: read_penalty(penalty_text(array="lam"), "my.toml"), "both a parameter and an array"),
        (lambda: read_penalty(penalty_text(parameter="lambda_"), "my.toml"), "unknown name 'lam'"),
        (lambda: resolve(3), "not of type int"),  # type: ignore[arg-type]  # what somebody may pass all the same
        (lambda: resolve(b"l2"), "not of type bytes"),  # type: ignore[arg-type]  # wrong on purpose
        (lambda: resolve(None), "not of type NoneType"),  # type: ignore[arg-type]  # wrong on purpose
        (lambda: resolve("l2", name=3), "not of type int"),  # type: ignore[arg-type]  # wrong on purpose
    ],
)
def test_names_that_clash_are_told(action: Callable[[], Objective], words: str) -> None:
    assert words in made(action)


def test_every_reserved_name_has_a_reason_that_is_a_word() -> None:
    assert all(name.replace("_", "a").isalnum() for name in RESERVED)
    assert not RESERVED & set(ALLOWED)
