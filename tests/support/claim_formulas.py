"""Random penalties out of a small grammar, with the domains of their parameters: always the same ones for a number."""

from __future__ import annotations

from random import Random

ATOMS = (
    "w", "abs(w)", "w**2", "abs(w)**3", "abs(w)**(3/2)", "sqrt(abs(w))", "w**3", "exp(w)", "exp(-abs(w))",
    "log(1 + abs(w))", "log1p(w**2)", "sqrt(1 + w**2)", "sqrt(c**2 + w**2)", "max(w, 0)", "min(w, 0)",
    "max(abs(w) - c, 0)", "abs(w - c)", "abs(w - 1)", "softplus(w)", "logaddexp(w, -w)", "tanh(w)", "atan(w)",
    "sigmoid(w)", "w*tanh(w)", "cosh(w) - 1", "where(abs(w) <= c, w**2/2, c*abs(w) - c**2/2)", "where(w > 0, w, a*w)",
    "w/(1 + abs(w))", "1/(1 + w**2)", "sin(w)**2", "1 - cos(w)", "min(w**2, c)", "log(c + abs(w))", "-log(c - w)",
    "w*log(abs(w))", "log(w)", "(w - c)**2", "abs(w)**p", "exp(-w**2/c)", "max(w, -2*w)", "sign(w)*w**2",
    "min(abs(w), abs(w - 1))", "sqrt(1 - w**2)",
)  # fmt: skip
FACTORS = ("", "lam*", "lam*", "a*", "(1 - a)*", "2*", "b*", "lam/c*", "(a - 1)*")
PAIRS = (
    "w[i+1] - w[i]", "w[i+1] + w[i]", "w[i]*w[i+1]", "w[i]", "w[i+1] - 2*w[i]", "c[i]*w[i]", "w[i+1] - 1",
)  # fmt: skip
OF_PAIRS = (
    "{}", "abs({})", "({})**2", "({})**3", "exp({})", "max({}, 0)", "max({}, 0)**2", "softplus({})", "sin({})",
    "abs({})**3", "sqrt(1 + ({})**2)", "min({}, 0)", "log(1 + abs({}))", "({})*abs({})", "tanh({})", "cosh({})",
)  # fmt: skip
WHOLE = (
    "{}", "{}", "lam*{}", "({})**2", "norm(w)*{}", "{} + norm(w)", "exp({})", "max({}, 0)", "abs({})", "a*{}", "{}*{}",
)  # fmt: skip
DOMAINS = {
    "a": ("(0, 1) = 0.3", "[0, 1] = 0.5", "real = 0.7", "(0, 1) = 0.9"),
    "b": ("nonnegative = 0.5", "nonnegative = 0", "real = -1", "real = 2"),
    "p": ("(1, 2) = 1.5", "(0, 1) = 0.5", "positive = 1.5"),
    "lam": ("positive = 1", "positive = 0.1", "nonnegative = 1"),
}


def formula(number: int) -> tuple[str, tuple[str, ...]]:
    """Return a penalty and the declarations of its parameters."""
    random = Random(number)
    text = _of_vectors(random) if number % 3 == 0 else _elementwise(random)
    used = [name for name in DOMAINS if any(f"{mark}" in text for mark in _marks(name))]
    return text, tuple(f"{name}: {random.choice(DOMAINS[name])}" for name in used)


def _marks(name: str) -> tuple[str, ...]:
    return {"a": (" a*", "(a*", "(1 - a)", "(a - 1)"), "b": (" b*", "(b*"), "p": ("**p",), "lam": ("lam",)}[name]


def _elementwise(random: Random) -> str:
    parts = []
    for _ in range(random.choice((1, 1, 2, 2, 2, 3))):
        factor, atom = random.choice(FACTORS), random.choice(ATOMS)
        parts.append(f"({factor}({atom}))" if factor else f"({atom})")
    text = parts[0]
    for part in parts[1:]:
        text += random.choice((" + ", " + ", " + ", " - ", "*")) + part
    whole = ("abs({})", "max({}, 0)", "({})**2", "exp({})", "log(1 + ({})**2)")
    return random.choice(whole).format(text) if random.random() < 0.15 else text


def _of_vectors(random: Random) -> str:
    body = random.choice(OF_PAIRS).replace("{}", random.choice(PAIRS))
    if random.random() < 0.3:
        body += random.choice((" + ", " - ")) + random.choice(OF_PAIRS).replace("{}", random.choice(PAIRS))
    return random.choice(WHOLE).replace("{}", f"sum({body}, i)")
