"""The fields that staff edit in place, and how. Protected fields stand in `patrons.fields`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from babel import Locale

from upstage_crm.core.languages import LANGUAGES
from upstage_crm.core.when import place_of
from upstage_crm.patrons.tags import MOST_TAGS, SEPARATOR, TAG_LIMIT, joined
from upstage_crm.patrons.views import PatronRecord
from upstage_crm.patrons.visibility import FieldAccess


@dataclass(frozen=True, slots=True, kw_only=True)
class FreeField:
    """One free column of a patron. `limit` counts characters that the input takes.

    With `is_personal` it tells who this is: of a protected patron only the few read it.
    """

    name: str
    label: str
    kind: Literal["line", "block", "language", "time_zone"]
    limit: int = 0
    empty: str = "Not given"
    is_personal: bool = False


FREE_FIELDS = (
    FreeField(
        name="preferred_name", label="Preferred name", kind="line", limit=100, is_personal=True
    ),
    FreeField(name="pronouns", label="Pronouns", kind="line", limit=40, is_personal=True),
    FreeField(name="language", label="Language", kind="language"),
    FreeField(name="time_zone", label="Time zone", kind="time_zone", empty="As the organisation’s"),
    FreeField(name="note", label="Pinned note", kind="block", empty="None", is_personal=True),
)
TAGS = FreeField(
    name="tags",
    label="Tags",
    kind="line",
    limit=MOST_TAGS * (TAG_LIMIT + len(SEPARATOR)),
    empty="No tags",
)
"""Not a column: each tag is a row. Staff edit them as one line, with commas between them."""
EDITED = (*FREE_FIELDS, TAGS)
LANGUAGE_OPTIONS = tuple(
    (code, Locale.parse(code).get_display_name("en") or code) for code in LANGUAGES
)


def find_free_field(name: object) -> FreeField | None:
    """The free field of that name, if there is one."""
    return next((field for field in EDITED if field.name == name), None)


def held_free(record: PatronRecord) -> dict[str, str]:
    """What a record holds, by the name of what edits it."""
    return {**record.free, TAGS.name: joined(record.tags)}


def seen_free(free: Mapping[str, str], access: FieldAccess) -> dict[str, str]:
    """The values as far as a member may read them."""
    personal = {field.name for field in EDITED if field.is_personal}
    return {
        name: access.words(access.free(text) if name in personal else text)
        for name, text in free.items()
    }


def in_words(free: Mapping[str, str]) -> dict[str, str]:
    """The values as people read them."""
    language, zone = free.get("language", ""), free.get("time_zone", "")
    named = dict(LANGUAGE_OPTIONS).get(language, language)
    return {**free, "language": named, "time_zone": place_of(zone)}
