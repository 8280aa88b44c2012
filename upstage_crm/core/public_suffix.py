"""The endings under which anyone can register a name: `uk` has `co.uk`, `bücher.example` has none.

By the list and the algorithm of publicsuffix.org. The list is a file beside this one, which
`make lock` brings up to date. Its second part, where companies name the domains of their customers,
is left out: a mailbox there is at the company.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Final

import idna

LIST: Final = Path(__file__).with_name("public_suffix_list.dat")
_END: Final = "===END ICANN DOMAINS==="


def suffix_of(domain: str) -> str:
    """The ending of an ASCII domain that is a public suffix; empty when none is in the list."""
    rules, labels = _rules(), domain.lower().split(".")
    for start in range(len(labels)):
        name, above = ".".join(labels[start:]), ".".join(labels[start + 1 :])
        if f"!{name}" in rules:  # an exception to the rule with a star
            return above
        if name in rules or f"*.{above}" in rules:
            return name
    return ""


def registered_domain(domain: str) -> str:
    """The part of a domain that its owner had to register: `a.b.example.org` is `example.org`."""
    suffix = suffix_of(domain)
    own = domain.removesuffix(f".{suffix}") if suffix else domain
    if own == domain:  # its ending is none that we know, or all of it
        return ".".join(domain.split(".")[-2:])
    return f"{own.rpartition('.')[2]}.{suffix}"


@cache
def _rules() -> frozenset[str]:
    """Every rule in the spelling of the network; read at first use."""
    lines = LIST.read_text("utf-8").partition(_END)[0].splitlines()
    return frozenset(_ascii(line.strip()) for line in lines if line.strip() and line[:2] != "//")


def _ascii(rule: str) -> str:
    if rule.isascii():
        return rule
    return ".".join(
        label if label == "*" else idna.encode(label).decode() for label in rule.split(".")
    )
