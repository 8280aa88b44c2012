"""What a tab of a patron's record is: a row with its words, its count, its reading and its view.

`record_tabs.TABS` is the table of them. The record reads the open tab alone, in the transaction in
which it reads the record, and gives what it found to the tab's state.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from typing import Any
from urllib.parse import urlencode

import reflex as rx
from sqlmodel import Session

from upstage_crm.admin.patrons.rows import patron_href
from upstage_crm.patrons.views import PatronRecord
from upstage_crm.patrons.visibility import FieldAccess
from upstage_crm.staff.roles import StaffMember

TAB = "tab"
"""The part of the record's address that names the open tab; the first tab needs none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a tab reads with. `asked` is what the address asks for besides the tab."""

    session: Session
    record: PatronRecord
    viewer: StaffMember
    access: FieldAccess
    now: datetime
    time_zone: tzinfo
    asked: Mapping[str, str] = field(default_factory=dict[str, str])


class RecordTabMixin(rx.State, mixin=True):
    """The state of one tab. It holds what its reading found, until the record is left."""

    def _take(self, found: Any) -> None:
        """Show what was read."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordTab:
    """One tab. `read` runs only while the tab is open, `count` whenever the record is read."""

    key: str
    label: str
    view: Callable[[], rx.Component]
    state: type[RecordTabMixin] | None = None
    read: Callable[[Reading], Any] | None = None
    count: Callable[[Session, str], int] | None = None


@dataclass(frozen=True)
class TabLink:
    """A tab as the row of tabs draws it."""

    label: str = ""
    href: str = ""
    count: str = ""
    is_open: bool = False


@dataclass(frozen=True)
class ChoiceLink:
    """One choice of a filter, as a link: the address is what is shown."""

    label: str = ""
    href: str = ""
    is_chosen: bool = False


def tab_href(number: int, key: str, **asked: str) -> str:
    """Where a tab of a record is; what is asked for with an empty text is left out."""
    said = {name: text for name, text in asked.items() if text}
    query = urlencode({**({TAB: key} if key else {}), **said})
    return patron_href(number) + (f"?{query}" if query else "")
