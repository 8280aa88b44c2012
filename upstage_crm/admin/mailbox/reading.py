"""Who may read a stored mail, and whether the links in it work."""

from __future__ import annotations

from upstage_crm.links.codec import LinkCodec
from upstage_crm.mail.delivery import Transport
from upstage_crm.mail.queries import StoredMail
from upstage_crm.wiring import Runtime


def codec_for(stored: StoredMail, parts: Runtime) -> LinkCodec | None:
    """What signs the mail's links for whoever reads it here, or None: they are dead.

    They work only in a mail that was kept here, on a deployment that sends none: there the reader
    plays the patron. Anywhere else a working link in a staff page would let staff decide.
    """
    is_kept = stored.summary.transport is Transport.LOCAL
    return parts.codec if is_kept and not parts.settings.sends_real_mail else None


def has_links(stored: StoredMail) -> bool:
    """Whether the mail carries links that only its reader should press."""
    return stored.links != "[]"
