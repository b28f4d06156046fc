"""The C target: a kernel as the statements of two functions, double and single precision, and the frame around them.

Loops of a `Map` compute in the arrays' own precision, everything else in double: parameters, sums and their terms.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field

from symreg.expressions.tree import Call, Item, Name, Subscript, Tree, names, walk
from symreg.kernel import Best, Let, Map, Reduce, Root, Store, Table
from symreg.kernel.ir import Stage, Statement, names_in
from symreg.kernel.names import Namer
from symreg.model.names import RESERVED
from symreg.targets.c.documentation import Row, beyond, declared_rows, documented, domain_condition, filled, given_names
from symreg.targets.c.expressions import DOUBLE, REAL, TRUTH, below_literal, literal
from symreg.targets.description import WIDTH, Function, domain_in_words, table, wrapped
from symreg.targets.infix import Notation, infix, shifted

_OWN_NAMES = {"abs": "fabs"}
_ARGUMENTS = ("n", "w", "v", "g", "t", "out")


@dataclass
class Writer:
    """Writes one function in one precision."""

    emitted: Function
    is_single: bool
    helpers: dict[str, str]
    types: dict[str, str] = field(default_factory=dict)
    indices: dict[str, str] = field(default_factory=dict)
    hoisted: dict[str, str] = field(default_factory=dict)
    called: set[tuple[str, bool]] = field(default_factory=set)
    called_in_loops: set[str] = field(default_factory=set)
    rows: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        kernel = self.emitted.kernel
        self.pointers = {name for name, is_array in self.emitted.kept if not is_array}
        used = {*_ARGUMENTS, *given_names(self.emitted), *self.helpers.values(), *names_in(kernel.stages)}
        self.namer = Namer(used | RESERVED | {buffer.name for buffer in kernel.buffers})
        self.real = "float" if self.is_single else "double"
        self.old, self.lane = "", ""
        self.below, self.index = 0, ""
        self.given = self.namer.fresh("given") if kernel.search is not None else ""
        self.moved: dict[Item, str] = {}
        self.types.update({p.name: DOUBLE for p in self.emitted.parameters} | dict.fromkeys(self.pointers, DOUBLE))

    def function(self, stem: str) -> Row:
        """Return what the templates need of the function."""
        kernel, emitted = self.emitted.kernel, self.emitted
        body = [row for stage in kernel.stages for row in self.stage(stage)]
        first, *others = kernel.buffers or (None,)
        buffers = [
            {"name": buffer.name, "first": first.name, "offset": f"{k} * n" if k > 1 else "n"}
            for k, buffer in enumerate(others, start=1)
            if buffer is not None and first is not None
        ]
        arguments, spans = [*self.arguments()], self.spans()
        needs = [] if emitted.needs is None else [self.text(emitted.needs, DOUBLE)]
        # What depends on `t` or on a state is looked at once the pointers to them are.
        is_late = emitted.needs is not None and not names(emitted.needs).isdisjoint(name for name, _ in emitted.kept)
        may_overlap = {emitted.argument, "out"} if kernel.may_alias else set()
        return {
            "name": f"{stem}_{emitted.name}_{'f32' if self.is_single else 'f64'}",
            "is_single": self.is_single,
            "is_value": emitted.update.kind == "value",
            "returns": "double" if emitted.update.kind == "value" else "int",
            "real": self.real,
            "summary": emitted.summary,
            "formulas": table(emitted.formulas, WIDTH - 8),
            "notes": [line for note in emitted.notes for line in wrapped(note, WIDTH - 8)],
            "documented": documented(arguments),
            "arguments": filled((declared_rows(row) for row in arguments), WIDTH - 4),
            "parameters": filled(
                (declared_rows(row, is_alone=bool(spans) and row["name"] not in may_overlap) for row in arguments),
                WIDTH - 4,
            ),
            "elements": list(self.elements()),
            "place": self.namer.fresh("k") if any(not array.domain.is_all for array in emitted.arrays) else "",
            "pointers": [row["name"] for row in arguments if row["is_pointer"]],
            "domains": [
                *(domain_condition(p.name, p.domain) for p in emitted.parameters),
                *(f"{p.above} < {p.name}" for p in emitted.parameters if p.above),
                *([] if is_late else needs),
            ],
            "needs": needs[0] if is_late else "",
            "spans": filled(spans, WIDTH - 8),
            "span_count": len(spans),
            "written": len(self.written()),
            "kept": [name for name, is_array in emitted.kept if not is_array],
            "buffers": buffers,
            "given": self.given,
            "given_values": filled(self.given_values(), WIDTH - 8),
            "body": body,
            "result": "" if kernel.result is None else self.text(kernel.result, DOUBLE),
            "scalars": [{"name": name, "value": self.text(tree, DOUBLE)} for name, tree in kernel.scalars],
        }

    def arguments(self) -> Iterator[Row]:
        """Yield the arguments in order: n, w, declared arrays, g, states, t, parameters, out, work."""
        emitted, kernel, real = self.emitted, self.emitted.kernel, self.real
        is_step = emitted.update.kind == "step"

        def pointer(name: str, doc: str, *, of: str = real, is_written: bool = False) -> Row:
            return {"name": name, "is_pointer": True, "is_const": not is_written, "type": of, "doc": doc}

        things = "numbers" if emitted.update.kind == "prox" else "weights"
        yield {
            "name": "n",
            "is_pointer": False,
            "type": "size_t",
            "doc": "the length of v" if things == "numbers" else "the number of weights",
        }
        yield pointer(emitted.argument, f"n {things}" + (", overwritten" if is_step else ""), is_written=is_step)
        for array in emitted.arrays:
            size = " x ".join(array.shape)
            each = "" if array.domain.is_all else f", each {domain_in_words(array.domain)}"
            rows = ", row by row" if len(array.shape) > 1 else ""
            yield pointer(array.name, f"{size} numbers{rows}{each}")
        if is_step:
            yield pointer("g", "n numbers, the gradient of the loss L at w")
        for state in emitted.states:
            what = "n numbers" if state.is_array else "one number"
            doc = f"{what}, {float(state.initial):.15g} before the first step; overwritten"
            yield pointer(state.name, doc, of=real if state.is_array else "double", is_written=True)
        if emitted.counts:
            yield pointer(
                "t", "the number of steps taken, 0 before the first; overwritten", of="double", is_written=True
            )
        for p in emitted.parameters:
            words = domain_in_words(p.domain, p.above)
            doc = f"{p.doc}, {words}" if p.doc else words
            yield {"name": p.name, "is_pointer": False, "type": "double", "doc": doc}
        if emitted.has_out:
            note = f"; may be {emitted.argument}" if kernel.may_alias else ""
            result = "prox(v)" if emitted.update.kind == "prox" else f"the {emitted.title}"
            yield pointer("out", f"n numbers, receives {result}{note}", is_written=True)
        if kernel.buffers:
            count = "n" if len(kernel.buffers) == 1 else f"{len(kernel.buffers)} * n"
            yield pointer(kernel.buffers[0].name, f"{count} numbers of scratch", is_written=True)

    def elements(self) -> Iterator[Row]:
        """Yield the arrays whose elements are checked, each with when one is refused: never at NaN."""
        real = "float" if self.is_single else "double"
        for array in self.emitted.arrays:
            if not array.domain.is_all:
                below, above = beyond(array.domain, real)
                size = " * ".join(array.shape)
                yield {"name": array.name, "size": size, "below": below, "above": above}

    def written(self) -> list[tuple[str, str]]:
        """Return the arrays and numbers that are written, each with its size in bytes."""
        kernel, real = self.emitted.kernel, self.real
        rows: list[tuple[str, str]] = []
        if self.emitted.update.kind == "step":
            rows.append(("w", f"n * sizeof({real})"))
        rows += [(name, f"n * sizeof({real})" if a else "sizeof(double)") for name, a in self.emitted.kept]
        if self.emitted.has_out:
            rows.append(("out", f"n * sizeof({real})"))
        if kernel.buffers:
            rows.append((kernel.buffers[0].name, f"{len(kernel.buffers)} * n * sizeof({real})"))
        return rows

    def spans(self) -> list[str]:
        """Return the memory that may not overlap: first what is written, then what is read."""
        written, kernel, real = self.written(), self.emitted.kernel, self.real
        if not written:
            return []
        read = [(a.name, f"{' * '.join(a.shape)} * sizeof({real})") for a in self.emitted.arrays]
        if self.emitted.update.kind == "step":
            read.append(("g", f"n * sizeof({real})"))
        else:
            size = f"n * sizeof({real})"
            first = self.emitted.argument
            read.append((first, f"out == {first} ? 0 : {size}" if kernel.may_alias else size))
        spans = [f"{{{name}, {size}}}" for name, size in (*written, *read)]
        return spans if len(spans) > 1 else []

    # Statements

    def stage(self, stage: Stage) -> Iterator[Row]:
        match stage:
            case Let(name=name, value=value, is_condition=is_condition):
                text = self.text(value, DOUBLE)
                self.types[name] = TRUTH if is_condition else DOUBLE
                yield {"kind": "let", "type": self.types[name], "name": name, "value": text}
            case Reduce():
                yield from self.reduce(stage)
            case Root():
                yield self.root(stage)
            case Table(name=name, step=step):
                yield {"kind": "table", "name": name, "step": self.text(step, DOUBLE), "given": self.given}
            case Best():
                self.types[stage.name] = DOUBLE
                yield {"kind": "best", "name": stage.name, **self.best(stage)}
            case Map():
                yield from self.map(stage)

    def root(self, stage: Root) -> Row:
        """Return the loop that finds one number."""
        taken = set(self.namer.taken)
        names = {key: self.namer.fresh(f"{stage.name}_{key}") for key in ("low", "high")}
        names |= {key: self.namer.fresh(key) for key in ("trial", "residual", "change", "following", "moves")}
        bounds = {key: self.text(getattr(stage, key), DOUBLE) for key in ("low", "high", "start")}
        self.types[stage.name] = DOUBLE
        row = {"kind": "root", "name": stage.name, "names": names, **bounds, **self.trial(stage)}
        self.namer.taken = taken
        return row

    def best(self, stage: Best) -> Row:
        """Return what a minimiser is found from."""
        v, step = (self.text(tree, DOUBLE) for tree in (stage.v, stage.step))
        return {"v": v, "step": step, "table": stage.table, "given": self.given}

    def given_values(self) -> Iterator[str]:
        """Yield what the formulas of a search take besides the weight."""
        search = self.emitted.kernel.search
        if search is not None:
            yield from (self.text(Name(name), DOUBLE) for name in search.parameters)

    def trial(self, root: Root) -> Row:
        """Return what is computed for each trial of a root."""
        self.types[root.name] = DOUBLE
        body = [row for inner in root.body for row in self.stage(inner)]
        return {
            "body": body,
            "residual": self.text(root.residual, DOUBLE),
            "slope": self.factor(root.slope),
            "in_logarithm": root.in_logarithm,
        }

    def factor(self, tree: Tree) -> str:
        """Return an expression in double precision as an operand of a product."""
        text = self.text(tree, DOUBLE)
        return text if isinstance(tree, Name | Call) and "?" not in text else f"({text})"

    def reduce(self, stage: Reduce) -> Iterator[Row]:
        """Yield a sum: blocks of terms, each block added to a compensated total."""
        if stage.is_greatest:
            yield from self.greatest(stage)
            return
        taken = set(self.namer.taken)
        names = {key: self.namer.fresh(key) for key in ("start", "size", "term")}
        names["total"] = self.namer.fresh(f"{stage.name}_total")
        names["k"] = self.namer.fresh("k")
        index = self.indices[stage.index] = self.namer.fresh(stage.index)
        body = list(self.body(stage.body, DOUBLE))
        term = self.text(stage.term, DOUBLE)
        del self.indices[stage.index]
        self.namer.taken = taken
        self.types[stage.name] = DOUBLE
        yield {
            "kind": "sum",
            "name": stage.name,
            "index": index,
            **names,
            "low": stage.low,
            "more": below_literal(names["start"], stage.high),
            "left": f"{shifted('n', -stage.high)} - {names['start']}",
            "is_plain": not any(isinstance(statement, Reduce) for statement in stage.body),
            "body": body,
            "term_value": term,
        }

    def greatest(self, stage: Reduce) -> Iterator[Row]:
        """Yield the greatest term: a number, and a loop that raises it."""
        taken = set(self.namer.taken)
        name, term = stage.name, self.namer.fresh("term")
        index = self.indices[stage.index] = self.namer.fresh(stage.index)
        body = list(self.body(stage.body, DOUBLE))
        body.append({"kind": "let", "type": "double", "name": term, "value": self.text(stage.term, DOUBLE)})
        body.append({"kind": "store", "place": name, "value": f"{term} > {name} ? {term} : {name}"})
        del self.indices[stage.index]
        self.namer.taken = taken
        self.types[name] = DOUBLE
        yield {"kind": "store", "place": f"double {name}", "value": "-(double)INFINITY"}
        yield {
            "kind": "map",
            "index": index,
            "is_plain": False,
            "body": body,
            "edge": [],
            "start": stage.low,
            "more": below_literal(index, stage.high),
        }

    def map(self, stage: Map) -> Iterator[Row]:
        taken, self.index = set(self.namer.taken), stage.index
        context = DOUBLE if stage.is_double else REAL
        if not stage.is_double:
            yield from self.hoist(stage)
        if stage.reads_old:
            yield self.delayed(stage)
        elif any(isinstance(statement, Root | Best) for statement in stage.body):
            yield self.rooted(stage)
        else:
            index = self.indices[stage.index] = self.namer.fresh(stage.index)
            is_plain = not any(isinstance(statement, Reduce) for statement in stage.body)
            row: Row = {
                "kind": "map",
                "index": index,
                "is_plain": is_plain,
                "body": list(self.body(stage.body, context)),
                "edge": list(self.body(stage.edge, context)),
                "below": stage.below,
                "above": stage.above,
            }
            if stage.edge:
                names = {key: self.namer.fresh(key) for key in ("first", "last")}
                row |= {**names, "start": names["first"], "more": f"{index} < {names['last']}"}
            else:
                row |= {"start": stage.low, "more": below_literal(index, stage.high)}
            yield row
        self.indices.pop(stage.index, None)
        self.namer.taken = taken
        self.hoisted.clear()

    def rooted(self, stage: Map) -> Row:
        """Return a loop over blocks of elements in which a root is found for all elements of a block together.

        What is computed before a root and needed behind it is kept for each element of the block.
        """
        keys = ("start", "size", "k", "trial", "moving", "residual", "change", "following", "moved")
        names = {key: self.namer.fresh(key) for key in keys}
        names["index"] = self.indices[stage.index] = self.namer.fresh(stage.index)
        self.lane = names["k"]
        runs: list[tuple[list[Statement], Root | Best | None]] = [([], None)]
        for statement in stage.body:
            if isinstance(statement, Root | Best):
                runs[-1] = (runs[-1][0], statement)
                runs.append(([], None))
            else:
                runs[-1][0].append(statement)
        kept = _kept_names(runs)
        rows: list[str] = []
        parts: list[Row] = []
        for statements, root in runs:
            part: Row = {
                "body": list(self.body(statements, DOUBLE, kept=kept)),
                "root": {},
                "best": {},
                "uses_index": _uses_index(statements, root),
            }
            if isinstance(root, Best):
                self.rows[root.name] = f"{root.name}[{self.lane}]"
                self.types[root.name] = DOUBLE
                assert isinstance(root.v, Name)
                part["best"] = {"name": root.name, **self.best(root), "v": root.v.name}
                rows.append(root.name)
            elif root is not None:
                bounds = {key: self.namer.fresh(f"{root.name}_{key}") for key in ("low", "high")}
                values = {key: self.text(getattr(root, key), DOUBLE) for key in ("low", "high", "start")}
                self.rows[root.name] = f"{root.name}[{self.lane}]"
                part["root"] = {"name": root.name, "bounds": bounds, **values, **self.trial(root)}
                rows += [root.name, *bounds.values()]
            parts.append(part)
        if any(isinstance(root, Root) for _, root in runs):
            rows.append(names["moved"])
        declared = filled([f"{row}[{self.helpers['LANES']}]" for row in (*kept, *rows)], WIDTH - 16)
        self.rows.clear()
        return {"kind": "rooted", **names, "parts": parts, "declared": declared}

    def delayed(self, stage: Map) -> Row:
        """Return a loop over blocks that reads neighbours as they were before it wrote to them."""
        keys = ("first", "last", "ends", "count", "old", "start", "size", "k")
        names = {key: self.namer.fresh(key) for key in keys}
        names["index"] = self.indices[stage.index] = self.namer.fresh(stage.index)
        self.old = f"{names['old']}[{names['k']} + {{}}]"
        self.below = stage.below
        body = list(self.body(stage.body, REAL))
        self.old = ""
        edge = list(self.body(stage.edge, REAL, ends=f"{names['ends']}[{names['count']}++]"))
        self.moved.clear()
        return {
            "kind": "delayed",
            **names,
            "real": self.real,
            "body": body,
            "edge": edge,
            "below": stage.below,
            "above": stage.above,
        }

    def hoist(self, stage: Map) -> Iterator[Row]:
        """Yield copies of the scalars that a loop uses, in its precision: the processor would convert each time."""
        inside = set(names_in((*stage.body, *stage.edge)))
        used = dict.fromkeys(
            node.name
            for statement in (*stage.body, *stage.edge)
            for tree in _trees_in_real(statement)
            for node in walk(tree)
            if isinstance(node, Name) and node.name not in inside and self.types.get(node.name) == DOUBLE
        )
        copies = []
        for name in used:
            if self.is_single or name in self.pointers:
                value = self.cast("float", self.text(Name(name), DOUBLE))
                copy = self.namer.fresh(f"{name}f" if self.is_single else f"{name}_now")
                self.hoisted[name] = copy
                copies.append(f"{copy} = {value}")
        if copies:
            yield {"kind": "lets", "type": self.real, "lines": filled(copies, WIDTH - 16)}

    def body(
        self, statements: Iterable[Statement], context: str, *, ends: str = "", kept: Collection[str] = ()
    ) -> Iterator[Row]:
        """Yield the statements of a loop.

        Args:
            statements: In order.
            context: The precision in which the loop computes.
            ends: Where a new weight is kept instead of in `w`.
            kept: Names of values that have a row in which they are kept for each element of a block.
        """
        for statement in statements:
            match statement:
                case Let(name=name, value=value, is_condition=is_condition):
                    text = self.text(value, context)
                    self.types[name] = TRUTH if is_condition else context
                    if name in kept:
                        self.rows[name] = f"{name}[{self.lane}]"
                        yield {"kind": "store", "place": self.rows[name], "value": text}
                        continue
                    kind = TRUTH if is_condition else self.real if context == REAL else "double"
                    yield {"kind": "let", "type": kind, "name": name, "value": text}
                case Reduce():
                    yield from self.reduce(statement)
                case Store(array=array, value=value):
                    text = self.text(value, context)
                    if ends and array == "w":
                        name = self.moved[Item("w", (Subscript(self.index),))] = self.namer.fresh("w_new")
                        yield {"kind": "let", "type": self.real, "name": name, "value": text}
                        yield {"kind": "store", "place": ends, "value": name}
                    else:
                        if context == DOUBLE and self.is_single:
                            text = f"(float){text if text.isidentifier() else f'({text})'}"
                        yield {"kind": "store", "place": f"{array}[{self.indices[self.index]}]", "value": text}

    # Expressions

    def text(self, tree: Tree, context: str) -> str:
        """Return an expression that is computed in double precision or in that of the arrays."""
        is_float = context == REAL and self.is_single
        suffix = "f" if is_float else ""
        functions = {}
        for node in walk(tree):
            if isinstance(node, Call) and node.function not in ("where", "in_range"):
                own = self.helpers.get(node.function)
                of_math = f"{_OWN_NAMES.get(node.function, node.function)}{suffix}"
                functions[node.function] = f"{own}_{'f32' if is_float else 'f64'}" if own else of_math
                self.called.add((node.function, not is_float))
                if self.indices:
                    self.called_in_loops.add(node.function)

        def name(name: str) -> str:
            if name == "n":
                return "(float)n" if is_float else "(double)n"
            kind = self.types[name]
            if kind == TRUTH:
                return name
            if name in self.rows:
                return self.rows[name]
            if context == REAL and name in self.hoisted:
                return self.hoisted[name]
            text = f"*{name}" if name in self.pointers else name
            if self.is_single and kind != context:
                return self.cast("float" if is_float else "double", text)
            return text

        def item(item: Item) -> str:
            if item in self.moved:
                return self.moved[item]
            places = [shifted(self.indices[s.index], s.shift) for s in item.subscripts]
            if self.old and item.array == "w" and item.subscripts[0].shift:
                text = self.old.format(self.below + item.subscripts[0].shift)
            elif len(places) == 2:
                row = f"({places[0]})" if item.subscripts[0].shift else places[0]
                text = f"{item.array}[{row} * n + {places[1]}]"
            else:
                text = f"{item.array}[{places[0]}]"
            return f"(double){text}" if self.is_single and context == DOUBLE else text

        return infix(
            tree,
            Notation(
                literal=lambda value: literal(value, suffix),
                constants={
                    "pi": f"{'3.14159265f' if is_float else '3.141592653589793'}",
                    "reach": "1e18f",
                    "inf": "INFINITY",
                    "nan": "NAN",
                }
                if is_float
                else {"pi": "3.141592653589793", "reach": "1e150", "inf": "(double)INFINITY", "nan": "(double)NAN"},
                functions=functions,
                name=name,
                item=item,
                index=lambda index: self.indices[index],
                words={"and": "&&", "or": "||", "not": "!"},
                choice="{0} ? {1} : {2}",
                is_nan="isnan({})",
            ),
        )

    def cast(self, kind: str, text: str) -> str:
        return f"({kind}){text}" if self.is_single else text


def _kept_names(runs: list[tuple[list[Statement], Root | Best | None]]) -> list[str]:
    """Return the values that are computed in one run of statements and used in the root behind it or later."""
    made: list[str] = []
    kept: dict[str, None] = {}
    for statements, root in runs:
        here = {statement.name for statement in statements if isinstance(statement, Let)}
        used = {name for s in statements if isinstance(s, Let | Store) for name in names(s.value)}
        used |= {*names(root.low), *names(root.high), *names(root.start)} if isinstance(root, Root) else set()
        earlier = [name for name in made if name in used]
        if root is not None:
            earlier += [name for name in (*made, *sorted(here)) if name in _names_in_trials(root)]
        kept |= dict.fromkeys(earlier)
        made += sorted(here)
    return list(kept)


def _uses_index(statements: list[Statement], root: Root | Best | None) -> bool:
    """Is an element of an array read or written?"""
    trees = [s.value for s in statements if isinstance(s, Let | Store)]
    trees += [root.low, root.high, root.start] if isinstance(root, Root) else []
    is_written = any(isinstance(statement, Store) for statement in statements)
    return is_written or any(isinstance(node, Item) for tree in trees for node in walk(tree))


def _names_in_trials(root: Root | Best) -> set[str]:
    if isinstance(root, Best):
        return {*names(root.v), *names(root.step)}
    found = {*names(root.residual), *names(root.slope)}
    for inner in root.body:
        if isinstance(inner, Root):
            found |= {*names(inner.low), *names(inner.high), *names(inner.start), *_names_in_trials(inner)}
        else:
            found |= {*names(inner.value)} if isinstance(inner, Let) else set()
    return found


def _trees_in_real(statement: Statement) -> Iterator[Tree]:
    if isinstance(statement, Let | Store):
        yield statement.value
