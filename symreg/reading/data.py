"""Write a derivation as JSON: its steps as data, every expression in the language's own text."""

from __future__ import annotations

import json
from typing import Any

from symreg.calculus.chain import Chain, Direction, Knot, Step, StepBound
from symreg.language.spec import Parameter
from symreg.language.terms import told_apart
from symreg.language.text import to_text
from symreg.language.tree import Tree

SCHEMA_VERSION = 1


def to_json(chain: Chain) -> str:
    """Return a derivation as JSON.

    Expressions are text of the language over `w[j]`, with `d(x)` for the derivative of x by `w[j]`, `O`, `L` and `R`
    for objective, loss and penalty, `g[j]` for the loss's gradient, `inf` and `nan`, and `in_range(w[j + 1])` for a
    subscript that exists. Of a rule that takes a proximal operator, `prox(v, s)` is the operator with step s of what
    `operator_of` names, `argmin(u, x)` the u that makes x least, and `S` and `P` the parts of R that `gradient` and the
    operator are of.
    """
    return json.dumps(data(chain), indent=2) + "\n"


def data(chain: Chain) -> dict[str, Any]:
    """Return a derivation as lists, dicts, strings, numbers and booleans."""
    objective, rule = chain.objective, chain.rule
    terms, renamed = told_apart(objective.terms, rule)
    return {
        "schema_version": SCHEMA_VERSION,
        "objective": {
            "name": objective.name,
            "title": objective.title,
            "text": objective.text,
            "terms": [
                {
                    "name": term.name,
                    "coefficient": str(term.coefficient),
                    "expression": to_text(term.tree),
                    "domain": str(term.domain),
                    "is_elementwise": term.is_elementwise,
                }
                for term in terms.terms
            ],
            "parameters": [_of_parameter(parameter) for parameter in terms.parameters],
            "arrays": [{"name": a.name, "shape": list(a.shape), "doc": a.doc} for a in terms.arrays],
            "renamed": dict(renamed),
            "references": list(objective.references),
        },
        "rule": {
            "name": rule.name,
            "title": rule.title,
            "reference": rule.reference,
            "parameters": [_of_parameter(parameter) for parameter in rule.parameters],
            "states": [{"name": s.name, "initial": s.initial, "is_array": s.is_array} for s in rule.states],
        },
        "steps": [_of_step(step) for step in chain.steps],
        "gradient": to_text(chain.gradient),
        "gradient_of": chain.smooth,
        "operator_of": chain.proximal,
        "update": [{"target": target, "expression": to_text(tree)} for target, tree in chain.update],
        "knots": [_of_knot(knot) for knot in chain.knots],
        "directions": [_of_direction(direction) for direction in chain.directions],
        "bounds": [_of_bound(bound) for bound in chain.bounds],
        "notes": list(dict.fromkeys((*chain.notes, *objective.notes))),
    }


def _of_parameter(parameter: Parameter) -> dict[str, Any]:
    return {
        "name": parameter.name,
        "domain": str(parameter.domain),
        "default": parameter.default,
        "latex": parameter.latex,
        "doc": parameter.doc,
        "is_assumed": parameter.is_assumed,
    }


def _of_step(step: Step) -> dict[str, Any]:
    return {
        "rule": step.rule,
        "before": to_text(step.before),
        "after": to_text(step.after),
        "why": step.why,
        "condition": _optional(step.condition),
        "target": step.target,
    }


def _of_knot(knot: Knot) -> dict[str, Any]:
    return {
        "position": to_text(knot.position),
        "left": to_text(knot.left),
        "right": to_text(knot.right),
        "is_kink": knot.is_kink,
        "chosen": to_text(knot.chosen),
    }


def _of_direction(direction: Direction) -> dict[str, Any]:
    return {"side": direction.side, "sign": direction.sign, "where": _optional(direction.where)}


def _of_bound(bound: StepBound) -> dict[str, Any]:
    return {"claim": bound.claim, "condition": to_text(bound.condition)}


def _optional(tree: Tree | None) -> str | None:
    return None if tree is None else to_text(tree)
