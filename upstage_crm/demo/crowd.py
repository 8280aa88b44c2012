"""Many more patrons out of those of the demo: names of one, the address of another. Pure.

Their values were parsed with the records that they come from, so a million takes minutes. Shares
of everything (no email, bounced, tags, countries) stay what they are among the demo's people.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from random import Random

from upstage_crm.patrons.commands import NewPatron
from upstage_crm.patrons.fields import FIELDS

FIRST = 100_000  # in an email address of a copy, so that none is one of the demo's own
_OWN_FIELDS = ("name", "email")
_OTHERS = [
    (*entry.columns, *entry.derived) for key, entry in FIELDS.items() if key not in _OWN_FIELDS
]
"""The columns of each field that a new patron takes from someone else."""


def crowd(people: Sequence[NewPatron], count: int, seed: int) -> Iterator[NewPatron]:
    """Yield `count` patrons made of `people`; no two have one address."""
    random = Random(seed)  # noqa: S311  # no secret here
    for number in range(FIRST, FIRST + count):
        one = random.choice(people)
        columns = dict(one.columns)
        for names in _OTHERS:
            other = random.choice(people).columns
            columns |= {name: other[name] for name in names}
        for name in ("email", "email_key"):
            columns[name] = _numbered(columns[name], number)
        yield replace(one, columns=columns)


def _numbered(email: str | None, number: int) -> str | None:
    """Another mailbox of the same domain."""
    if email is None:
        return None
    local, _, domain = email.rpartition("@")
    return f"{local.partition('+')[0]}{number}@{domain}"
