"""References as BibTeX: each field is one that stands in the reference, and no source of the catalogue is lost."""

from __future__ import annotations

import re

import pytest

from symreg import catalogue
from symreg.presentation.bibliography import Source, cited, entries, merged, sources_of

REFERENCES = sorted(
    {catalogue.penalty(name).reference for name in catalogue.penalties()}
    | {catalogue.rule(name).reference for name in catalogue.rules()} - {""}
)


def the(reference: str) -> Source:
    (source,) = sources_of(reference)
    return source


@pytest.mark.parametrize("reference", REFERENCES)
def test_a_reference_of_the_catalogue_is_read(reference: str) -> None:
    for source in sources_of(reference):
        assert {"author", "year"} <= source.fields.keys(), "a plain note"
        assert source.kind != "misc" or {"title", "eprint"} & source.fields.keys()
        for name, value in source.fields.items():
            bare = re.sub(r"[{}\\]", "", value).replace("--", "-")
            for piece in bare.split(" and ") if name == "author" else [bare]:
                assert piece in reference or piece in ("others", "arXiv"), name


def test_a_work_has_one_key_wherever_it_is_cited_and_no_two_have_the_same() -> None:
    known: dict[str, str] = {}
    for reference in REFERENCES:
        for source in sources_of(reference):
            assert known.setdefault(source.key, source.entry()) == source.entry()
    assert len(known) > 50
    assert sum(key.startswith("Zhang2010") for key in known) == 2
    assert merged(merged("", entries(REFERENCES[:9])), entries(REFERENCES[5:])) == merged("", entries(REFERENCES))


@pytest.mark.parametrize(
    ("reference", "kind", "fields", "place"),
    [
        (
            "Zou & Hastie (2005), J. R. Stat. Soc. B 67(2):301-320, sec. 2.1",
            "article",
            {"author": "Zou and Hastie", "journal": "J. R. Stat. Soc. B", "volume": "67", "number": "2",
             "pages": "301--320", "year": "2005"},
            "sec. 2.1",
        ),
        (
            "Sutskever et al. (2013), Proc. ICML 28(3):1139-1147; torch.optim.SGD(nesterov=True)",
            "inproceedings",
            {"author": "Sutskever and others", "booktitle": "Proc. ICML", "volume": "28", "number": "3",
             "pages": "1139--1147", "year": "2013"},
            "",
        ),
        (
            "van den Berg & Friedlander (2008), Probing the Pareto Frontier, SIAM J. Sci. Comput. 31(2):890-912",
            "article",
            {"author": "van den Berg and Friedlander", "title": "{Probing the Pareto Frontier}",
             "journal": "SIAM J. Sci. Comput.", "volume": "31", "number": "2", "pages": "890--912", "year": "2008"},
            "",
        ),
        ("Smith, J. and Doe, A. (2020). A title. A journal, 12.", "misc",
         {"note": "Smith, J. and Doe, A. (2020). A title. A journal, 12."}, ""),
        ("torch.optim.SGD", "misc", {"note": "torch.optim.SGD"}, ""),
        (r"50% of $a_b$ & #1", "misc", {"note": r"50\% of \$a\_b\$ \& \#1"}, ""),
    ],
)  # fmt: skip
def test_fields_are_read_off(reference: str, kind: str, fields: dict[str, str], place: str) -> None:
    source = the(reference)
    assert (source.kind, source.fields, source.place) == (kind, fields, place)
    assert list(source.fields) == list(fields)


def test_a_citation_says_where_in_a_work() -> None:
    shown = cited("Kingma & Ba (2015), Adam, ICLR, Algorithm 1; torch.optim.Adam")
    assert shown == r"\cite[{Algorithm 1}]{Kingma2015Adam}"
