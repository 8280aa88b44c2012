"""The tab "Changes": the patron's requests, and who changed what, in plain words."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

import reflex as rx

from upstage_crm.admin.guard import AdminState
from upstage_crm.admin.patrons.record_rows import RequestItem
from upstage_crm.admin.patrons.record_state import PatronRecordState as State
from upstage_crm.admin.patrons.tabs.record_tab import ChoiceLink, Reading, RecordTabMixin, tab_href
from upstage_crm.admin.timeline import TimelineEntry, field_label, timeline_of, told_each
from upstage_crm.audit import trail
from upstage_crm.audit.events import Action
from upstage_crm.ui.components.base import Child, Text, filled, show_if
from upstage_crm.ui.components.button import link
from upstage_crm.ui.components.page import card, inline, stack
from upstage_crm.ui.components.records.status import request_chip
from upstage_crm.ui.components.records.timeline import meta_line
from upstage_crm.ui.components.tabs import link_tab, link_tabs
from upstage_crm.ui.components.text import reference, when

KEY: Final = "changes"
READ = 200  # entries of the trail
CHANGES = frozenset(
    {
        *(Action.PATRON_ADDED, Action.PATRON_EDITED, Action.FIELD_APPLIED),
        *(Action.STATUS_CHANGED, Action.PATRON_PROTECTED, Action.PATRON_UNPROTECTED),
        *(Action.ADDRESS_PROVEN, Action.ADDRESS_BOUNCED, Action.PATRON_ERASED),
    }
)


@dataclass(frozen=True)
class Changes:
    """What was read: the entries that fit, the choices of both filters, and the way to older."""

    entries: list[TimelineEntry]
    fields: list[ChoiceLink]
    actors: list[ChoiceLink]
    older: str


class ChangesTabState(RecordTabMixin, AdminState):
    """What the tab shows."""

    entries: rx.Field[list[TimelineEntry]] = rx.field(default_factory=list)
    fields: rx.Field[list[ChoiceLink]] = rx.field(default_factory=list)
    actors: rx.Field[list[ChoiceLink]] = rx.field(default_factory=list)
    older: str = ""

    def _take(self, found: Changes) -> None:
        self.entries, self.fields = found.entries, found.fields
        self.actors, self.older = found.actors, found.older


def read(reading: Reading) -> Changes:
    """Read who changed what, the newest first; a filter that fits nothing shows nothing."""
    asked, number = reading.asked, reading.record.number
    given = asked.get("before", "")
    before = int(given) if given.isascii() and given.isdecimal() and len(given) < 16 else None
    lines = trail.timeline(
        reading.session,
        patron_id=reading.record.id,
        actions=CHANGES,
        before=before,
        limit=READ + 1,
    )
    told = [
        (name, line.actor.label, entry)
        for line in lines[:READ]
        for name, entry in told_each(
            line, access=reading.access, now=reading.now, time_zone=reading.time_zone
        )
    ]
    field, by = asked.get("field", ""), asked.get("by", "")
    named = [(name, field_label(name).capitalize()) for name, _by, _entry in told if name]
    actors = [(label, label) for _name, label, _entry in told]
    last = str(lines[READ - 1].seq) if len(lines) > READ else ""
    return Changes(
        entries=[
            entry
            for name, label, entry in told
            if (not field or field == name) and (not by or by == label)
        ],
        fields=_choices(number, "field", field, named, "Everything", by=by, before=given),
        actors=_choices(number, "by", by, actors, "Everyone", field=field, before=given),
        older=tab_href(number, KEY, field=field, by=by, before=last) if last else "",
    )


def view() -> rx.Component:
    """Return the tab."""
    state = ChangesTabState
    entries = timeline_of(state.entries, label="Who changed what", shows_values=True)
    told = card(
        stack(
            _filter(state.fields, "Show changes of"),
            _filter(state.actors, "Show changes by"),
            rx.cond(
                cast("Any", state.entries).length() > 0,
                entries,
                rx.el.p("No change fits.", class_name="u-muted"),
            ),
            show_if(filled(state.older), link("Older changes", href=state.older)),
        ),
        title="Who changed what",
    )
    return stack(_requests(), told)


def _requests() -> rx.Component:
    rows = rx.foreach(State.requests, lambda item: _request(cast("RequestItem", item)))
    return card(
        rx.cond(
            State.requests.length() > 0,
            stack(rows),
            rx.el.p("No changes have been proposed yet.", class_name="u-muted"),
        ),
        title="Requests",
    )


def _request(item: RequestItem) -> rx.Component:
    return stack(
        inline(
            link(reference(item.reference), href=f"/requests/{item.reference}/"),
            request_chip(item.state, item.state_words),
        ),
        meta_line(item.fields, item.proposer, when(item.at, iso=item.at_iso)),
        gap="small",
    )


def _filter(choices: Any, label: Text) -> Child:
    links = rx.foreach(choices, lambda one: _choice(cast("ChoiceLink", one)))
    return show_if(choices.length() > 2, link_tabs(links, label=label))


def _choice(choice: ChoiceLink) -> rx.Component:
    return link_tab(choice.label, href=choice.href, active=cast("Any", choice.is_chosen))


def _choices(
    number: int,
    name: str,
    chosen: str,
    found: Iterable[tuple[str, str]],
    everything: str,
    **asked: str,
) -> list[ChoiceLink]:
    """The choices of one filter; one that was chosen stays, also where nothing fits it."""
    known: Sequence[tuple[str, str]] = [("", everything), *dict.fromkeys(found)]
    if chosen and chosen not in dict(known):
        known = [*known, (chosen, chosen)]
    return [
        ChoiceLink(label, tab_href(number, KEY, **{name: value, **asked}), value == chosen)
        for value, label in known
    ]
