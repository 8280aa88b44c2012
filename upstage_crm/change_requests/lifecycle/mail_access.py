"""Who may read which mail: its address, and its content, which shows all that its request holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlmodel import Session

from upstage_crm.change_requests.model.tables import FieldChangeRow
from upstage_crm.change_requests.reads import requests
from upstage_crm.mail import eml
from upstage_crm.mail.message import Audience
from upstage_crm.mail.queries import MailSummary, StoredMail
from upstage_crm.patrons import fields
from upstage_crm.patrons.queries import sights
from upstage_crm.patrons.visibility import FieldAccess
from upstage_crm.staff.roles import Role


def sights_of_mails(
    session: Session, mails: Sequence[MailSummary], *, reader: Role
) -> Mapping[str, FieldAccess]:
    """What a role may read of each mail's patron, by mail; of an unknown one only the few do."""
    patrons = {mail.patron_id for mail in mails if mail.patron_id}
    known = sights(session, patrons, reader=reader)
    unknown = FieldAccess(reader, is_protected=True)
    return {mail.id: known.get(mail.patron_id or "", unknown) for mail in mails}


def may_open(session: Session, stored: StoredMail, *, reader: Role) -> bool:
    """Whether a role sees everything that stands in a mail.

    That is the patron's name and address, the old and the new value of each field of the request
    that the mail's reader is told of, and what staff wrote into the reason. The proposed address
    may be a stranger's and is told of addresses only.
    """
    mail = stored.summary
    access = sights_of_mails(session, [mail], reader=reader)[mail.id]
    for change in _changes(session, mail):
        is_told = mail.audience is not Audience.PROPOSED or fields.field(change.field).is_mailbox
        if is_told and not access.sees(change.field):
            return False
        access = access.knowing(
            requests.values(change.current_value), requests.values(change.proposed_value)
        )
    text = eml.readable(stored, None).text
    return access.sees_mail and access.words(text) == text


def _changes(session: Session, mail: MailSummary) -> list[FieldChangeRow]:
    if mail.request_id is None:
        return []
    return requests.fields_of(session, [mail.request_id]).get(mail.request_id, [])
