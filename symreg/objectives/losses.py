"""The loss in an objective's text: `mean(LOSS)`, `sum(LOSS)` or its bare name; by name, file or expression."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from symreg import catalogue
from symreg.errors import SymregError, UnknownName
from symreg.language.excerpt import Excerpted, fail_at
from symreg.language.specs.losses import inline_loss
from symreg.model.loss import DataTerm, Loss
from symreg.model.names import mentioned
from symreg.model.spec import Array, Parameter
from symreg.objectives.arguments import with_loss_arguments
from symreg.objectives.factors import Factored, factor_parameters, require_new
from symreg.objectives.files import is_file, read_loss_file, read_text
from symreg.objectives.patterns import CALL, EQUALS, FILE, top_level

_REDUCED = re.compile(r"(?P<reduction>mean|sum)\s*\((?P<inside>.*)\)\s*", re.ASCII | re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class LossText:
    """An addend that is a loss over the samples.

    Args:
        reduction: Over the samples.
        text: Of the loss.
        at: Where that starts in the addend's text.
        is_bare: Is it a name or a file by itself, whose mean is taken?
    """

    reduction: Literal["mean", "sum"]
    text: str
    at: int = 0
    is_bare: bool = False


def loss_text(text: str) -> LossText | None:
    """Return what an addend without its coefficient says of a loss; None where it is no loss."""
    match = _REDUCED.fullmatch(text)
    if match is not None:
        inside = match["inside"]
        is_index_sum = match["reduction"] == "sum" and bool(top_level(inside, ","))
        is_whole = all(depth >= 0 for depth in _depths(inside))
        of_weights = re.search(r"(?<!\w)(?:w|norm)(?!\w)", inside) and not re.search(r"(?<!\w)[zy](?!\w)", inside)
        if is_index_sum or not is_whole or of_weights:
            return None
        padding = len(inside) - len(inside.lstrip())
        reduction: Literal["mean", "sum"] = "mean" if match["reduction"] == "mean" else "sum"
        return LossText(reduction=reduction, text=inside.strip(), at=match.start("inside") + padding)
    file, call = FILE.fullmatch(text), CALL.fullmatch(text)
    if file is not None:
        return LossText(reduction="mean", text=text, is_bare=True) if is_loss_file(file["path"]) else None
    if call is None or catalogue.loss_name(call["name"]) is None or catalogue.penalty_name(call["name"]) is not None:
        return None
    is_call = call["arguments"] is None or EQUALS.search(call["arguments"]) is not None
    return LossText(reduction="mean", text=text, is_bare=True) if is_call else None


def data_term(
    found: LossText, addend: Factored, whole: str, start: int, declared: tuple[Parameter | Array, ...]
) -> DataTerm:
    """Return the loss over the samples that an addend is.

    Args:
        found: What it says of the loss.
        addend: It, taken apart.
        whole: The objective's text.
        start: Where the addend begins in it.
        declared: Parameters of an expression, and of the coefficient.

    Raises:
        LanguageError, SpecError, UnknownName: What is wrong, where, and what would be right.
    """
    loss = _loss(found.text, Excerpted(whole=whole, offset=start + addend.at + found.at), declared)
    require_new(addend.factor, loss.parameters, loss.name)
    return DataTerm(
        loss=loss,
        reduction=found.reduction,
        coefficient=addend.coefficient,
        factor=addend.factor,
        factor_parameters=factor_parameters(addend.factor, declared),
    )


def is_surely_loss(found: LossText) -> bool:
    """Does it name a loss, or hold a prediction or a label? Then it is read in no other notation."""
    is_named = FILE.fullmatch(found.text) or CALL.fullmatch(found.text)
    return is_named is not None or re.search(r"(?<!\w)[zy](?!\w)", found.text) is not None


def note_of_mean(found: LossText, loss: Loss) -> str:
    """Return what to tell of a loss that stands by itself."""
    return f"{loss.name} is the mean over the samples here; write sum({found.text}) for the sum"


def is_loss_file(path: str) -> bool:
    """Is a file there whose spec is that of a loss? What is wrong with it otherwise is said when it is read."""
    try:
        return is_file(path) and "loss" in tomllib.loads(read_text(Path(path)))
    except (SymregError, tomllib.TOMLDecodeError):
        return False


def _loss(text: str, place: Excerpted, declared: tuple[Parameter | Array, ...]) -> Loss:
    file, call = FILE.fullmatch(text), CALL.fullmatch(text)
    if file is not None:
        return _with_arguments(read_loss_file(Path(file["path"])), file["arguments"])
    if call is not None and (call["arguments"] is None or EQUALS.search(call["arguments"])):
        name = call["name"]
        if catalogue.loss_name(name) is None and name not in ("z", "y"):
            raise UnknownName(f"{mentioned(name, 'no loss is called')}{catalogue.what_else_loss(name)}")
        if name not in ("z", "y"):
            return _with_arguments(catalogue.loss(name), call["arguments"])
    _refuse_names_of_losses(text, place, {p.name for p in declared})
    own = [p for p in declared if isinstance(p, Parameter) and re.search(rf"(?<!\w){p.name}(?!\w)", text)]
    return inline_loss(text, declared=own, title=" ".join(text.split()), source=place)


def _refuse_names_of_losses(text: str, place: Excerpted, declared: set[str]) -> None:
    for match in re.finditer(r"(?<![\w.])[A-Za-z]\w*", text, re.ASCII):
        name = match.group()
        if name not in declared and catalogue.loss_name(name) is not None:
            fail_at(
                f"'{name}' is a loss: in mean(...) or sum(...) it stands alone, and its coefficient before that, as in "
                f"2*mean({name}); a parameter has another name",
                place.whole or text,
                place.offset + match.start(),
            )


def _with_arguments(loss: Loss, arguments: str | None) -> Loss:
    return loss if arguments is None else with_loss_arguments(loss, arguments)


def _depths(text: str) -> list[int]:
    """Return how many brackets are open behind each character."""
    depth, depths = 0, []
    for character in text:
        depth += (character == "(") - (character == ")")
        depths.append(depth)
    return depths
