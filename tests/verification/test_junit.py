"""Reports as JUnit XML: well-formed whatever is in them, a case a check, counts that add up."""

from __future__ import annotations

from xml.etree import ElementTree

from symreg.verification.report.check import Check
from symreg.verification.report.junit import document
from symreg.verification.report.report import Report

STRANGE = "a\x00b\x1b[31m <&\"'> \ud800 \uffff é"


def check(kind: str, verdict: str, note: str = "") -> Check:
    is_right = verdict == "agrees"
    return Check(
        kind=kind,
        target="it",
        dtype="float64",
        points=3,
        compared=3,
        undetermined=0,
        failures=0 if is_right else 1,
        at={} if is_right else {"w": 0.5},
        expected=None if is_right else 1.0,
        got=None if is_right else 2.0,
        verdict=verdict,  # type: ignore[arg-type]
        notes=(note,) if note else (),
    )


def test_a_case_is_a_check_and_the_counts_add_up() -> None:
    report = Report(label="a", checks=(check("value", "agrees"), check("prox", "wrong", "it is 2 times what is right")))
    root = ElementTree.fromstring(
        document({"a": report, "b": "acts on whole arrays", "c": Report(label="c", checks=())})
    )
    assert root.attrib == {"name": "symreg audit", "tests": "4", "failures": "2", "errors": "1"}
    assert [[case.get("name") for case in suite.iter("testcase")] for suite in root] == [
        ["value", "prox"],
        ["audit"],
        ["audit"],
    ]
    (failure,) = root[0].iter("failure")
    assert failure.attrib == {"type": "wrong", "message": "at w = 0.5: got 2, right is 1"}
    assert failure.text == "at w = 0.5: got 2, right is 1.\nit is 2 times what is right."
    assert [error.get("message") for error in root.iter("error")] == ["acts on whole arrays"]


def test_it_is_well_formed_whatever_an_object_says() -> None:
    report = Report(label=STRANGE, checks=(check("prox", "wrong", STRANGE),), notes=(STRANGE,))
    text = document({STRANGE: report, "other": STRANGE})
    root = ElementTree.fromstring(text.encode("utf-8"))
    name = root[0].get("name")
    assert name is not None and "<&\"'>" in name and "\\x1b[31m" in name and "\\ud800" in name


def test_what_could_not_be_judged_is_a_failure() -> None:
    report = Report(label="a", checks=(check("value", "undetermined"),))
    root = ElementTree.fromstring(document({"a": report}))
    assert root.get("failures") == "1" and not report.passed
