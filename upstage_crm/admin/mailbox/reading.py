"""Whether the links in a stored mail work for the staff who read it."""

from __future__ import annotations

from enum import StrEnum

from upstage_crm.links.codec import LinkCodec
from upstage_crm.mail.attachments import Draw
from upstage_crm.mail.delivery import MailMode, Transport
from upstage_crm.mail.queries import StoredMail
from upstage_crm.wiring import Runtime


class Links(StrEnum):
    """What the links of a mail do for the staff member who reads it in the mailbox."""

    NONE = "none"  # it has none
    LIVE = "live"  # they work: this is the demo
    UNSENT = "unsent"  # a rehearsal: the mail never leaves, so they work for no one
    HIDDEN = "hidden"  # the mail leaves, and they work for its reader alone


def links_of(stored: StoredMail, parts: Runtime) -> Links:
    """What the mail's links do here.

    They work only in a mail that the demo keeps: there one person plays staff and patron. Anywhere
    else a working link in a staff page would let staff decide in a patron's place, or open a
    colleague's account.
    """
    if stored.links == "[]":
        return Links.NONE
    if stored.summary.transport is not Transport.LOCAL:
        return Links.HIDDEN
    mode = parts.mail_mode
    if mode is MailMode.RESEND:
        return Links.HIDDEN
    return Links.LIVE if mode is MailMode.DEMO else Links.UNSENT


def codec_for(stored: StoredMail, parts: Runtime) -> LinkCodec | None:
    """What signs the mail's links for the staff member who reads it, or None: they are dead."""
    return parts.codec if links_of(stored, parts) is Links.LIVE else None


def drawer_for(stored: StoredMail, parts: Runtime) -> Draw | None:
    """What draws the mail's files for the staff member who reads it, or None: they are not shown.

    A ticket in a file opens the door as a link opens a page, so the same holds for both.
    """
    is_kept = stored.summary.transport is Transport.LOCAL and parts.mail_mode is MailMode.DEMO
    return parts.draw_file if is_kept else None
