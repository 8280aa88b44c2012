"""The text that goes with an export, for whoever opens it in ten years. Pure."""

from __future__ import annotations

_TEXT = """\
{organisation}: the audit trail of UpStage CRM, exported at {exported_at}

What this is
  The trail holds one entry for everything that happened to the records of patrons: who acted,
  through which door, and what was done. Each entry holds the hash of the entry before it, so none
  can be changed, left out or put in without breaking every entry after it. This export is signed.

What is inside
  manifest.json    what is inside, the SHA-256 of every other file, the last hash of the chain
  manifest.sig     an Ed25519 signature, in base64url
  entries.jsonl    the entries, one JSON object a line, from the first to the last
  receipts.jsonl   the receipts of patrons' decisions, each signed by itself
{values_line}
What it does not tell
  Entries hold no personal value. Each stands there as a commitment: the SHA-256 of a random salt,
  the name of the value and the value. {values_words}

How to check it
  upstage-crm audit check FILE --public-key KEY
  needs neither a database nor a network. Get KEY from the organisation by another way than this
  file: on a letterhead, on its web site, from an earlier check. A key that came with the file
  proves nothing.

How to check it by hand
  1. The signature covers the line "upstage-crm audit bundle v1", a line feed, and the bytes of
     manifest.json. The key is the 32 bytes of an Ed25519 public key, in base64url.
  2. Compare the SHA-256 of every file with the manifest.
  3. The hash of an entry is the SHA-256 of a JSON array without blanks, in UTF-8: seq, at,
     actor_kind, actor_id, actor_label, channel, action, patron_id, request_id, facts,
     commitments, previous_hash. facts and commitments are strings there. seq counts from 1; the
     first previous_hash is 64 zeros; the last hash is head_hash in the manifest.
  4. A commitment is the SHA-256 of a JSON array without blanks: salt, name, value.
"""
_WITHOUT = """\
Without the salts, which are not
  in this file, no one can find the value from it."""
_WITH = """\
values.jsonl holds salts
  and values. THIS FILE HOLDS PERSONAL DATA: keep it as you keep the database, and destroy it when
  its purpose is over. What was erased is not in it, and nothing of a patron whose last change may
  still be put back."""


def text(*, organisation: str, exported_at: str, with_values: bool) -> str:
    """The README of one export."""
    values_line = "  values.jsonl     the personal values\n" if with_values else ""
    return _TEXT.format(
        organisation=organisation,
        exported_at=exported_at,
        values_line=values_line,
        values_words=_WITH if with_values else _WITHOUT,
    )
