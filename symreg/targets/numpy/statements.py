"""The NumPy target: a kernel as the statements of one function, and the module around them.

A loop runs over blocks of elements, each operation of it one call of a ufunc into scratch (`blocks.py`); what has a
loop of its own for each element, and the ends of a stencil, run element by element. Sums and their terms are in double
precision, a `Map` in that of the arrays.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator
from fractions import Fraction

from symreg.expressions.text import to_text
from symreg.expressions.tree import Item, Name, Subscript, Tree, names, transform, walk
from symreg.kernel import Best, Let, Map, Reduce, Root, Store, Table
from symreg.kernel.ir import Stage, Statement, names_in
from symreg.kernel.names import Namer
from symreg.model.names import RESERVED
from symreg.targets.description import Function, domain_in_words, table, wrapped
from symreg.targets.infix import Notation, infix, shifted
from symreg.targets.numpy.blocks import Block, Operands
from symreg.targets.numpy.expressions import (
    LONGEST_LINE,
    NAMES,
    Row,
    bounds_check,
    code_line,
    default,
    extremum,
    for_arrays,
    more,
    names_used,
    nothing,
    number,
    order,
    reaches,
    trees,
)

_ARGUMENTS = ("n", "w", "v", "g", "t", "out", "state")


class Writer:
    """Writes one function."""

    def __init__(self, emitted: Function) -> None:
        self.emitted = emitted
        kernel = emitted.kernel
        given = [*(p.name for p in emitted.parameters), *(a.name for a in emitted.arrays)]
        given += [name for name, _ in emitted.kept]
        self.namer = Namer(
            {*RESERVED, *_ARGUMENTS, *given, *names_in(kernel.stages), *(b.name for b in kernel.buffers)}
        )
        self.flat = self.namer.fresh("flat") if emitted.has_out else ""
        self.real = self.namer.fresh("real")
        self.uses_real = bool(kernel.buffers)
        self.renamed: dict[str, str] = {}
        self.indices: dict[str, str] = {}
        self.moved: dict[Item, str] = {}
        self.blocks: list[Block] = []
        self.index = ""
        self.given = self.namer.fresh("given") if kernel.search is not None else ""
        self.nesting = 0
        self.is_double = True

    def function(self) -> Row:
        """Return what the template needs of the function."""
        emitted, kernel = self.emitted, self.emitted.kernel
        stages = list(kernel.stages)
        body = [row for k, stage in enumerate(stages) for row in self.stage(stage, stages[k + 1 :])]
        rule = emitted.update.rule
        stem = emitted.name.removesuffix("_step")
        states = [
            {"name": s.name, "is_array": s.is_array, "initial": number(Fraction(s.initial)), "doc": s.doc}
            for s in emitted.states
        ]
        if emitted.counts:
            states.append({"name": "t", "is_array": False, "initial": "0", "doc": "steps taken"})
        return {
            "kind": emitted.update.kind,
            "name": emitted.name,
            "stem": stem,
            "rule": rule.name if rule else "",
            "summary": emitted.summary,
            "formulas": table(emitted.formulas, LONGEST_LINE - 8),
            "notes": [line for note in emitted.notes for line in wrapped(note, LONGEST_LINE - 4)],
            "signature": self.signature(bool(states)),
            "documented": self.documented(bool(states)),
            "is_indexed": emitted.is_indexed,
            "parameters": [
                {"name": p.name, "bounds": bounds_check(p.domain), "order": order(p)} for p in emitted.parameters
            ],
            "needs": "" if emitted.needs is None else self.text(emitted.needs),
            "needed": "" if emitted.needs is None else to_text(emitted.needs),
            "refused": emitted.refused,
            "arrays": [
                {
                    "name": a.name,
                    "shape": ", ".join("w.size" for _ in a.shape) + "," * (len(a.shape) == 1),
                    "bounds": bounds_check(a.domain),
                }
                for a in emitted.arrays
            ],
            "states": states,
            "written": ["out"] if self.flat else ["w", *(state["name"] for state in states if state["is_array"])],
            "argument": emitted.argument,
            "has_out": emitted.has_out,
            "read": [emitted.argument if self.flat else "g", *(array.name for array in emitted.arrays)],
            "flat": self.flat,
            "may_alias": kernel.may_alias,
            "real": self.real if self.uses_real else "",
            "buffers": [buffer.name for buffer in kernel.buffers],
            "given": self.given,
            "given_values": [] if kernel.search is None else list(kernel.search.parameters),
            "body": body,
            "result": "" if kernel.result is None else self.text(kernel.result),
            "scalars": [{"name": name, "value": self.text(tree)} for name, tree in kernel.scalars],
        }

    def signature(self, has_state: bool) -> list[str]:
        """Return the lines of `def`."""
        emitted, kind = self.emitted, self.emitted.update.kind
        rows = [f"{emitted.argument}: np.ndarray"]
        if kind == "step":
            rows.append("g: np.ndarray")
            rows += ["state: dict[str, np.ndarray | float]"] if has_state else []
        named = [f"{array.name}: np.ndarray" for array in emitted.arrays]
        named += [f"{p.name}: float{default(p.default)}" for p in emitted.parameters]
        named += ["out: np.ndarray | None = None"] if emitted.has_out else []
        rows += ["*", *named] if named else []
        result = {"value": "float", "step": "None"}.get(kind, "np.ndarray")
        line = f"def {emitted.name}({', '.join(rows)}) -> {result}:"
        if len(line) <= LONGEST_LINE:
            return [line]
        return [f"def {emitted.name}(", *(f"    {row}," for row in rows), f") -> {result}:"]

    def documented(self, has_state: bool) -> list[str]:
        """Return the lines of the docstring about the arguments."""
        emitted, kind = self.emitted, self.emitted.update.kind
        shape = "one dimension" if emitted.is_indexed else "any shape"
        first = f"{'Weights' if kind != 'prox' else 'Numbers'}, float32 or float64, {shape}"
        rows = [(emitted.argument, f"{first}, C-contiguous; overwritten." if kind == "step" else f"{first}.")]
        if kind == "step":
            rows.append(("g", "Gradient of the loss L at w; shape and dtype of w."))
            stem = emitted.name.removesuffix("_step")
            rows += [("state", f"From `{stem}_state(w)`; overwritten.")] if has_state else []
        for array in emitted.arrays:
            shape = f"({', '.join(array.shape)}{',' * (len(array.shape) == 1)})"
            each = "" if array.domain.is_all else f", each {domain_in_words(array.domain)}"
            rows.append((array.name, f"Shape {shape}, dtype of w{each}."))
        for p in emitted.parameters:
            words = domain_in_words(p.domain, p.above)
            rows.append(
                (p.name, f"{p.doc[:1].upper()}{p.doc[1:]}, {words}." if p.doc else f"{words[:1].upper()}{words[1:]}.")
            )
        if emitted.has_out:
            note = f"; may be {emitted.argument}" if emitted.kernel.may_alias else ""
            rows.append(("out", f"Receives the result if given; C-contiguous{note}."))
        return [
            line
            for name, text in rows
            for line in textwrap.wrap(
                text, LONGEST_LINE - 8, initial_indent=f"{name}: ", subsequent_indent="    ", break_long_words=False
            )
        ]

    # Statements

    def stage(self, stage: Stage, later: list[Stage]) -> Iterator[Row]:
        match stage:
            case Let(name=name, value=value):
                yield code_line(f"{name} = {self.text(value)}")
            case Reduce():
                yield from self.reduce(stage)
            case Root():
                yield from self.root(stage)
            case Table(name=name, step=step):
                yield code_line(f"{name} = _table({self.text(step)}, {self.given})")
            case Best(name=name, v=v, step=step):
                yield code_line(f"{name} = _searched({self.text(v)}, {self.text(step)}, {self.given})")
            case Map():
                yield from self.map(stage, later)

    def root(self, stage: Root) -> Iterator[Row]:
        """Yield the loop that finds one number."""
        taken = set(self.namer.taken)
        low, high = (self.namer.fresh(f"{stage.name}_{end}") for end in ("low", "high"))
        trial, moves = self.namer.fresh("trial"), self.namer.fresh("moves")
        residual, change = self.namer.fresh("residual"), self.namer.fresh("change")
        found = stage.name
        starts = [self.text(tree) for tree in (stage.start, stage.low, stage.high)]
        # Numbers of Python would raise an error where they are divided by 0.
        yield from self.called(f"{found}, {low}, {high}", "np.array", [f"[{', '.join(starts)}]", "float"])
        self.nesting += 1
        body = [row for inner in stage.body for row in self.stage(inner, [])]
        body.append(code_line(f"{residual} = {self.text(stage.residual)}"))
        if stage.in_logarithm:
            both = f"2 * {found} * ({self.text(stage.slope)}) + {residual}"
            body += self.called(change, "np.divide", [f"-2 * {residual}", both])
            body.append(code_line(f"{change} = {found} * {change}"))
        else:
            body += self.called(change, "np.divide", [f"-{residual}", self.text(stage.slope)])
        given = [found, residual, change, low, high, trial]
        body += self.called(f"{found}, {low}, {high}, {moves}", "_newton", given)
        body.append(code_line(f"if not {moves}:"))
        body.append(code_line("    break"))
        self.nesting -= 1
        yield {"kind": "loop", "head": f"for {trial} in range(_ROUNDS):", "body": body}
        self.namer.taken = taken

    def called(self, target: str, function: str, arguments: list[str]) -> list[Row]:
        """Return a call as lines that are short enough, broken as formatters break them."""
        line = f"{target} = {function}({', '.join(arguments)})"
        if self.fits(line):
            return [code_line(line)]
        rows = (f"    {argument}," for argument in arguments)
        return [code_line(f"{target} = {function}("), *map(code_line, rows), code_line(")")]

    def fits(self, line: str) -> bool:
        """Is a statement of a scalar short enough where it stands?"""
        return len(line) + 8 + 4 * self.nesting <= LONGEST_LINE

    def reduce(self, stage: Reduce) -> Iterator[Row]:
        """Yield a sum: blocks of terms, each added to a compensated total."""
        taken = set(self.namer.taken)
        total = stage.name if stage.is_greatest else self.namer.fresh(f"{stage.name}_total")
        index = self.namer.fresh(stage.index)
        self.indices[stage.index] = index
        end = shifted("n", -stage.high)
        if self.is_scalar(stage):
            yield from self.reduce_elements(stage, total, index, end)
        else:
            block = self.block(stage.index, dtype="")
            for statement in stage.body:
                assert isinstance(statement, Let)
                block.let(statement)
            block.term(stage.term)
            yield code_line(nothing(total, stage))
            yield from block.allocated()
            yield {
                "kind": "loop",
                "head": f"for {index} in range({stage.low}, {end}, _BLOCK):",
                "body": [
                    code_line(f"{block.stop} = min({index} + _BLOCK, {end})"),
                    *block.loaded(),
                    *map(code_line, block.lines),
                    code_line(more(total, block.result, stage)),
                ],
            }
        if not stage.is_greatest:
            yield code_line(f"{stage.name} = _rounded({total})")
        del self.indices[stage.index]
        self.namer.taken = taken

    def reduce_elements(self, stage: Reduce, total: str, index: str, end: str) -> Iterator[Row]:
        """Yield a sum whose terms have loops of their own, or ask for each element whether neighbours exist."""
        start, term = self.namer.fresh("start"), self.namer.fresh("term")
        stop = self.namer.fresh("stop")
        yield code_line(nothing(total, stage))
        yield code_line(f"{term} = np.empty(min(_BLOCK, n))")
        body = [*self.elements(stage.body), code_line(f"{term}[{index} - {start}] = {self.text(stage.term)}")]
        yield {
            "kind": "loop",
            "head": f"for {start} in range({stage.low}, {end}, _BLOCK):",
            "body": [
                code_line(f"{stop} = min({start} + _BLOCK, {end})"),
                {"kind": "loop", "head": f"for {index} in range({start}, {stop}):", "body": body},
                code_line(more(total, f"{term}[: {stop} - {start}]", stage)),
            ],
        }

    def map(self, stage: Map, later: list[Stage]) -> Iterator[Row]:
        taken, self.index, self.is_double = set(self.namer.taken), stage.index, stage.is_double
        self.uses_real = self.uses_real or (not stage.is_double and reaches((*stage.body, *stage.edge)))
        index = self.indices[stage.index] = self.namer.fresh(stage.index)
        if any(isinstance(statement, Reduce) for statement in stage.body):
            low, end = stage.low, shifted("n", -stage.high)
            body = [*self.elements(stage.edge or stage.body)]
            bounds = f"{low}, {end}" if low else end
            yield {"kind": "loop", "head": f"for {index} in range({bounds}):", "body": body}
        else:
            yield from self.map_blocks(stage, index, later)
        del self.indices[stage.index]
        self.moved.clear()
        self.renamed.clear()
        self.namer.taken, self.is_double = taken, True

    def map_blocks(self, stage: Map, index: str, later: list[Stage]) -> Iterator[Row]:
        start, end = str(stage.low), shifted("n", -stage.high)
        if not stage.is_double:
            yield from self.casts(stage, later)
        ends = ""
        if stage.edge:
            first, last = self.namer.fresh("first"), self.namer.fresh("last")
            yield code_line(f"{first} = min({stage.below}, n)  # before it and from {last} on neighbours are missing")
            yield code_line(f"{last} = max({first}, n - {stage.above})")
            ends = self.namer.fresh("ends") if stage.reads_old else ""
            if ends:
                yield code_line(f"{ends} = []")
            rows = [*self.elements(stage.edge, ends=ends)]
            self.moved.clear()
            yield {"kind": "loop", "head": f"for {index} in (*range({first}), *range({last}, n)):", "body": rows}
            start, end = first, last
        dtype = "" if stage.is_double else self.real
        block = self.block(stage.index, dtype=dtype, old=(stage.below, stage.above) if stage.reads_old else None)
        for statement in stage.body:
            if isinstance(statement, Let):
                block.let(statement)
            elif isinstance(statement, Root):
                block.root(statement)
            elif isinstance(statement, Best):
                block.best(statement, self.given)
            else:
                assert isinstance(statement, Store)
                block.store(statement)
        self.uses_real = self.uses_real or (block.is_allocated and not stage.is_double)
        yield from block.allocated()
        yield {
            "kind": "loop",
            "head": f"for {index} in range({start}, {end}, _BLOCK):",
            "body": [
                code_line(f"{block.stop} = min({index} + _BLOCK, {end})"),
                *block.loaded(start),
                *map(code_line, block.lines),
            ],
        }
        if ends:
            value = self.namer.fresh("w_new")
            yield {
                "kind": "loop",
                "head": f"for {index}, {value} in zip((*range({first}), *range({last}, n)), {ends}, strict=True):",
                "body": [code_line(f"w[{index}] = {value}")],
            }

    def casts(self, stage: Map, later: list[Stage]) -> Iterator[Row]:
        """Yield the scalars that a loop uses in the arrays' precision, under a new name if the exact one is needed."""
        used = {
            node.name: None
            for statement in stage.body
            if isinstance(statement, Let | Store)
            for node in walk(statement.value)
            if isinstance(node, Name)
        }
        inside = {statement.name for statement in stage.body if isinstance(statement, Let)}
        conditions = {s.name for s in self.emitted.kernel.stages if isinstance(s, Let) and s.is_condition}
        needed = {name for other in later for name in names_used(other)}
        needed |= {name for _, tree in self.emitted.kernel.scalars for name in names(tree)}
        made = [name for name in used if name not in inside and name not in conditions]
        if made:
            self.uses_real = True
            for name in made:
                if name in needed or name == "n":
                    self.renamed[name] = self.namer.fresh(f"{name}_real")
            yield from map(code_line, self.cast_lines(made))

    def cast_lines(self, given: list[str]) -> Iterator[str]:
        """Yield assignments of several names each, as long as lines may be."""
        left: list[str] = []
        right: list[str] = []
        for name in given:
            target, value = self.renamed.get(name, name), f"{self.real}({name})"
            if left and len(", ".join([*left, target, *right, value])) + 11 > LONGEST_LINE:
                yield f"{', '.join(left)} = {', '.join(right)}"
                left, right = [], []
            left.append(target)
            right.append(value)
        yield f"{', '.join(left)} = {', '.join(right)}"

    def elements(self, statements: Iterable[Statement], *, ends: str = "") -> Iterator[Row]:
        """Yield statements for one element; `ends` is where a new weight is kept until all others are done."""
        for statement in statements:
            match statement:
                case Let(name=name, value=value):
                    yield code_line(f"{name} = {self.text(value)}")
                case Reduce():
                    yield from self.reduce(statement)
                case Store(array=array, value=value) if ends and array == "w":
                    name = self.namer.fresh("w_new")
                    yield code_line(f"{name} = {self.text(value)}")
                    yield code_line(f"{ends}.append({name})")
                    self.moved[Item("w", (Subscript(self.index),))] = name
                case Store(array=array, value=value):
                    yield code_line(f"{self.array(array)}[{self.indices[self.index]}] = {self.text(value)}")

    def is_scalar(self, stage: Reduce) -> bool:
        """Must a sum's terms be computed one by one?"""
        items = [node for tree in trees(stage) for node in walk(tree) if isinstance(node, Item)]
        is_diagonal = any([s.index for s in item.subscripts].count(stage.index) > 1 for item in items)
        return is_diagonal or stage.is_guarded or any(isinstance(statement, Reduce) for statement in stage.body)

    def block(self, index: str, *, dtype: str, old: tuple[int, int] | None = None) -> Block:
        made = Block(
            operands=Operands(
                scalar=self.text, array=self.array, index=index, names=dict(self.indices), functions=NAMES
            ),
            namer=self.namer,
            dtype=dtype,
            old=old,
        )
        self.blocks.append(made)
        return made

    # Expressions

    def array(self, name: str) -> str:
        """Return what an array is called where it has one dimension."""
        return self.flat if name == "out" else name

    def reach(self) -> str:
        """Return the size of weights up to which accuracy is promised, in the precision in which a loop computes."""
        return "1e150" if self.is_double else f"_REACH[{self.real}]"

    def text(self, tree: Tree, *, is_array: bool = False) -> str:
        """Return an expression of scalars, or of arrays and scalars."""

        def item(item: Item) -> str:
            if item in self.moved:
                return self.moved[item]
            places = ", ".join(shifted(self.indices[s.index], s.shift) for s in item.subscripts)
            return f"{self.array(item.array)}[{places}]"

        return infix(
            transform(transform(tree, extremum), for_arrays) if is_array else transform(tree, extremum),
            Notation(
                literal=number,
                constants={"pi": "np.pi", "inf": "np.inf", "nan": "np.nan", "reach": self.reach()},
                functions=NAMES,
                name=lambda name: self.renamed.get(name, name),
                item=item,
                index=lambda index: self.indices[index],
                words={"and": "and", "or": "or", "not": "not "},
                choice="{1} if {0} else {2}",
                is_nan="np.isnan({})",
            ),
        )
