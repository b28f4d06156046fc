"""Hostile and broken expressions: each one meets an error that says what is wrong, at once, and nothing is executed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from hostile_tasks import Reading

from symreg.application.worker import Worker
from symreg.errors import OutOfTime

AT_ONCE = 3.0
"""Seconds: the worker is killed, and the test fails, if reading one text takes longer."""

CODE = {
    "__import__('os').system('touch CANARY')": "there are no strings",
    '__import__("os").getpid()*w': "there are no strings",
    "__import__(w)": "unknown function '__import__'",
    "eval(w)": "unknown function 'eval'",
    "exec(w)": "unknown function 'exec'",
    "compile(w, w, w)": "unknown function 'compile'",
    "open(w)": "unknown function 'open'",
    "print(w)": "unknown function 'print'",
    "getattr(w, lam)": "unknown function 'getattr'",
    "globals()": "unknown function 'globals'",
    "globals()[w]": "only an array can be subscripted",
    "breakpoint()*w": "unknown function 'breakpoint'",
    "exit()": "unknown function 'exit'",
    "input()*w": "unknown function 'input'",
    "vars(w)": "unknown function 'vars'",
    "lam.__class__*w": "'.' is not in the language",
    "w.__class__.__bases__[0].__subclasses__()": "'.' is not in the language",
    "().__class__": "'.' is not in the language",
    "w.real": "'.' is not in the language",
    "w.T": "a transposed vector stands for an inner product",
    "exp.__call__(w)": "'.' is not in the language",
    "os.system(w)": "'.' is not in the language",
    "...*w": "'.' is not in the language",
    "__class__*w": "write a letter, then letters",
    "__builtins__*w": "write a letter, then letters",
    "__builtins__[w]": "write a letter, then letters",
    "sum(__builtins__[i]*w[i], i)": "write a letter, then letters",
    "__name__*w": "write a letter, then letters",
    "f'{w}'": "there are no strings",
    'f\'{__import__("os").system("touch CANARY")}\'*w': "there are no strings",
    "b'w'": "there are no strings",
    "'w'*9": "there are no strings",
    '"""w"""': "there are no strings",
    "'": "there are no strings",
    "lambda w: w": "write 'lam'",
    "(lambda: w)()": "write 'lam'",
    "(x := w)": "':' is not in the language",
    "[w for w in w]": "a sum is written sum(w[i]**2, i)",
    "(w for w in w)": "a sum is written sum(w[i]**2, i)",
    "sum(w[i] for i in w)": "a sum is written sum(w[i]**2, i)",
    "{w for w in w}": "write round brackets",
    "{w: w}": "write round brackets",
    "[w]": "a list is not in the language",
    "[w, w]": "a list is not in the language",
    "w if lam else n": "write where(condition, a, b)",
    "import os": "'import' is a word of Python's",
    "w\nimport os": "'import' is a word of Python's",
    "w; import os": "one expression only",
    "del w": "'del' is a word of Python's",
    "global w": "'global' is a word of Python's",
    "await w": "'await' is a word of Python's",
    "yield w": "'yield' is a word of Python's",
    "assert w": "'assert' is a word of Python's",
    "raise w": "'raise' is a word of Python's",
    "return w": "'return' is a word of Python's",
    "pass": "'pass' is a word of Python's",
    "class*w": "'class' is a word of Python's",
    "None*w": "'None' is a word of Python's",
    "w = 2": "'=' is not in the language",
    "w =": "'=' is not in the language",
    "w += 2": "'=' is not in the language",
    "@w": "'@' is not in the language",
    "`id`*w": "'`' is not in the language",
    "$(id)*w": "'$' is not in the language",
    "/* w */": "an operand is missing before '/'",
    "w // w": "an operand is missing before '/'",
    "exp(x=w)": "'=' is not in the language",
    "max(w, key=abs)": "'=' is not in the language",
    "exp(**w)": "an operand is missing before '**'",
    "max(*w)": "an operand is missing before '*'",
}

LIMITS = {
    "(" * 41 + "w" + ")" * 41: "nested more than 40 deep",
    "(" * 100_000: "nested more than 40 deep",
    "[" * 50: "nested more than 40 deep",
    "-" * 10_000 + "w": "nested more than 40 deep",
    "+" * 10_000 + "w": "nested more than 40 deep",
    "-+" * 30 + "w": "nested more than 40 deep",
    "w*" + "- " * 50 + "w": "nested more than 40 deep",
    "not " * 300 + "w": "nested more than 40 deep",
    "where(" + "not " * 50 + "w > 0, w, 0)": "nested more than 40 deep",
    "abs(" * 41 + "w" + ")" * 41: "nested more than 40 deep",
    "where(w > 0, " * 30 + "w" + ", 0)" * 30: "more than 24 of abs, sign",
    "w*" * 60 + "w": "nested more than 40 deep",
    "w/" * 60 + "w": "nested more than 40 deep",
    "(w" + "+w" * 60 + ")": "nested more than 40 deep",
    "(" + "-".join(["w"] * 60) + ")*2": "nested more than 40 deep",
    "min(" + "w, " * 400 + "w)": "min takes 2 to 6 arguments",
    "where(w>0" + " or w>0" * 170 + ", w, 0)": "more than 500 nodes",
    "*".join(["(w" + "+1" * 30 + ")"] * 9): "more than 500 nodes",
    "a(" + "=x" * 120_000: "'=' is not in the language",
    "/" * 250_000: "an operand is missing before '/'",
    "1." * 100_000: "is not a number",
    "'" * 250_000: "there are no strings",
    "\n" * 250_000 + "w": "a term of more than 2000 characters",
    "+".join(["w"] * 129): "more than 128 terms",
    "w" + "+1" * 100_000: "more than 128 terms",
    "w" + "-w" * 300: "more than 128 terms",
    "w" * 2001: "a term of more than 2000 characters",
    "w" + " " * 2001: "a term of more than 2000 characters",
    "w" * 300_000: "at most 2000 a term and 128 terms",
    "w**2*" * 16 + "w**2": "more than 16 powers",
    "(" + "w**2+" * 16 + "w**2)": "more than 16 powers",
    "max(abs(w), " * 13 + "w" + ")" * 13: "more than 24 of abs, sign, min, max and where",
    "abs(w)*" * 24 + "abs(w)": "more than 24 of abs, sign, min, max and where",
    "9**9**9*w": "an exponent beyond +-64",
    "9**9**9": "an exponent beyond +-64",
    "w**9**9**9": "an exponent beyond +-64",
    "w**65": "an exponent beyond +-64",
    "w**-65": "an exponent beyond +-64",
    "w**(8*9)": "an exponent beyond +-64",
    "w**exp(5)": "an exponent beyond +-64",
    "w**1e300": "an exponent beyond +-64",
    "w" + "**2" * 16: "an exponent beyond +-64",
    "(2**64)**(2**64)*w": "an exponent beyond +-64",
    "1e400*w": "the number 1e400 is beyond double precision",
    "1e-400*w": "the number 1e-400 is beyond double precision",
    "1e9999*w": "beyond double precision",
    "w**1e400": "beyond double precision",
    "1e99999999999*w": "is not a number such as",
    "9" * 41 + "*w": "a number of more than 40 characters",
    "0." + "0" * 60 + "1*w": "a number of more than 40 characters",
    "1e308*10*w": "not a finite real number",
    "1e-308/1e308*w": "not a finite real number",
    "exp(1000)*w": "not a finite real number",
    "exp(exp(exp(10)))*w": "not a finite real number",
    "cosh(9999)*w": "not a finite real number",
    "sum(w[i+65], i)": "a shift beyond +-64",
    "sum(w[i-1000000000000000000000000000000], i)": "a shift beyond +-64",
    "l" * 33 + "*w": "33 characters long; at most 32",
}

CHARACTERS = {
    "": "there is no expression",
    " ": "there is no expression",
    "\n\t": "there is no expression",
    "\0": r"character '\x00' is not ASCII",
    "w\0": r"character '\x00' is not ASCII",
    "w\x00*w": r"character '\x00' is not ASCII",
    "w\x1b[2J": r"character '\x1b' is not ASCII",
    "w\x7f": r"character '\x7f' is not ASCII",
    "w\x0c+w": r"character '\x0c' is not ASCII",
    "\x0bw": r"character '\x0b' is not ASCII",
    "w\x85+w": r"character '\x85' is not ASCII",
    "\ufeffw": r"character '\ufeff' is not ASCII",
    "\uff57": r"character '\uff57' is not ASCII",
    "\uff45\uff56\uff41\uff4c(w)": r"character '\uff45' is not ASCII",
    "w**\uff12": r"character '\uff12' is not ASCII",
    "w*\u0662": r"character '\u0662' is not ASCII",
    "\u0430bs(w)": r"character '\u0430' is not ASCII",
    "\u212f*w": r"character '\u212f' is not ASCII",
    "w\u202e+1": r"character '\u202e' is not ASCII",
    "w\u200b": r"character '\u200b' is not ASCII",
    "w\u2066*w\u2069": r"character '\u2066' is not ASCII",
    "w\u2028+w": r"character '\u2028' is not ASCII",
    "\ud800w": r"character '\ud800' is not ASCII",
    "w\u0301": r"character '\u0301' is not ASCII",
    "w%2": "there is no remainder",
    "w & w": "write 'and'",
    "~w": "'~' is not in the language",
    "w!": "'!' is not in the language",
    "w?": "'?' is not in the language",
    "w != 2": "a condition stands where a number should",
    "<w>": "an operand is missing before '<'",
    "w<<2": "an operand is missing before '<'",
}

GRAMMAR = {
    "(": "this '(' is never closed",
    ")": "this ')' closes nothing",
    "(w": "this '(' is never closed",
    "w)": "this ')' closes nothing",
    "(w]": "this ']' closes a '('",
    "sum(w[i), i]": "this ')' closes a '['",
    "w[": "this '[' is never closed",
    "log(1 + w**2/(eps)": "this '(' is never closed",
    "()": "an operand is missing in these brackets",
    "w*()": "an operand is missing in these brackets",
    "(w,)": "an operand is missing before ')'",
    "w, w": "a comma stands outside a function's brackets",
    "(w, w)": "a comma stands outside a function's brackets",
    "*w": "an operand is missing before '*'",
    "w*": "an operand is missing after '*'",
    "w**": "an operand is missing after '**'",
    "w +": "an operand is missing after '+'",
    "w + + ": "an operand is missing after '+'",
    "-": "an operand is missing after '-'",
    "w * * w": "an operand is missing before '*'",
    "w and": "an operand is missing after 'and'",
    "or w": "an operand is missing before 'or'",
    "abs(w + )": "an operand is missing before ')'",
    "abs(, w)": "an operand is missing before ','",
    "2j*w": "'2j' is not a number",
    "w 2": "an operator is missing before '2'",
    "w not w": "an operator is missing before 'not'",
    "0x10*w": "is not a number such as",
    "0b1*w": "is not a number such as",
    "1_000*w": "is not a number such as",
    "007*w": "is not a number such as",
    "1.2.3*w": "is not a number such as",
    "1..2*w": "is not a number such as",
    "1.e*w": "is not a number such as",
    "w is lam": "write '==' to compare",
    "w in w": "'in' is a word of Python's",
    "abs": "'abs' is a function; write abs(...)",
    "exp*w": "'exp' is a function; write exp(...)",
    "w + where": "'where' is a function; write where(...)",
}

MEANING = {
    "abs()": "abs takes 1 argument, not 0",
    "abs(w, w)": "abs takes 1 argument, not 2",
    "logaddexp(w)": "logaddexp takes 2 arguments, not 1",
    "min(w)": "min takes two numbers or more",
    "where(w > 0, w)": "where takes 3 arguments, not 2",
    "where(w > 0, w, w, w)": "where takes 3 arguments, not 4",
    "abss(w)": "did you mean 'abs'",
    "Abs(w)": "did you mean 'abs'",
    "lam(w)": "'lam(' begins a product, or a function",
    "w(w)": "'w(' begins a product, or a function",
    "pi(w)": "'pi(' begins a product, or a function",
    "factorial(w)": "unknown function 'factorial'",
    "Piecewise(w)": "unknown function 'Piecewise'",
    "prox(w, lam)": "unknown function 'prox'; it is for update rules",
    "w == 2": "a condition stands where a number should",
    "w < 2": "a condition stands where a number should",
    "w and lam": "a condition stands where a number should",
    "not w": "a condition stands where a number should",
    "(w > 0)*w": "a condition stands where a number should",
    "abs(w > 0)": "a condition stands where a number should",
    "w**(w > 0)": "a condition stands where a number should",
    "where(w, w, 0)": "a condition is wanted here",
    "where(lam, w, 0)": "a condition is wanted here",
    "where((w > 0)*1, w, 0)": "a condition is wanted here",
    "where(not w, w, 0)": "a condition is wanted here",
    "where(True, w, 0)": "'True' is a word of Python's",
    "where(w > (w > 0), w, 0)": "a condition stands where a number should",
    "w**w": "nothing that varies with w",
    "w**(lam*w)": "nothing that varies with w",
    "w**sum(w[i], i)": "nothing that varies with w",
    "w**norm(w)": "nothing that varies with w",
    "w**where(w > 0, 1, 2)": "nothing that varies with w",
    "t*w": "name 't': the name is reserved",
    "g*w": "name 'g': the name is reserved",
    "double*w": "name 'double': the name is reserved",
    "sinf*w": "name 'sinf': the name is reserved",
    "w + inf": "give --domain",
    "nan*w": "name 'nan': the name is reserved",
    "_lam*w": "write a letter, then letters",
    "lam__x*w": "write a letter, then letters",
    "lam": "no penalty is called 'lam'",
    "mpc": "did you mean 'mcp'",
    "2*lam": "no penalty is called 'lam'",
    "0*l2": "a coefficient is a positive number",
    "l1 - l2": "subtracting one is not a penalty",
    "1/0*l2": "is not a number such as 2, 0.5 or 1/3",
    "1e999*l2": "beyond double precision",
    "l1*l2": "'l1' is a penalty",
    "lam*abs(w) + lam*l2": "'l2' is a penalty",
    "l1(lam)": "'l1' is a penalty of all weights",
    "l1(lam=)": "an operand is missing before ')'",
    "l1(mu=lam)": "l1 has no parameter 'mu'",
    "l1(lam=lam=lam)": "write a number such as 0.3 or 1/3, or a new name",
    "l1(lam=w)": "the name is reserved",
    "mcp(lam=gamma)": "two parameters would have the name 'gamma'",
    "mcp(lam=a, lam=b)": "'lam' stands there twice",
    "where(w >= 0, w)": "where takes 3 arguments, not 2",
    "lam*2": "expr does not hold the weights",
    "2": "expr does not hold the weights",
    "pi": "expr does not hold the weights",
    "n": "expr does not hold the weights",
    "sum(A[i], i)": "expr does not hold the weights",
}

INDICES = {
    "w[i]": "the index 'i' is not bound by a sum",
    "w[0]": "a subscript is an index with a constant shift",
    "w[-1]": "a subscript is an index with a constant shift",
    "w[w]": "the index 'w' is not bound by a sum",
    "w[]": "an operand is missing before ']'",
    "w[:]": "':' is not in the language",
    "w[i][j]": "only an array can be subscripted",
    "2[i]": "only an array can be subscripted",
    "(w)[i]": "the index 'i' is not bound by a sum",
    "exp[i]*w": "'exp' is a function",
    "sum(w[i], i, j)": "sum takes 2 arguments, not 3",
    "sum()": "sum takes 2 arguments, not 0",
    "sum(w, i)": "the index 'i' subscripts nothing",
    "sum(lam, i)": "the index 'i' subscripts nothing",
    "sum(w[i], 2)": "the second argument of sum is its index",
    "sum(w[i], i + 1)": "the second argument of sum is its index",
    "sum(w[i], w[i])": "the second argument of sum is its index",
    "sum(w[i], (i, j))": "the second argument of sum is its index",
    "sum(w[w], w)": "index 'w': the name is reserved",
    "sum(w[exp], exp)": "index 'exp': the name is reserved",
    "sum(w[j], i)": "the index 'j' is not bound by a sum",
    "sum(w[i]*i, i)": "the index 'i' must subscript something",
    "sum(i, i)": "the index 'i' must subscript something",
    "sum(w[i]**i, i)": "the index 'i' must subscript something",
    "sum(i(w[i]), i)": "'i(' begins a product, or a function",
    "sum(w[i+j], i)": "a subscript is an index with a constant shift",
    "sum(w[2*i], i)": "a subscript is an index with a constant shift",
    "sum(w[-i], i)": "a subscript is an index with a constant shift",
    "sum(w[1+i], i)": "a subscript is an index with a constant shift",
    "sum(w[i+0.5], i)": "a subscript is an index with a constant shift",
    "sum(w[i+lam], i)": "a subscript is an index with a constant shift",
    "sum(w[i+n], i)": "a subscript is an index with a constant shift",
    "sum(w[i+-1], i)": "a subscript is an index with a constant shift",
    "sum(w[w[i]], i)": "a subscript is an index with a constant shift",
    "sum(w[i+True], i)": "'True' is a word of Python's",
    "sum(sum(w[i, j], j), i)": "w has one subscript",
    "sum(A[i, i]*w[i], i)": "an index may stand once in a subscript",
    "sum(sum(sum(A[i, j, k]*w[i], k), j), i)": "A has 3 subscripts; at most 2",
    "sum(A[i]*w[i], i) + sum(sum(A[i, j]*w[i], j), i)": "dimension(s), not",
    "sum(lam[i]*w[i]*lam, i)": "needs its subscripts",
    "sum(sum(w[i], i), i)": "the index 'i' is already in use",
    "sum(w[i]*sum(w[i], i), i)": "the index 'i' is already in use",
    "sum(w[i], i)*w[i]": "stands behind the sum over its index",
    "w*sum(w[i], i)": "'w' stands bare beside index notation",
    "sum(w[i]*w, i)": "'w' stands bare beside index notation",
    "w*norm(w)": "'w' stands bare beside index notation",
    "l2 + w*norm(w)": "'w' stands bare beside index notation",
    "norm()": "norm takes 1 argument, not 0",
    "norm(2*w)": "norm takes the whole vector",
    "sum(norm(w[i]), i)": "the norm of one weight is its magnitude",
    "norm(lam)*w": "the norm of something else than the weights",
    "sum(z[i]*w[i], i)": "name 'z': the name is reserved",
}

VALUES = {
    "w/0": "this divides by zero",
    "w/0.0": "this divides by zero",
    "w/(1 - 1)": "this divides by zero",
    "w/sin(0)": "this divides by zero",
    "w/-0": "this divides by zero",
    "0**-1*w": "not a finite real number",
    "(-1)**0.5*w": "not a finite real number",
    "(-8)**(1/3)*w": "not a finite real number",
    "log(0)*w": "not a finite real number",
    "log(-1)*w": "not a finite real number",
    "log(2 - 3)*w": "not a finite real number",
    "log1p(-1)*w": "not a finite real number",
    "sqrt(-1)*w": "not a finite real number",
    "w + sqrt(-2)": "not a finite real number",
    "w/(lam - lam)": "has no finite value at any weight",
    "w/(w - w)": "has no finite value at any weight",
    "log(w - w)": "has no finite value at any weight",
    "log(-w**2)": "has no finite value at any weight",
    "log(-lam)*w": "has no finite value at any weight",
    "sqrt(-1 - abs(w))": "has no finite value at any weight",
    "(-abs(w) - 1)**0.5": "has no finite value at any weight",
    "w/sin(pi)": "has no finite gradient at any weight",
    "sum(log(-w[i]**2), i)": "has no finite value at any weight",
    "norm(w)/sum(w[i] - w[i], i)": "has no finite value at any weight",
    "sign(w)": "the value jumps at w = 0",
    "where(w > 0, 1, 0)": "the value jumps at w = 0",
    "where(w >= 0, w + lam, w)": "the value jumps at w = 0",
    "where(w == 0, 1, 0)": "the value jumps at w = 0",
    "where(w <= lam, w, w**2)": "the value jumps at w = lam",
    "1/abs(w)": "the formula is not defined at w = 0",
    "where(sin(w) > 0, w, 0)": "the value jumps where sin(w) = 0",
    "max(tan(w), 0)": "the value jumps where tan(w) = 0",
    "sign(w**3 - w + 1)*w": "the value jumps where w**3 - w + 1 = 0",
}

HOSTILE = [
    pytest.param(text, words, id=f"{kind}-{ascii(text)[1:41]}")
    for kind, rows in (
        ("code", CODE),
        ("limit", LIMITS),
        ("character", CHARACTERS),
        ("grammar", GRAMMAR),
        ("meaning", MEANING),
        ("index", INDICES),
        ("value", VALUES),
    )
    for text, words in rows.items()
]


READ = (
    "np.exp(w)",
    "math.sqrt(w)",
    "lambda*w**2",
    "w # w",
    "w \\\n + w",
    "w\xa0*w",
    "\U0001d430",
    "w\N{SUPERSCRIPT TWO}",
    "2\N{MIDDLE DOT}w",
    "2\N{MULTIPLICATION SIGN}w",
    "\N{MINUS SIGN}w",
    "\N{GREEK SMALL LETTER LAMDA}*w",
    "\N{SQUARE ROOT}w",
    "where(w \N{LESS-THAN OR EQUAL TO} 1, w, 1)",
    "w^2",
    "|w|",
    "\\lambda w",
    "2w",
    "2lam*w",
    "w w",
    "2 w",
    "(w)(w)",
    "(w)w",
    "exp(w)(w)",
    "2(w)",
    "ln(w)",
    "2**w",
    "sum(w[i])",
    "norm(w, 1)",
)
"""What is in another notation, and read; see `test_notation`."""

Read = Callable[[str, str], Reading]


@pytest.fixture(scope="module")
def read(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Read]:
    """Yield a function that has a task read a text, in a process whose folder is empty and must be left so."""
    folder = tmp_path_factory.mktemp("empty")

    workers: list[Worker] = []

    def start() -> None:
        workers.append(stack.enter_context(Worker("hostile_tasks")))
        workers[-1].call("warm_up", timeout=60)

    def call(task: str, text: str) -> Reading:
        try:
            reading: Reading = workers[-1].call(task, timeout=AT_ONCE, text=text)
        except OutOfTime:
            start()
            raise
        return reading

    with pytest.MonkeyPatch.context() as patch, ExitStack() as stack:
        patch.setenv("PYTHONPATH", str(Path(__file__).parents[1] / "support"))
        patch.chdir(folder)
        start()
        yield call
    assert list(folder.iterdir()) == []


def check_message(reading: Reading) -> str:
    """Return the first line of a message that a user may be shown; below it only the text and a caret may stand."""
    first, *rest = reading.message.split("\n")
    assert first.isascii() and first.isprintable()
    assert len(first) < 300
    assert all(line.isprintable() and len(line) < 90 for line in rest)
    assert len(rest) == (2 if reading.is_placed else 0)
    assert not rest or rest[1].strip() == "^"
    return first


def test_there_are_more_than_two_hundred() -> None:
    assert len(HOSTILE) >= 200


@pytest.mark.one_in(12)
@pytest.mark.parametrize(("text", "words"), HOSTILE)
def test_a_hostile_expression_is_refused_at_once(read: Read, text: str, words: str) -> None:
    reading = read("read_expression", text)
    assert words in check_message(reading)
    assert reading.exit_code == 2
    assert reading.executed == ()


def test_what_is_executed_would_be_noticed(read: Read) -> None:
    reading = read("run_code", "__import__('os').system('true')")
    assert "os.system" in reading.executed
    assert "exec" in reading.executed


@pytest.mark.one_in(2)
@pytest.mark.parametrize(
    "text",
    [
        "where(w >= 0, w, 0)",
        "where(w <= 0, w**2, 0)",
        "where(w == 0, 0, abs(w))",
        "0.5*where(w >= 0, w, 0)",
        "atan(w)",
        "atan",
        "atan(w) + atan",
        "sqrt(w)",
        "w**-1 + 0*w",
        "1.e1*w + .5*w",
        "w**2 - -w",
        "w\r\n+\tw",
        "+w",
        "where(w > 0 > 1, w, -w)",
        "exp(-1000)*w",
        "where(not (not w > 0), w, 0)",
        "sum(beta[i]*w[i], i)",
        "l1(lam=2)",
        *READ,
    ],
)
def test_what_looks_broken_and_is_not_is_taken(read: Read, text: str) -> None:
    assert read("read_expression", text) == Reading("", "", False, 0, ())
