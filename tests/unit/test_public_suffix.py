"""Which part of a domain its owner had to register, by the list in the repository."""

from __future__ import annotations

import re

import pytest

from upstage_crm.core.public_suffix import LIST, registered_domain, suffix_of

# From the list's own tests (test_psl.txt at publicsuffix.org, in the public domain), as far as they
# are about the part that we use.
OFFICIAL = [
    ("example.COM", "example.com"),
    ("WwW.example.COM", "example.com"),
    ("domain.biz", "domain.biz"),
    ("a.b.domain.biz", "domain.biz"),
    ("test.ac", "test.ac"),
    ("b.c.mm", "b.c.mm"),
    ("a.b.c.mm", "b.c.mm"),
    ("www.test.jp", "test.jp"),
    ("www.test.ac.jp", "test.ac.jp"),
    ("test.kyoto.jp", "test.kyoto.jp"),
    ("a.b.ide.kyoto.jp", "b.ide.kyoto.jp"),
    ("a.b.c.kobe.jp", "b.c.kobe.jp"),
    ("city.kobe.jp", "city.kobe.jp"),
    ("www.city.kobe.jp", "city.kobe.jp"),
    ("b.test.ck", "b.test.ck"),
    ("a.b.test.ck", "b.test.ck"),
    ("www.ck", "www.ck"),
    ("www.www.ck", "www.ck"),
    ("www.test.us", "test.us"),
    ("www.test.ak.us", "test.ak.us"),
    ("www.test.k12.ak.us", "test.k12.ak.us"),
    ("xn--85x722f.com.cn", "xn--85x722f.com.cn"),
    ("www.xn--85x722f.xn--55qx5d.cn", "xn--85x722f.xn--55qx5d.cn"),
    ("shishi.xn--fiqs8s", "shishi.xn--fiqs8s"),
]


@pytest.mark.parametrize(("domain", "registered"), OFFICIAL)
def test_the_lists_own_cases(domain: str, registered: str) -> None:
    assert registered_domain(domain.lower()) == registered


@pytest.mark.parametrize(
    ("domain", "suffix"),
    [
        ("box.lyric.co.uk", "co.uk"),
        ("co.uk", "co.uk"),
        ("uk", "uk"),
        ("lyric.bank.in", "bank.in"),  # younger than most copies of the list
        ("someone.github.io", "io"),  # a company's customers are no registry's
        ("lyric.example", ""),
        ("lyric.comm", ""),
        ("", ""),
        (".com", "com"),
    ],
)
def test_a_suffix_is_one_of_the_list(domain: str, suffix: str) -> None:
    assert suffix_of(domain) == suffix


@pytest.mark.parametrize("domain", ["lyric.example", "lyric.comm", "co.uk", "mail.co.uk"])
def test_where_the_list_says_nothing_two_labels_count(domain: str) -> None:
    assert registered_domain(domain) == domain


def test_the_list_says_how_old_it_is_and_is_whole() -> None:
    text = LIST.read_text("utf-8")

    found = re.search(r"^// VERSION: (\d{4})-\d\d-\d\d_\S+$", text, re.MULTILINE)
    assert found is not None
    assert int(found[1]) >= 2026, "`make lock` brings a new one"
    assert "===END ICANN DOMAINS===" in text
