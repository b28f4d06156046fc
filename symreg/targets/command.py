"""The command and the digest in an emitted file's header."""

from __future__ import annotations

import hashlib
import json
import re
import shlex
from pathlib import PurePath

from symreg.expressions.text import to_text
from symreg.model.loss import DataTerm
from symreg.model.objective import Objective
from symreg.model.spec import Array, Parameter, Rule
from symreg.targets.options import UNLESS_ASKED, Options
from symreg.templates import templates
from symreg.updates.kinds import KINDS
from symreg.updates.update import Update

_LONGEST_COMMAND = 400


_FOLDER = re.compile(r"(?:[^\s*+(),=]*/)+(?=[^\s*+(),=/]*\.toml)")


def command_of(objective: Objective, rules: tuple[Rule, ...], target: str, options: Options) -> str:
    """Return the command that emits the objective again; of files it names no folder."""
    is_named = objective.is_named or any(term.name.startswith("penalty") for term in objective.terms.terms)
    text = _without_folders(" ".join(objective.text.split()))
    words = ["symreg", "generate", text if len(text) <= _LONGEST_COMMAND else "OBJECTIVE"]
    words += [*(["--name", objective.name] if is_named else []), *objective.options]
    for rule in rules:
        words += ["--rule", PurePath(rule.command_name).name]
    words += ["--target", target]
    if options.dtype != UNLESS_ASKED.dtype:
        words += ["--dtype", options.dtype]
    if options.style != UNLESS_ASKED.style:
        words += ["--style", options.style]
    if options.kinds != KINDS:
        words += ["--functions", ",".join(options.kinds)]
    return shlex.join([*words, *([] if options.is_judged else ["--unjudged"])])


def _without_folders(text: str) -> str:
    is_one_path = text.endswith(".toml") and " + " not in text
    return PurePath(text).name if is_one_path else _FOLDER.sub("", text)


def digest_of(objective: Objective, updates: tuple[Update, ...], target: str) -> str:
    """Return the SHA-256 of all that decides what is emitted, besides symreg's own code."""
    specs = {
        "name": objective.name,
        "title": objective.title,
        "references": objective.references,
        "terms": [
            [
                term.name,
                str(term.coefficient),
                to_text(term.tree),
                str(term.domain),
                [_row(p) for p in term.parameters],
                [_array_row(a) for a in term.arrays],
            ]
            for term in objective.terms.terms
        ],
        "updates": [
            [update.name]
            if update.rule is None
            else [
                update.name,
                [[step.target, to_text(step.expression)] for step in update.rule.steps],
                [[state.name, state.initial, state.doc] for state in update.rule.states],
                [_row(p) for p in update.rule.parameters],
                update.rule.title,
                update.rule.reference,
                update.rule.doc,
            ]
            for update in updates
        ],
        "templates": dict(templates(target)),
        **({} if objective.data is None else {"data": _data_row(objective.data)}),
    }
    return hashlib.sha256(json.dumps(specs, sort_keys=True).encode()).hexdigest()


def _data_row(data: DataTerm) -> list[object]:
    loss = data.loss
    rows = [_row(p) for p in data.parameters]
    return [str(data), loss.name, str(loss.labels), str(loss.prediction), rows]


def _array_row(array: Array) -> list[object]:
    domain = [] if array.domain.is_all else [str(array.domain)]
    return [array.name, list(array.shape), array.doc, *domain]


def _row(parameter: Parameter) -> list[object]:
    above = [parameter.above] if parameter.above else []
    return [parameter.name, str(parameter.domain), parameter.default, parameter.doc, *above]
