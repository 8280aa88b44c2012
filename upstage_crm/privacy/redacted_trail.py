"""What an entry of the trail or a mail tells, as one staff member may read it."""

from collections.abc import Mapping

from upstage_crm.audit.trail import AuditLine
from upstage_crm.mail.message import Audience
from upstage_crm.mail.queries import MailSummary
from upstage_crm.patrons.fields import FIELDS
from upstage_crm.patrons.visibility import (
    FieldAccess,
    told_values,
)

_OLD, _NEW = ".old", ".new"


def told_changes(
    values: Mapping[str, str | None], access: FieldAccess
) -> list[tuple[str, str, str]]:
    """What changed as (field or column, old, new); an empty side was nothing.

    Protected fields come whole and in the registry's order, then other columns by their names.
    """
    rest = {name: value or "" for name, value in values.items()}
    found: list[tuple[str, str, str]] = []
    for entry in FIELDS.values():
        names = [column + end for column in entry.columns for end in (_OLD, _NEW)]
        if not any(name in rest for name in names):
            continue
        old, new = (
            access.show(
                entry, {column: rest.pop(column + end, "") or None for column in entry.columns}
            )
            for end in (_OLD, _NEW)
        )
        found.append((entry.key, old, new))
    reader = access.knowing(*told_values(values))
    for name in sorted(name.removesuffix(_NEW) for name in rest if name.endswith(_NEW)):
        old, new = rest.get(name + _OLD, ""), rest[name + _NEW]
        found.append((name, reader.words(access.free(old)), reader.words(access.free(new))))
    return found


def seen_address(mail: MailSummary, access: FieldAccess) -> str:
    """Where a mail goes; a colleague's address is no patron's."""
    return mail.to_address if mail.audience is Audience.STAFF else access.mailbox(mail.to_address)


def told_words(line: AuditLine, name: str, access: FieldAccess) -> str:
    """What a person wrote, such as a comment or a reason; "" when the entry has none of it."""
    return access.knowing(*told_values(line.values)).words(line.values.get(name) or "")
