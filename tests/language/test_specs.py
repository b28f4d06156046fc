"""Hostile and broken spec files: one line names the file, the table and the key; nothing is executed, nothing hangs."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from symreg.errors import LanguageError, SymregError
from symreg.language.intervals import parse_interval
from symreg.language.specs.toml import read_penalty, read_rule
from symreg.objectives.resolve import resolve
from symreg.objectives.rules import resolve_rule

PENALTY = {
    "name": '"p"',
    "expr": '"lam*w**2"',
    "more": "",
    "params": "[params.lam]",
    "arrays": "",
}
RULE = {"name": '"r"', "steps": '"w = w - lr*g"', "more": "", "state": "", "params": "[params.lr]"}


def penalty(**parts: str) -> str:
    p = PENALTY | parts
    return f"[penalty]\nname = {p['name']}\nexpr = {p['expr']}\n{p['more']}\n{p['params']}\n{p['arrays']}\n"


def rule(**parts: str) -> str:
    r = RULE | parts
    return f"[rule]\nname = {r['name']}\nsteps = [{r['steps']}]\n{r['more']}\n[state]\n{r['state']}\n{r['params']}\n"


def lam(text: str) -> str:
    return penalty(params=f"[params.lam]\n{text}")


def array(text: str, expr: str = '"lam*sum(A[i]*w[i], i)"') -> str:
    return penalty(expr=expr, arrays=f"[arrays.A]\n{text}")


PLAIN = "write one line of printable ASCII without backslash"
IDENTIFIER = "write a letter, then letters"
SHAPE = '[arrays.A] shape: write ["n"] or ["n", "n"]'
BEYOND = "beyond double precision"
SYMBOL = "is not an allowed symbol"
ASSIGNMENT = "is not an assignment such as"

NOT_TOML = {
    "": "there is no [penalty] table",
    "penalty": "not TOML",
    "[penalty": "not TOML",
    "penalty = 3": "there is no [penalty] table",
    "[[penalty]]\nname = 'p'": "there is no [penalty] table",
    "[penalty]\n[penalty]": "not TOML",
    "name = 'p'\nname = 'q'": "not TOML",
    penalty() + "\0": "not TOML",
    penalty() + "x = '\x1b[2J'": "not TOML",
    penalty(more="title = '\ud800'"): PLAIN,
    penalty(more=r'title = "\ud800"'): "not TOML",
    "x = '''" + "a" * 1000: "not TOML",
    "x = " + "1" * 5000: "not TOML",
    "import os": "not TOML",
    "a.b.c.d = 1": "'a'] is not a key here",
    "[" * 5000: "more than 4,000 brackets",
    "x = " + "[" * 3000: "brackets nested too deeply",
    "x = " + "{x=" * 200: "not TOML",
    "[a]\n" * 5000: "more than 4,000 brackets",
    ".".join(["a"] * 140_000) + " = 1": "more than 2000 dots in a line",
    "[" + ".".join(["a"] * 140_000) + "]": "more than 2000 dots in a line",
    "x" * 400_000: "400000 characters; at most 300000",
    "\n" * 299_000 + penalty(expr='"lam*w*gama"'): "unknown name 'gama'",
    penalty(arrays="[other]"): "'other'] is not a key here",
    penalty(arrays="[parms]"): "did you mean 'params'",
    penalty(arrays="[state]\nm = 0"): "'state'] is not a key here",
    penalty(arrays="[rules]\nname = 'r'"): "'rules'] is not a key here",
}

PENALTIES = {
    "[penalty]": "[penalty] has no expr",
    "[penalty]\nname = 'p'": "[penalty] has no expr",
    "[penalty]\nexpr = 'w'": "[penalty] has no name",
    "[penalty]\nnam = 'p'\nexpr = 'w'": "did you mean 'name'",
    "[penalty]\nname = 'p'\nexprr = 'w'": "did you mean 'expr'",
    penalty(name="3"): "[penalty] name: write text in quotes",
    penalty(name="['p']"): "[penalty] name: write text in quotes",
    penalty(name="''"): IDENTIFIER,
    penalty(name="'../x'"): IDENTIFIER,
    penalty(name=r'"a\nb"'): PLAIN,
    penalty(name=r'"a\u0000b"'): PLAIN,
    penalty(name="'con'"): "a file of that name would hide another",
    penalty(expr="3"): "[penalty] expr: write text in quotes",
    penalty(expr="['w']"): "[penalty] expr: write text in quotes",
    penalty(expr="''"): "there is no expression",
    penalty(expr='"lam*w**2 + gama*w"'): "unknown name 'gama'",
    penalty(expr='"lma*w**2"'): "did you mean 'lam'",
    penalty(expr='"l1"'): "unknown name 'l1'",
    penalty(expr='"lam*w*t"'): "unknown name 't'",
    penalty(expr='"lam*w*g"'): "unknown name 'g'",
    penalty(expr='"lam"'): "expr does not hold the weights",
    penalty(expr='"w"'): "[params.lam] is not used in expr",
    penalty(expr='"lam*sum(w[lam], lam)"'): "'lam' is a name already",
    penalty(expr='"sum(lam[i]*w[i], i)"'): "'lam' is a parameter, but is subscripted",
    penalty(expr='"lam*sum(B[i]*w[i], i)"'): "unknown name 'B'",
    penalty(expr="\"lam*w.__class__('id')\""): "'.' is not in the language",
    penalty(expr='"""lam*\nw**2\n+ __import__"""'): "unknown name '__import__'",
    penalty(more="title = '*/ system(0); /*'"): PLAIN,
    penalty(more="title = '/* x'"): PLAIN,
    penalty(more=r"title = 'a\b'"): PLAIN,
    penalty(more=r"title = '\input{/etc/passwd}'"): PLAIN,
    penalty(more=r'title = "a\nb"'): PLAIN,
    penalty(more="title = '\"\"\"'"): PLAIN,
    penalty(more="title = '''\n\nx'''"): PLAIN,
    penalty(more="title = '\u202e'"): PLAIN,
    penalty(more="title = '\u03bb'"): PLAIN,
    penalty(more="title = '" + "x" * 300 + "'"): "300 characters; at most 200",
    penalty(more="title = 5"): "[penalty] title: write text in quotes",
    penalty(more="doc = '??/'"): PLAIN,
    penalty(more=r'doc = "a\r\nb"'): PLAIN,
    penalty(more="doc = '" + "x" * 1001 + "'"): "1001 characters; at most 1000",
    penalty(more="reference = 2020-01-01"): "[penalty] reference: write text in quotes",
    penalty(more="reference = '*/'"): PLAIN,
    penalty(more="domain = 5"): "[penalty] domain: write text in quotes",
    penalty(more="domain = [0, 1]"): "[penalty] domain: write text in quotes",
    penalty(more="domain = '(1, 0)'"): "is empty; write '(0, 1)'",
    penalty(more="domain = '(0, 0)'"): "is empty",
    penalty(more="domain = '[0, 0]'"): "is a single point",
    penalty(more="domain = '[-inf, 0)'"): "includes infinity",
    penalty(more="domain = '(nan, 1)'"): "is not one; write real, positive",
    penalty(more="domain = '(mu, 1)'"): "is not one; write real, positive",
    penalty(more="domain = 'Positive'"): "is not one; write real, positive",
    penalty(more=r'domain = "(0,\n\u001b[2J1)"'): "is not one; write real, positive",
    penalty(more="domain = '" + "(" * 1000 + "'"): "is not one; write real, positive",
    penalty(more="domain = '(1e400, inf)'"): BEYOND,
    penalty(more="domain = '(0, 1e-400)'"): BEYOND,
    penalty(params="[params]\nlam = 3"): "[params] 'lam': write a table [params.lam]",
    penalty(params="[[params]]\nlam = 3"): "[params] is not a table of tables",
    penalty(params="[params.lam]\n[params.mu]"): "[params.mu] is not used in expr",
    penalty(params="[params.lam]\n[params.w]"): "'w': the name is reserved",
    penalty(params='[params.lam]\n[params."a\\nb"]\nzzz = 1'): IDENTIFIER,
    penalty(params='[params.lam]\n[params."a\\u001b[2Jb"]\ndomain = 3'): IDENTIFIER,
    penalty(params="[params.lam]\n" + "".join(f"[params.a{k}]\n" for k in range(40))): "41 entries; at most 32",
    lam("domian = 'real'"): "did you mean 'domain'",
    lam("domain = 'odd'"): "is not one; write real, positive",
    lam("domain = '(1e400, inf)'"): BEYOND,
    lam("domain = '(0, 1e-320)'"): BEYOND,
    lam("domain = '(1, 1.0000000000000000000001)'"): "holds no number of double precision",
    lam("default = -1"): "default -1 is outside its domain positive",
    lam("default = 0"): "default 0 is outside its domain positive",
    lam("default = nan"): "default nan is outside",
    lam("default = inf"): "default inf is outside",
    lam("default = 1e400"): "default inf is outside",
    lam("default = 1e-400"): "default 0.0 is outside",
    lam("default = 1" + "0" * 400): "is outside its domain positive",
    lam("default = '1'"): "default must be a number",
    lam("default = true"): "default must be a number",
    lam("default = [1]"): "default must be a number",
    lam("default = 2020-01-01"): "default must be a number",
    lam(r"latex = '\input{/etc/passwd}'"): SYMBOL,
    lam(r"latex = '\write18{id}'"): SYMBOL,
    lam(r"latex = '\lambda}'"): SYMBOL,
    lam(r"latex = '\lambda\input'"): SYMBOL,
    lam(r"latex = '\def\x'"): SYMBOL,
    lam(r"latex = '\csname input\endcsname'"): SYMBOL,
    lam(r"latex = '^^5cinput'"): SYMBOL,
    lam("latex = '$x$'"): SYMBOL,
    lam("latex = 'x%'"): SYMBOL,
    lam("latex = '<script>'"): SYMBOL,
    lam(r'latex = "\\lambda\n"'): SYMBOL,
    lam(r"latex = '\mathrm{" + "a" * 50 + "}'"): SYMBOL,
    lam("latex = 3"): "latex: write text in quotes",
    lam("doc = '*/'"): PLAIN,
    lam(r'doc = "a\nb"'): PLAIN,
    array(""): SHAPE,
    array("shape = 3"): SHAPE,
    array("shape = 'n'"): SHAPE,
    array("shape = []"): SHAPE,
    array("shape = [3]"): SHAPE,
    array("shape = ['n', 'n', 'n']"): SHAPE,
    array("shape = [['n']]"): SHAPE,
    array("shape = {n = 1}"): SHAPE,
    array("shpe = ['n']"): "did you mean 'shape'",
    array("shape = ['n', 'n']"): "A has 2 dimension(s), not 1 subscript(s)",
    array("shape = ['n']", '"lam*w**2"'): "[arrays.A] is not used in expr",
    array("shape = ['n']", '"lam*A*norm(w)"'): "the array 'A' needs its subscripts",
    array("shape = ['n']", '"lam*sum(A[i, i]*w[i], i)"'): "an index may stand once",
    array("shape = ['n', 'n']", '"lam*sum(A[i, j]*w[i], i)"'): "the index 'j' is not bound",
    penalty(arrays="[arrays.lam]\nshape = ['n']"): "'lam' is both a parameter and an array",
    penalty(arrays="[arrays]\nA = ['n']"): "[arrays] 'A': write a table [arrays.A]",
}  # fmt: skip

RULES = {
    "[rule]\nname = 'r'": "[rule] steps: write a list of assignments",
    "[rule]\nname = 'r'\nsteps = 'w = w'": "[rule] steps: write a list of assignments",
    "[rule]\nname = 'r'\nsteps = [3]": "[rule] steps: write a list of assignments",
    "[rule]\nname = 'r'\nsteps = ['w = w - g']\nstate = 3": "[rule] 'state' is not a key here",
    "[rule]\nsteps = ['w = w - g']": "[rule] has no name",
    rule(name="'for'"): "the name is reserved",
    rule(name="'../r'"): IDENTIFIER,
    rule(steps=""): "[rule] steps: write a list of assignments",
    rule(steps='"w"'): ASSIGNMENT,
    rule(steps='"w == w"'): ASSIGNMENT,
    rule(steps='"w += g"'): ASSIGNMENT,
    rule(steps='"w, m = g, lr"'): ASSIGNMENT,
    rule(steps='"w[i] = w[i] - lr*g[i]"'): ASSIGNMENT,
    rule(steps='"w.x = g"'): ASSIGNMENT,
    rule(steps='" = g"'): ASSIGNMENT,
    rule(steps='""'): ASSIGNMENT,
    rule(steps='"import os"'): ASSIGNMENT,
    rule(steps='"w = "'): "there is no expression",
    rule(steps='"w = m = lr*g"'): "'=' is not in the language",
    rule(steps='"w = lr*g; import os"'): "';' is not in the language",
    rule(steps="\"w = __import__('os').system('id')\""): "there are no strings",
    rule(steps='"w = w - lr*gg"'): "did you mean 'g'",
    rule(steps='"w = w - lr*X*g"'): "unknown name 'X'",
    rule(steps='"w = w - lr*g/n"'): "unknown name 'n'",
    rule(steps='"w = w - lr*g/0"'): "this divides by zero",
    rule(steps='"w = w - lr*g[i]"'): "a rule is elementwise",
    rule(steps='"w = w - lr*sum(g[i], i)"'): "a rule is elementwise",
    rule(steps='"w = w - lr*norm(g)"'): "a rule is elementwise",
    rule(steps='"w = w - lr*norm(w)"'): "a rule is elementwise",
    rule(steps='"w = prox(w - lr*g)"'): "prox takes 2 arguments, not 1",
    rule(steps='"w = prox(prox(w - lr*g, lr), lr)"'): "a prox stands within another one",
    rule(steps='"w = prox(w, prox(g, lr))"'): "a prox stands within another one",
    rule(steps='"w = w - lr*g - prox(lr, lr)"'): "prox(lr, lr) takes one number",
    rule(steps='"w = w - lr*g**prox(w, lr)"'): "nothing that varies with w",
    rule(steps='"w = w - lr*g*prox"'): "'prox' is a function; write prox(...)",
    rule(steps='"w = w - lr*g**w"'): "nothing that varies with w",
    rule(steps='"w = w - lr*2**g"'): "nothing that varies with w",
    rule(steps='"w = w - lr"'): "no gradient is used",
    rule(steps='"w = w"', params=""): "no gradient is used",
    rule(steps='"w = w - lr*g", "m = g*lr"', state="m = 0"): "[state] 'm' is not used",
    rule(steps='"m = m + g*lr"', state="m = 0"): "nothing is assigned to w",
    rule(steps='"g = w", "w = w - lr*g"'): "'g' cannot be assigned to",
    rule(steps='"g_loss = w", "w = w - lr*g"'): "'g_loss' cannot be assigned to",
    rule(steps='"lr = g", "w = w - lr*g"'): "'lr' cannot be assigned to",
    rule(steps='"t = 3", "w = w - lr*g"'): "'t' cannot be assigned to",
    rule(steps='"exp = g", "w = w - lr*g"'): "the name is reserved",
    rule(steps='"mm = g", "w = w - lr*g"'): "'mm' is assigned but not used",
    rule(steps='"w = w - lr*m", "m = g"'): "unknown name 'm'",
    rule(steps='"w = w - lr*g",' * 65): "65 assignments; at most 64",
    rule(state="m = 0"): "[state] 'm' is not used in steps",
    rule(steps='"w = w - lr*g*m"', state="m = 0"): "[state] 'm' is never assigned",
    rule(state="m = nan"): "write its first value, a finite number",
    rule(state="m = inf"): "write its first value, a finite number",
    rule(state="m = 1" + "0" * 400): "write its first value, a finite number",
    rule(state="m = 'x'"): "write its first value, a finite number",
    rule(state="m = true"): "write its first value, a finite number",
    rule(state="m = [0]"): "write its first value, a finite number",
    rule(state="m = {x = 0}"): "write its first value, a finite number",
    rule(state="lr = 0"): "'lr' is a parameter already",
    rule(state="'a b' = 0"): IDENTIFIER,
    rule(state="w = 0"): "the name is reserved",
    rule(state="".join(f"m{k} = 0\n" for k in range(40))): "write a table of at most 32",
    rule(more="stepz = 3"): "did you mean 'steps'",
    rule(more="title = '*/'"): PLAIN,
    rule(params="[params.lr]\n[params.mu]"): "[params.mu] is not used in steps",
    rule(params="[params.lr]\n[arrays.A]\nshape = ['n']"): "'arrays'] is not a key here",
}  # fmt: skip


def refused(action: Callable[[], object]) -> str:
    """Return the one line of the error that an action meets; below it the text, a caret and what to paste may stand."""
    with pytest.raises(SymregError) as caught:
        action()
    assert caught.value.exit_code == 2
    message, _, _ = str(caught.value).partition("\n\n" if getattr(caught.value, "to_paste", "") else "\0")
    line, *rest = message.split("\n")
    assert line.isascii() and line.isprintable()
    assert len(line) < 300
    assert len(rest) == (2 if isinstance(caught.value, LanguageError) and caught.value.text is not None else 0)
    return line


def as_ids(rows: dict[str, str]) -> list[object]:
    return [pytest.param(text, words, id=f"{k}-{words[:30]}") for k, (text, words) in enumerate(rows.items())]


@pytest.mark.parametrize(("text", "words"), as_ids(NOT_TOML | PENALTIES))
def test_a_broken_penalty_file_is_refused(text: str, words: str) -> None:
    line = refused(lambda: read_penalty(text, "my.toml"))
    assert line.startswith("my.toml:")
    assert words in line


@pytest.mark.parametrize(("text", "words"), as_ids(RULES))
def test_a_broken_rule_file_is_refused(text: str, words: str) -> None:
    line = refused(lambda: read_rule(text, "my.toml"))
    assert line.startswith("my.toml:")
    assert words in line


def test_the_files_that_were_broken_are_whole_without_the_fault() -> None:
    assert read_penalty(penalty(), "my.toml").name == "p"
    assert read_penalty(array("shape = ['n']"), "my.toml").arrays[0].shape == ("n",)
    assert read_rule(rule(), "my.toml").name == "r"


def test_the_place_is_that_in_the_file() -> None:
    text = penalty(expr='"""lam*\n  w**2 +\n\n  @"""')
    line = refused(lambda: read_penalty(text, "my.toml"))
    assert line.startswith("my.toml:6:3: '@' is not in the language")
    line = refused(lambda: read_rule(rule(steps='"w = w - lr*g",\n  "w = w - lr*gg"'), "my.toml"))
    assert line.startswith("my.toml:4:15: unknown name 'gg'")


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"], ids=["plain", "marked"])
@pytest.mark.parametrize("end", ["\n", "\r\n"], ids=["unix", "windows"])
def test_editors_of_every_system_write_spec_files(tmp_path: Path, mark: bytes, end: str) -> None:
    (tmp_path / "p.toml").write_bytes(mark + penalty().replace("\n", end).encode())
    (tmp_path / "r.toml").write_bytes(mark + rule().replace("\n", end).encode())
    assert resolve(tmp_path / "p.toml").name == "p"
    assert resolve_rule(tmp_path / "r.toml").name == "r"


@pytest.mark.parametrize("kind", ["folder", "pipe", "device", "huge", "binary", "utf16", "missing", "loop", "secret"])
@pytest.mark.parametrize("read", [resolve, resolve_rule])
def test_what_is_no_small_text_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, read: Callable[[str], object]
) -> None:
    monkeypatch.chdir(tmp_path)
    path = Path("my.toml")
    match kind:
        case "folder":
            path.mkdir()
        case "pipe":
            os.mkfifo(path)
        case "device":
            path.symlink_to("/dev/zero")
        case "huge":
            with path.open("wb") as file:
                file.truncate(1 << 34)
        case "binary":
            path.write_bytes(bytes(range(256)))
        case "utf16":
            path.write_text(penalty(), encoding="utf-16")
        case "loop":
            path.symlink_to(path)
        case "secret":
            path.write_text("root:x:0:0:secret\n")
    line = refused(lambda: read("my.toml"))
    assert "my.toml" in line
    assert "secret" not in line


@pytest.mark.parametrize(
    "name",
    ["a\nb.toml", "\x1b[2J.toml", "*/ evil(); /*.toml", '""".toml', "\u202e.toml", "a b.toml", "x" * 200 + ".toml"],
)
def test_a_hostile_file_name_reaches_no_message_and_no_comment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    refused(lambda: resolve(name))
    path = Path(name.replace("/", "|"))
    path.write_text(penalty(expr='"lam*gama*w"'))
    refused(lambda: resolve(str(path)))
    refused(lambda: resolve_rule(str(path)))
    path.write_text(penalty())
    text = resolve(str(path)).text
    assert text.isascii() and text.isprintable()
    assert not any(words in text for words in ("*/", "/*", '"""', "\\"))


