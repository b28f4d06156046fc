"""Reports on objects as JUnit XML, which continuous integration reads: a suite an object, a case a check.

Takes reports, and errors in place of those that could not be made; hands on the whole document. It holds no time: with
the same objects it comes out the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from symreg.verification.report.check import Check
from symreg.verification.report.listing import sentences
from symreg.verification.report.report import Report


def document(outcomes: Mapping[str, Report | str]) -> str:
    """Return the document.

    Args:
        outcomes: By the object's label, its report, or why there is none.

    Returns:
        XML with a `failure` for each check that disagrees or could judge nothing, an `error` for each object that could
        not be audited.
    """
    root = Element("testsuites", name="symreg audit")
    for label, outcome in outcomes.items():
        if isinstance(outcome, Report):
            _add_report(root, label, outcome)
        else:
            suite = _suite(root, label, tests=1, errors=1)
            case = SubElement(suite, "testcase", classname=_safe(label), name="audit")
            SubElement(case, "error", type="refused", message=_safe(outcome))
    for count in ("tests", "failures", "errors"):
        root.set(count, str(sum(int(suite.get(count, "0")) for suite in root)))
    ElementTree.indent(root)
    body = ElementTree.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="utf-8"?>\n{body}\n'


def _add_report(root: Element, label: str, report: Report) -> None:
    wrong = [check for check in report.checks if not check.is_right]
    is_empty = not report.checks
    suite = _suite(root, label, tests=len(report.checks) + is_empty, failures=len(wrong) + is_empty)
    if is_empty:
        case = SubElement(suite, "testcase", classname=_safe(label), name="audit")
        SubElement(case, "failure", type="undetermined", message=report.summary())
    for check in report.checks:
        case = SubElement(suite, "testcase", classname=_safe(label), name=check.kind)
        if not check.is_right:
            _add_failure(case, check)
    if report.notes:
        SubElement(suite, "system-out").text = _safe("\n".join(report.notes))


def _add_failure(case: Element, check: Check) -> None:
    said = sentences(check) or ["nothing could be judged"]
    failure = SubElement(case, "failure", type=check.verdict, message=_safe(said[0]))
    failure.text = _safe("\n".join(f"{sentence}." for sentence in said))


def _suite(root: Element, label: str, *, tests: int, failures: int = 0, errors: int = 0) -> Element:
    counts = {"tests": str(tests), "failures": str(failures), "errors": str(errors)}
    return SubElement(root, "testsuite", {"name": _safe(label), **counts})


def _safe(text: str) -> str:
    """Return a text with what XML cannot hold spelt out: control characters, lone surrogates."""
    return "".join(c if _is_in_xml(ord(c)) else c.encode("unicode_escape").decode() for c in text)


def _is_in_xml(code: int) -> bool:
    return code in (0x9, 0xA, 0xD) or 0x20 <= code <= 0xD7FF or 0xE000 <= code <= 0xFFFD or code >= 0x10000
