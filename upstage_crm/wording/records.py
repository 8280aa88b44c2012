"""The sentences of what is refused about a patron's record, besides the values of its fields."""

from __future__ import annotations

from collections.abc import Mapping

RECORD_SENTENCES: Mapping[str, str] = {
    "protection_reason_missing": "Enter a reason.",
    "export_waits": (
        "What request {reference} changed can still be undone until {until}. Nothing about this "
        "patron is exported before that."
    ),
    "patron_erased": "This patron’s data was erased. Nothing can be added to the record.",
    "reveal_reason_missing": "Enter why you need to see it.",
    "patron_is_protected": (
        "This patron is protected. An owner, a manager or the privacy lead can look it up."
    ),
    "patron_unknown": "There is no such patron.",
    "address_taken": "Patron {number} already has this address. Open that record instead.",
    "possible_duplicates": "This may be someone already in the CRM. Check before you add them.",
    "basis_missing": "Choose on what basis the patron may be contacted.",
    "source_refused": "Only the patron answers in their account. Choose how you learned it.",
    "basis_refused": "This basis does not allow this. Ask the patron for consent.",
    "contact_there": "The record has this already.",
    "contacts_full": "A patron can have {limit} other contacts at most. Remove one first.",
    "contact_unknown": "This contact was removed.",
    "same_patron": "Choose another patron than this one.",
    "in_household": "This patron lives in another household. They have to leave it first.",
    "not_in_household": "This patron lives in no household.",
    "relation_there": "The two are related already. Remove that first.",
    "not_related": "The two are not related.",
    "patron_note_missing": "Enter a note.",
    "patron_note_unknown": "This note was removed.",
    "tag_missing": "Enter a tag.",
    "tag_too_long": "A tag can have {limit} characters at most. Put commas between tags.",
    "tags_full": "A patron can have {limit} tags at most. Remove one first.",
    "too_many_patrons": "Choose {limit} patrons at most.",
}
