"""What the address of the mailbox can say. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from upstage_crm.mail.delivery import MailState
from upstage_crm.mail.message import MailKind
from upstage_crm.pages import periods
from upstage_crm.pages.list_url import ListShape, one_of

EXPORT = "/mailbox/export.csv"
TROUBLED = "troubled"  # no state of a mail: all that a person should look at
SHAPE = ListShape(
    path="/mailbox/",
    filters={
        "state": one_of((*MailState, TROUBLED)),
        "kind": one_of(MailKind),
        **periods.FILTERS,
    },
    subject="mail",
)


def state_of(chosen: Mapping[str, str]) -> MailState | None:
    """The state of a mail that is asked for, if one is."""
    text = chosen["state"]
    return MailState(text) if text and text != TROUBLED else None


def kind_of(chosen: Mapping[str, str]) -> MailKind | None:
    """The kind of mail that is asked for, if one is."""
    return MailKind(chosen["kind"]) if chosen["kind"] else None
