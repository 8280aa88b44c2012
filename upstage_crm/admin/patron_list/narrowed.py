"""The patrons that an address of the list asks for: its filters as conditions on patrons."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa

from upstage_crm.admin.patrons.url import Asked, Changed, tags_of
from upstage_crm.change_requests.reads.asked_patrons import is_asked
from upstage_crm.pages.list_url import ListUrl
from upstage_crm.patrons.search import list_filters as filters
from upstage_crm.patrons.search.list_filters import EmailIs, PatronKind, PatronStatus
from upstage_crm.patrons.search.patron_list import Narrowed
from upstage_crm.staff.roles import Role, StaffMember
from upstage_crm.staff.visibility import sees

SPANS: Final = {
    Changed.DAY: timedelta(days=1),
    Changed.WEEK: timedelta(days=7),
    Changed.MONTH: timedelta(days=30),
    Changed.NOT_FOR_TWO_YEARS: timedelta(days=2 * 365),
}
HIDDEN_BY: Final[Mapping[str, str]] = {
    "city": "address",
    "country": "address",
    "email": "email",
    "twin": "phone",
}
"""The field that a reader must see to narrow the list by a filter: else it would tell the value."""

_Condition = Callable[[str], sa.ColumnElement[bool]]
_PLAIN: Final[Mapping[str, _Condition]] = {
    "status": lambda value: filters.has_status(PatronStatus(value)),
    "kind": lambda value: filters.is_kind(PatronKind(value)),
    "city": filters.lives_in,
    "country": filters.in_country,
    "email": lambda value: filters.email_is(EmailIs(value)),
    "dispute": lambda _value: filters.is_flagged(),
    "twin": lambda _value: filters.has_twin(),
}


def narrowed_by(url: ListUrl, *, now: datetime, reader: StaffMember) -> Narrowed:
    """The patrons whom the filters of this address leave, for this reader."""
    chosen = {name: value for name, value in url.chosen.items() if value}
    conditions = [filters.has_tag(tag) for tag in tags_of(url)]
    conditions += [
        _visible(reader, name, make(chosen[name]))
        for name, make in _PLAIN.items()
        if name in chosen
    ]
    if asked := chosen.get("asked"):
        conditions.append(is_asked(by=reader.id if asked == Asked.MINE else None))
    if changed := chosen.get("changed"):
        conditions.append(_changed(Changed(changed), now))
    return Narrowed(conditions=tuple(conditions), any_of=bool(chosen.get("any")))


def hidden_filters(role: Role) -> frozenset[str]:
    """The filters that this role has not: each would tell a value that is masked for it."""
    return frozenset(
        name for name, field in HIDDEN_BY.items() if not sees(role, field, is_protected=False)
    )


def _visible(
    reader: StaffMember, name: str, condition: sa.ColumnElement[bool]
) -> sa.ColumnElement[bool]:
    """The condition as far as the reader may know whether it holds."""
    field = HIDDEN_BY.get(name)
    if field is None or sees(reader.role, field, is_protected=True):
        return condition
    if sees(reader.role, field, is_protected=False):
        return sa.and_(condition, sa.text("NOT patron.is_protected"))
    return sa.false()


def _changed(how: Changed, now: datetime) -> sa.ColumnElement[bool]:
    moment = now - SPANS[how]
    if how is Changed.NOT_FOR_TWO_YEARS:
        return filters.unchanged_since(moment)
    return filters.changed_since(moment)
