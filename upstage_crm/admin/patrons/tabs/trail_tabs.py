"""The tabs "Privacy" and "Audit": what the trail tells of a record, all of it or about privacy."""

from typing import Final

import reflex as rx

from upstage_crm.admin.guard import AdminState
from upstage_crm.admin.patrons.data_export import export_href, may_export
from upstage_crm.admin.patrons.tabs.record_tab import Reading, RecordTabMixin
from upstage_crm.admin.timeline import TimelineEntry, timeline_entries, timeline_of
from upstage_crm.audit import trail
from upstage_crm.audit.events import Action
from upstage_crm.patrons.commands import PatronStatus
from upstage_crm.ui.components.base import filled, show_if
from upstage_crm.ui.components.button import link_button
from upstage_crm.ui.components.page import card, inline, stack

PRIVACY: Final = "privacy"
AUDIT: Final = "audit"
SHOWN = 50
ABOUT_PRIVACY = frozenset(
    {
        *(Action.VALUE_REVEALED, Action.DATA_EXPORTED),
        *(Action.PATRON_PROTECTED, Action.PATRON_UNPROTECTED),
        *(Action.RECORD_CHANGE_ASKED, Action.RECORD_CHANGE_DECLINED, Action.PATRON_FROZEN),
        *(Action.FREEZE_LOOKED_AT, Action.FREEZE_CLEARED, Action.OBJECTION_RECEIVED),
        *(Action.ADDRESS_SUPPRESSED, Action.MAILBOX_OUT, Action.LIFTING_ASKED),
        *(Action.SUPPRESSION_LIFTED, Action.ERASURE_REQUESTED, Action.ERASURE_DECLINED),
        Action.PATRON_ERASED,
    }
)


class PrivacyTabState(RecordTabMixin, AdminState):
    """What the tab "Privacy" shows."""

    events: rx.Field[list[TimelineEntry]] = rx.field(default_factory=list)
    data_href: str = ""
    """Where a staff member takes out a copy of all that is held; "" for one who may not."""

    def _take(self, found: tuple[list[TimelineEntry], str]) -> None:
        self.events, self.data_href = found


class AuditTabState(RecordTabMixin, AdminState):
    """What the tab "Audit" shows."""

    events: rx.Field[list[TimelineEntry]] = rx.field(default_factory=list)

    def _take(self, found: list[TimelineEntry]) -> None:
        self.events = found


def read_privacy(reading: Reading) -> tuple[list[TimelineEntry], str]:
    """Read who looked at what was masked, and what became of protection, disputes and erasure."""
    is_there = reading.record.status != PatronStatus.ERASED and may_export(reading.viewer)
    href = export_href(reading.record.number) if is_there else ""
    return _entries(reading, ABOUT_PRIVACY), href


def read_audit(reading: Reading) -> list[TimelineEntry]:
    """Read the newest entries of the trail about this patron."""
    return _entries(reading, None)


def privacy_view() -> rx.Component:
    """Return the tab "Privacy"."""
    events = PrivacyTabState.events
    copy = card(
        stack(
            rx.el.p("A copy of all that is held: to read, to print, or as a file."),
            rx.el.p(
                "For a person who asks for their data. The history keeps who took it out.",
                class_name="u-muted",
            ),
            inline(
                link_button(
                    "Take out a copy",
                    href=PrivacyTabState.data_href,
                    icon="download",
                    full_load=True,
                )
            ),
            gap="small",
        ),
        title="What is held",
    )
    looks = card(
        rx.cond(
            events.length() > 0,
            timeline_of(events, label="Privacy of this record", shows_values=True),
            rx.el.p("Nothing yet: no one looked at a masked value.", class_name="u-muted"),
        ),
        title="Who looked, and what was decided",
    )
    return stack(show_if(filled(PrivacyTabState.data_href), copy), looks)


def audit_view() -> rx.Component:
    """Return the tab "Audit"."""
    entries = timeline_of(AuditTabState.events, label="History of this record", shows_values=True)
    return card(entries, title="History")


def _entries(reading: Reading, actions: frozenset[Action] | None) -> list[TimelineEntry]:
    lines = trail.timeline(
        reading.session, patron_id=reading.record.id, actions=actions, limit=SHOWN
    )
    return timeline_entries(
        lines, access=reading.access, now=reading.now, time_zone=reading.time_zone
    )
