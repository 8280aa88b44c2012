"""Who may read a stored mail, and whether the links in it work."""

from __future__ import annotations

from upstage_crm.links.codec import LinkCodec
from upstage_crm.mail.delivery import Transport
from upstage_crm.mail.message import MailKind
from upstage_crm.mail.queries import StoredMail
from upstage_crm.wiring import Runtime

OPENS_ACCOUNT = (MailKind.STAFF_INVITATION, MailKind.STAFF_PASSWORD_LINK)


def codec_for(stored: StoredMail, parts: Runtime) -> LinkCodec | None:
    """What signs the mail's links for whoever reads it here, or None: they are dead.

    They work only in a mail that was kept here, on a deployment that sends none: there the reader
    plays the patron. Anywhere else a working link in a staff page would let staff decide. A link
    that opens a colleague's account works for the demo's readers alone.
    """
    is_kept = stored.summary.transport is Transport.LOCAL and not parts.settings.sends_real_mail
    opens_account = stored.summary.kind in OPENS_ACCOUNT
    is_ours = is_kept and (parts.settings.is_demo_allowed or not opens_account)
    return parts.codec if is_ours else None


def has_links(stored: StoredMail) -> bool:
    """Whether the mail carries links that only its reader should press."""
    return stored.links != "[]"