def test_no_line_break_of_an_expression_reaches_a_comment() -> None:
    assert resolve("lam*w**2\n + \r\n\t mu*w**4").text == "lam*w**2 + mu*w**4"


@pytest.mark.parametrize(
    ("text", "inside", "outside"),
    [
        ("[0.3, 1]", (0.3, 1.0), (0.29999999999999993, 1.0000000000000002)),
        ("(0.3, 1)", (0.30000000000000004, 0.5), (0.3, 1.0)),
        ("(1e308, inf)", (1.1e308,), (1e308,)),
        ("(-inf, -1.7e308)", (-1.75e308,), (-1.7e308,)),
        ("nonnegative", (0.0, -0.0), (-5e-324, float("inf"), float("nan"))),
    ],
)
def test_a_domain_holds_what_emitted_code_lets_pass(
    text: str, inside: tuple[float, ...], outside: tuple[float, ...]
) -> None:
    domain = parse_interval(text)
    assert all(x in domain for x in inside)
    assert all(x not in domain for x in outside)


@pytest.mark.parametrize(
    ("expression", "table"),
    [
        ("lam*w**2 + kappa*w", '[params.kappa]\ndomain = "positive"\ndefault = 1.0'),
        ("lam*w**2 + lam2*w", '[params.lam2]\ndomain = "positive"\ndefault = 1.0'),
        ("lam*sum(B[i]*w[i], i)", '[arrays.B]\nshape = ["n"]'),
        ("lam*sum(sum(B[i, j]*w[i]*w[j], j), i)", '[arrays.B]\nshape = ["n", "n"]'),
    ],
)
def test_what_is_not_declared_is_told_with_the_lines_that_declare_it(expression: str, table: str) -> None:
    text = penalty(expr=f'"{expression}"')
    with pytest.raises(LanguageError) as caught:
        read_penalty(text, "my.toml")
    shown, _, to_paste = str(caught.value).partition("\n\n")
    assert shown.splitlines()[0].endswith("declare it:")
    assert to_paste == table
    assert read_penalty(f"{text}\n{to_paste}\n", "my.toml").name == "p"


def test_a_name_that_may_not_be_declared_is_told_without_them() -> None:
    with pytest.raises(LanguageError) as caught:
        read_penalty(penalty(expr='"lam*w*t"'), "my.toml")
    assert caught.value.to_paste == ""
    assert "declare" not in str(caught.value)
