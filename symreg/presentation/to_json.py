"""Write a derivation as JSON: its steps as data, every expression in the language's own text."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from symreg.calculus.differentiation.step import Step
from symreg.calculus.loss_profile import LossProfile
from symreg.calculus.pieces.knot import Knot
from symreg.claims.verdict import StepBound
from symreg.derivation.loss_model import DataDerivation, LossDerivation
from symreg.derivation.model import Direction, GradientDerivation, ProximalDerivation
from symreg.expressions.text import to_text
from symreg.expressions.tree import Tree
from symreg.model.spec import Array, Parameter
from symreg.model.terms import Terms
from symreg.presentation.outline.elements import with_elements

SCHEMA_VERSION = 1


def to_json(
    chain: GradientDerivation | ProximalDerivation | LossDerivation,
    others: Sequence[GradientDerivation] = (),
    operator: ProximalDerivation | None = None,
) -> str:
    """Return a derivation as JSON: with other rules under `others`, and the whole penalty's operator as `prox`.

    Expressions are text of the language over `w[j]`, with `d(x)` for the derivative of x by `w[j]`, `O`, `L` and `R`
    for objective, loss and penalty, `g[j]` for the loss's gradient, `inf` and `nan`, and `in_range(w[j + 1])` for a
    subscript that exists. Of a rule that takes a proximal operator, `prox(v, s)` is the operator with step s of what
    `operator_of` names, `argmin(u, x)` the u that makes x least, and `S` and `P` the parts of R that `gradient` and the
    operator are of.

    Of a loss over samples, `z[k]` is the prediction for sample k of `m`, `loss`, `dloss` and `ddloss` the loss and its
    derivatives by it, `d(x, z)` a derivative by z, `r[k]` is `dloss(z[k], y[k])`; `gradient`, `hessian`, `transpose(X)`
    and `norm(x)` are of vectors and matrices, `D` is diagonal with `ddloss(z[k], y[k])` in it, `I` the identity.
    `is_bound` says that `before <= after`, `descent` up to which step no step raises O.

    Of an operator's derivation the expressions are over what `letters` names. `phi`, `dphi`, `ddphi` are the penalty
    of one weight and its derivatives, `F` is `u + s*dphi(u)`, `dF` its derivative and `F_inverse` its inverse;
    `envelope` and `denvelope` the Moreau envelope and its derivative, `phi_conjugate` the Fenchel conjugate;
    `subdifferential(x)` and `interval(a, b)` are sets, of which `before` is an element; `minimum(u, x)` and
    `supremum(u, x)` are over all u; `cbrt`, `acos` and `lambertw` are the real cube root, the arc cosine and the
    principal branch of Lambert's W.

    Of a loss's derivation they are over `z`, `y` and parameters, with `d(x)` for the derivative of x by z, and `loss`,
    `dloss` and `ddloss` for the loss and its derivatives.
    """
    if isinstance(chain, LossDerivation):
        return json.dumps(loss_data(chain), indent=2) + "\n"
    if isinstance(chain, ProximalDerivation):
        return json.dumps(prox_data(chain), indent=2) + "\n"
    whole = data(chain)
    if others:
        whole["others"] = [data(other) for other in others]
    if operator is not None:
        whole["prox"] = prox_data(operator)
    return json.dumps(whole, indent=2) + "\n"


def prox_data(chain: ProximalDerivation) -> dict[str, Any]:
    """Return the derivation of a proximal operator as lists, dicts, strings, numbers and booleans."""
    objective, letters = chain.objective, chain.letters
    return {
        "schema_version": SCHEMA_VERSION,
        "objective": {
            "name": objective.name,
            "title": objective.title,
            "text": objective.text,
            "terms": _of_terms(chain.terms),
            "parameters": [_of_parameter(parameter) for parameter in chain.terms.parameters],
            "references": list(objective.references),
        },
        "letters": {"weight": letters.weight, "point": letters.point, "step": letters.step, "slope": "y"},
        "is_radial": chain.is_radial,
        "steps": [_of_step(step) for step in chain.steps],
        "single_formula": {"bound": _optional(chain.bound), "condition": _optional(chain.validity)},
        "cases": [
            {
                "condition": _optional(case.condition),
                "prox": to_text(case.formula),
                "definitions": [{"name": name, "expression": to_text(tree)} for name, tree in case.definitions],
                "envelope": _optional(case.envelope),
            }
            for case in chain.cases
        ],
        "conjugate": _optional(chain.conjugate),
        "notes": list(dict.fromkeys((*chain.notes, *objective.notes))),
    }


def loss_data(chain: LossDerivation) -> dict[str, Any]:
    """Return the derivation of a loss as lists, dicts, strings, numbers and booleans."""
    return {
        "schema_version": SCHEMA_VERSION,
        "loss": of_loss(chain.profile),
        "steps": [_of_step(step) for step in chain.steps],
        "gradient": to_text(chain.gradient),
        "hessian": _optional(chain.hessian),
        "knots": [_of_knot(knot) for knot in chain.knots],
        "bounds": [
            {"claim": verdict.claim, "symbol": verdict.symbol, "value": _optional(verdict.value)}
            for verdict in chain.bounds
        ],
        "notes": list(chain.notes),
    }


def of_loss(profile: LossProfile) -> dict[str, Any]:
    """Return a loss as lists, dicts, strings, numbers and booleans: `phi` is over `w`, which stands for `argument`."""
    loss = profile.loss
    (term,) = profile.terms.terms
    return {
        "name": loss.name,
        "title": loss.title,
        "text": loss.path or loss.name,
        "expression": to_text(loss.expression),
        "label": str(loss.labels),
        "prediction": str(loss.prediction),
        "phi": to_text(term.tree),
        "argument": to_text(profile.argument),
        "parameters": [_of_parameter(parameter) for parameter in loss.parameters],
        "references": [loss.reference] if loss.reference else [],
    }


def data(chain: GradientDerivation) -> dict[str, Any]:
    """Return a derivation as lists, dicts, strings, numbers and booleans."""
    chain = with_elements(chain)
    objective, rule = chain.objective, chain.rule
    terms = objective.terms
    return {
        "schema_version": SCHEMA_VERSION,
        "objective": {
            "name": objective.name,
            "title": objective.title,
            "text": objective.text,
            "terms": _of_terms(terms),
            "parameters": [_of_parameter(parameter) for parameter in objective.parameters],
            "arrays": [_of_array(array) for array in terms.arrays],
            "references": list(objective.references),
        },
        "rule": {
            "name": rule.name,
            "title": rule.title,
            "reference": rule.reference,
            "renamed": dict(rule.renamed),
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
        "operator": None if chain.operator is None else prox_data(chain.operator),
        "data": None if chain.data is None else _of_data(chain.data),
        "descent": None if chain.descent is None else to_text(chain.descent.condition),
        "stationary": [_of_step(step) for step in chain.stationary],
    }


def _of_data(data: DataDerivation) -> dict[str, Any]:
    return {
        "loss": of_loss(data.loss.profile),
        "reduction": data.data.reduction,
        "scale": to_text(data.scale),
        "dloss": to_text(data.loss.gradient),
        "ddloss": _optional(data.loss.hessian),
        "gradient": to_text(data.slope),
        "lipschitz": _optional(data.lipschitz),
    }


def _of_terms(terms: Terms) -> list[dict[str, Any]]:
    return [
        {
            "name": term.name,
            "coefficient": str(term.coefficient),
            "expression": to_text(term.tree),
            "domain": str(term.domain),
            "is_elementwise": term.is_elementwise,
            "lift": None if term.lift is None else term.lift.word,
        }
        for term in terms.terms
    ]


def _of_parameter(parameter: Parameter) -> dict[str, Any]:
    return {
        "name": parameter.name,
        "domain": str(parameter.domain),
        "above": parameter.above or None,
        "default": parameter.default,
        "latex": parameter.latex,
        "doc": parameter.doc,
        "is_assumed": parameter.is_assumed,
    }


def _of_array(array: Array) -> dict[str, Any]:
    return {
        "name": array.name,
        "shape": list(array.shape),
        "domain": str(array.domain),
        "default": array.default,
        "doc": array.doc,
    }


def _of_step(step: Step) -> dict[str, Any]:
    return {
        "rule": step.rule,
        "before": to_text(step.before),
        "after": to_text(step.after),
        "why": step.why,
        "condition": _optional(step.condition),
        "target": step.target,
        "is_bound": step.is_bound,
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
