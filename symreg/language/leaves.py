"""Walk what holds no other expression: names, subscripted arrays, the norm of the weights."""

from __future__ import annotations

import ast
from typing import NoReturn

from symreg.errors import SpecError
from symreg.expressions.functions import CONSTANTS, FUNCTIONS, RULE_FUNCTIONS
from symreg.expressions.tree import Call, Constant, Item, Name, Subscript, Tree
from symreg.language.addend import Addend, refuse
from symreg.language.limits import LARGEST_SHIFT
from symreg.language.specs.per_weight import OF_EACH_WEIGHT
from symreg.model.names import check_identifier, did_you_mean, mentioned
from symreg.model.spec import OF_DATA


def walk_name(addend: Addend, node: ast.Name, name: str) -> Tree:
    """Walk a name that stands by itself."""
    if name in CONSTANTS:
        return Constant(name)
    if name in FUNCTIONS or (addend.in_rule and name in RULE_FUNCTIONS):
        refuse(addend, f"'{name}' is a function; write {name}(...)", node)
    if name in addend.bound:
        refuse(addend, f"the index '{name}' must subscript something, as in w[{name}]", node)
    if name == "w" and addend.in_loss:
        refuse(
            addend, "a loss is of the prediction z and the label y; w stands in a penalty, an addend of its own", node
        )
    if name == "w" and not addend.in_rule:
        addend.bare = addend.bare or node
    if name in addend.names:
        return Name(name)
    if not addend.is_open:
        table = f'[params.{name}]\ndomain = "positive"\ndefault = 1.0'
        _refuse_undeclared(addend, node, name, "a parameter", table)
    try:
        check_identifier(name, "name")
    except SpecError as error:
        refuse(addend, str(error), node)
    return Name(name)


def _refuse_undeclared(addend: Addend, node: ast.Name, name: str, what: str, table: str) -> NoReturn:
    """Refuse a name that a spec file does not declare; say which table would, if there may be one."""
    near = did_you_mean(name, addend.names | CONSTANTS.keys())
    unknown = f"{mentioned(name, 'unknown name')}{near}"
    try:
        check_identifier(name, "name")
    except SpecError:
        refuse(addend, unknown, node)
    refuse(addend, f"{unknown}{' If' if near else '; if'} it is {what}, declare it:", node, to_paste=table)


def walk_item(addend: Addend, node: ast.Subscript) -> Tree:
    """Walk `w[i + 1]` or `A[i, j]`."""
    refuse_whole_arrays(addend, node)
    if not isinstance(node.value, ast.Name):
        refuse(addend, "only an array can be subscripted, as in w[i]", node)
    array = node.value.id
    parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
    if array != "w" and isinstance(node.slice, ast.Name) and node.slice.id == "n" and "n" not in addend.bound:
        walk_name(addend, node.value, array)  # `c[n]`: its own element at each weight, in a formula of one weight
        return Item(array, (OF_EACH_WEIGHT,))
    if array != "w":
        if not (addend.is_open or array in addend.names or array in addend.bound):
            shape = ", ".join(['"n"'] * min(len(parts), 2))
            _refuse_undeclared(addend, node.value, array, "an array", f"[arrays.{array}]\nshape = [{shape}]")
        if array not in OF_DATA or not addend.is_open:
            walk_name(addend, node.value, array)
    addend.indexed = addend.indexed or node
    subscripts = tuple(_walk_subscript(addend, part) for part in parts)
    used = [s.index for s in subscripts]
    if array == "w" and len(used) != 1:
        refuse(addend, "w has one subscript", node)
    if len(used) > 2:
        refuse(addend, f"{array} has {len(used)} subscripts; at most 2", node)
    if len(set(used)) != len(used):
        refuse(addend, "an index may stand once in a subscript", node)
    return Item(array, subscripts)


def _walk_subscript(addend: Addend, node: ast.expr) -> Subscript:
    match node:
        case ast.Name(id=index):
            shift = 0
        case ast.BinOp(
            left=ast.Name(id=index), op=ast.Add() | ast.Sub() as operator, right=ast.Constant(value=int(amount))
        ):
            shift = amount if isinstance(operator, ast.Add) else -amount
        case _:
            refuse(addend, "a subscript is an index with a constant shift, as in w[i + 1]", node)
    if index not in addend.bound:
        refuse(
            addend, f"{mentioned(index, 'the index')} is not bound by a sum{did_you_mean(index, addend.bound)}", node
        )
    if abs(shift) > LARGEST_SHIFT:
        refuse(addend, f"a shift beyond +-{LARGEST_SHIFT}", node)
    for level in addend.uses:
        level.add(index)
    return Subscript(index, shift)


def walk_norm(addend: Addend, node: ast.Call) -> Tree:
    """Walk `norm(w)`."""
    refuse_whole_arrays(addend, node)
    match node.args:
        case [ast.Name(id="w")]:
            addend.indexed = addend.indexed or node
            return Call("norm", (Name("w"),))
        case _:
            refuse(addend, "norm takes the whole vector; write norm(w), or sqrt(sum(...**2, i))", node)


def refuse_whole_arrays(addend: Addend, node: ast.expr) -> None:
    """Refuse a sum, norm or subscript where one number is meant.

    Raises:
        LanguageError: It stands in a rule or in a loss.
    """
    if addend.in_rule:
        refuse(addend, "a rule is elementwise: no sum, norm or subscript", node)
    if addend.in_loss:
        refuse(addend, "a loss is of one prediction z and one label y: no sum, norm or subscript", node)
