"""What is said of an event in other languages than its own."""

from __future__ import annotations

from collections.abc import Mapping

import sqlalchemy as sa

from upstage_crm.audit.events import Action
from upstage_crm.core.db import table_of
from upstage_crm.core.languages import LANGUAGES
from upstage_crm.organisation.errors import UnknownLanguage
from upstage_crm.programme import queries
from upstage_crm.programme.errors import EventChangedMeanwhile
from upstage_crm.programme.event_texts import TITLE, TRANSLATED, cleaned_translation
from upstage_crm.programme.recording import record
from upstage_crm.programme.tables import EventRow, EventTextRow
from upstage_crm.staff.command_context import StaffContext
from upstage_crm.staff.roles import Permission, ensure_may

_event, _text = table_of(EventRow), table_of(EventTextRow)


def translate(
    context: StaffContext[object],
    *,
    event_id: str,
    language: str,
    version: int,
    typed: Mapping[str, str],
) -> None:
    """Say of an event what a reader of `language` reads; the same texts again record nothing.

    A text that is left empty is read in the event's own language. `version` is the event's, as the
    staff member saw it.

    Raises:
        Forbidden: the actor may not edit the programme.
        UnknownEvent: there is none with this id.
        UnknownLanguage: patrons read no such language, or it is the event's own.
        InvalidText: a text is refused.
        EventChangedMeanwhile: a colleague changed the event since.
    """
    ensure_may(context.actor, Permission.EDIT_PROGRAMME)
    event, texts = queries.event(context.session, event_id), cleaned_translation(typed)
    if language not in LANGUAGES or language == event.language:
        raise UnknownLanguage
    before = event.translated.get(language, dict.fromkeys(TRANSLATED, ""))
    changed = {name: text for name, text in texts.items() if text != before[name]}
    if not changed:
        return
    connection = context.session.connection()
    done = connection.execute(
        sa.update(_event)
        .where(_event.c.id == event_id, _event.c.version == version)
        .values(version=version + 1)
    )
    if done.rowcount != 1:
        raise EventChangedMeanwhile
    own = sa.and_(_text.c.event_id == event_id, _text.c.language == language)
    if language in event.translated:
        connection.execute(sa.update(_text).where(own).values(**changed))
    else:
        row = {"event_id": event_id, "language": language, **texts}
        connection.execute(sa.insert(_text).values(**row))
    facts: dict[str, str | int] = {"language": language}
    for name, text in changed.items():
        facts |= {f"{name}.old": before[name], f"{name}.new": text}
    record(context, Action.EVENT_TRANSLATED, event.texts[TITLE], facts)
