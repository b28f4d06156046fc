"""Record what torch.optim does, for machines without PyTorch: `python tests/record_trajectories.py` writes the file.

The cases, the starting weights and the loss's gradients here are those of test_torch.py too. Gradients are made of
additions and multiplications of dyadic numbers only, so that both sides start from the same floats.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

RECORDED = Path(__file__).parents[1] / "data" / "trajectories.json"
STEPS = 60
KEPT = (1, 2, 3, 5, 8, 13, 21, 34, 60)
"""Steps whose weights are recorded."""

START = (-1.5, -0.125, 0.0, 0.75, 3.0)
TARGET = (0.5, 0.25, -0.5, 0.75, -2.0)
CURVATURE = (1.0, 0.25, 2.0, 0.5, 4.0)


@dataclass(frozen=True)
class Case:
    """A rule with its parameters, the optimiser in torch.optim that it should agree with, and an L2 penalty's strength.

    Args:
        rule: Name in the catalogue.
        optimiser: Name in torch.optim.
        options: Of the optimiser, `weight_decay` apart.
        parameters: Of the rule.
        lam: Strength of the catalogue's l2; 0 for no penalty.
        decay_for: PyTorch's weight_decay for that strength and the learning rate.
    """

    rule: str
    optimiser: str
    options: Mapping[str, Any]
    parameters: Mapping[str, float]
    lam: float = 0.0
    decay_for: Callable[[float, float], float] = field(default=lambda lam, lr: 2 * lam)

    @property
    def weight_decay(self) -> float:
        """PyTorch's weight_decay."""
        return self.decay_for(self.lam, self.parameters["lr"])

    def __str__(self) -> str:
        settings = "-".join(f"{name}={x:g}" for name, x in self.parameters.items())
        return f"{self.rule}-{settings}-lam={self.lam:g}"


def _betas(**values: float) -> dict[str, Any]:
    """Return Adam's options: `beta1` and `beta2` as PyTorch's pair."""
    return {"betas": (values.pop("beta1"), values.pop("beta2")), **values}


def _cases() -> tuple[Case, ...]:
    adams = (
        {"lr": 0.001, "beta1": 0.9, "beta2": 0.999, "eps": 1e-8},
        {"lr": 0.125, "beta1": 0.5, "beta2": 0.75, "eps": 0.01},
        {"lr": 0.03, "beta1": 0.0, "beta2": 0.9, "eps": 1e-6},
    )
    twice = ({**adams[0], "lr": 0.002}, *adams[1:])
    momenta = ({"lr": 0.01, "momentum": 0.9}, {"lr": 0.1, "momentum": 0.3})
    rows: tuple[tuple[str, str, dict[str, Any], tuple[dict[str, float], ...]], ...] = (
        ("gradient_descent", "SGD", {}, ({"lr": 0.01}, {"lr": 0.3})),
        ("momentum", "SGD", {}, momenta),
        ("nesterov", "SGD", {"nesterov": True}, momenta),
        (
            "adagrad",
            "Adagrad",
            {},
            ({"lr": 0.01, "lr_decay": 0.0, "eps": 1e-10}, {"lr": 0.5, "lr_decay": 0.1, "eps": 0.01}),
        ),
        (
            "rmsprop",
            "RMSprop",
            {},
            ({"lr": 0.01, "alpha": 0.99, "eps": 1e-8}, {"lr": 0.05, "alpha": 0.5, "eps": 0.1}),
        ),
        (
            "adadelta",
            "Adadelta",
            {},
            ({"lr": 1.0, "rho": 0.9, "eps": 1e-6}, {"lr": 0.5, "rho": 0.6, "eps": 0.01}),
        ),
        ("adam", "Adam", {}, adams),
        ("amsgrad", "Adam", {"amsgrad": True}, adams),
        ("adamax", "Adamax", {}, twice),
        (
            "nadam",
            "NAdam",
            {},
            tuple({**a, "momentum_decay": d} for a, d in zip(twice, (0.004, 0.1, 0.0), strict=True)),
        ),
        ("radam", "RAdam", {}, adams),
    )
    made = [
        Case(rule, optimiser, {**options, **(_betas(**p) if "beta1" in p else p)}, p, lam)
        for rule, optimiser, options, settings in rows
        for p in settings
        for lam in (0.0, 0.0625)
    ]
    for p in adams:
        made += [Case("adamw", "AdamW", _betas(**p), p, lam) for lam in (0.0, 0.0625)]
        made.append(Case("adamw_unscaled", "AdamW", _betas(**p), p, 0.0625, lambda lam, lr: 2 * lam / lr))
    return tuple(made)


CASES = _cases()


def loss_gradient(element: int, t: int, w: Any) -> Any:
    """Return dL/dw of one weight at step t (from 0): a parabola's slope and some noise; 0 at first for the last one."""
    if element == len(START) - 1 and t < 2:
        return 0.0 * w
    noise = ((37 * t + 11 * element) % 16 - 7.5) / 8
    return CURVATURE[element] * (w - TARGET[element]) + noise


def torch_trajectory(case: Case) -> list[list[float]]:
    """Return the weights after each step of the optimiser, in float64, by PyTorch's plain single-tensor code."""
    import torch

    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)  # NAdam keeps its product of momenta in the default type
    try:
        w = torch.tensor(START, requires_grad=True)
        make = getattr(torch.optim, case.optimiser)
        optimiser = make([w], **case.options, weight_decay=case.weight_decay, foreach=False)
        found = []
        for t in range(STEPS):
            w.grad = torch.tensor([loss_gradient(i, t, x) for i, x in enumerate(w.tolist())])
            optimiser.step()
            found.append(w.tolist())
        return found
    finally:
        torch.set_default_dtype(before)


def _record() -> None:
    import torch

    trajectories = {str(case): _kept(torch_trajectory(case)) for case in CASES}
    rows = ",\n".join(f"  {json.dumps(name)}: {json.dumps(kept)}" for name, kept in trajectories.items())
    version = torch.__version__.split("+")[0]
    RECORDED.parent.mkdir(exist_ok=True)
    RECORDED.write_text(f'{{\n "torch": "{version}",\n "steps": {json.dumps(KEPT)},\n "weights": {{\n{rows}\n }}\n}}\n')


def _kept(trajectory: list[list[float]]) -> list[list[float]]:
    return [trajectory[t - 1] for t in KEPT]


if __name__ == "__main__":
    _record()
