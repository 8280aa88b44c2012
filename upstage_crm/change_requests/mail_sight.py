"""Who may read which mail: its address, and its content, which shows all that its request holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlmodel import Session

from upstage_crm.change_requests import queries
from upstage_crm.mail import eml
from upstage_crm.mail.queries import MailSummary, StoredMail
from upstage_crm.patrons.queries import sights
from upstage_crm.patrons.seeing import Sight
from upstage_crm.staff.roles import Role


def sights_of_mails(
    session: Session, mails: Sequence[MailSummary], *, reader: Role
) -> Mapping[str, Sight]:
    """What a role may read of each mail's patron, by mail; of an unknown one only the few do."""
    patrons = {mail.patron_id for mail in mails if mail.patron_id}
    known = sights(session, patrons, reader=reader)
    nobody = Sight(reader, is_protected=True)
    return {mail.id: known.get(mail.patron_id or "", nobody) for mail in mails}


def may_open(session: Session, stored: StoredMail, *, reader: Role) -> bool:
    """Whether a role sees everything that stands in a mail.

    That is the patron's name and address, each field of the request, of which the mail may show
    the old and the new value, and what staff wrote into the reason.
    """
    mail = stored.summary
    sight = sights_of_mails(session, [mail], reader=reader)[mail.id]
    if mail.request_id is not None:
        changes = queries.fields_of(session, [mail.request_id]).get(mail.request_id, [])
        if not all(sight.sees(change.field) for change in changes):
            return False
    text = eml.readable(stored, None).text
    return sight.sees_mail and sight.words(text) == text
