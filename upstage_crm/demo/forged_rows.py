"""Single rows that an attacker writes with one plain INSERT or UPDATE, and the database takes."""

from __future__ import annotations

import json
from collections.abc import Iterator

from upstage_crm.demo.attack_list import EVIL, Target, copy


def rows(t: Target) -> Iterator[tuple[str, ...]]:
    """Words and statements for one row of every kind that the server acts on."""
    first, second = t.staff
    for words, table, row_id, change in (
        ("an address marked as proven", "patron", t.patron, "email_verified_at = created_at"),
        ("an address marked as dead", "patron", t.patron, "email_bounced_at = created_at"),
        ("protection given or taken", "patron", t.patron, "is_protected = NOT is_protected"),
        ("a record marked as deceased", "patron", t.patron, "status = 'deceased'"),
        ("a request that never ends", "change_request", t.request, "expires_at = '2999-01-01'"),
        ("a newer link version", "change_request", t.request, "link_version = 9"),
        ("a role", "staff", first, "role = 'read_only'"),
        ("a password", "staff", first, "password_hash = 'x'"),
        ("a colleague's address", "staff", first, f"email = '{EVIL}'"),
    ):
        yield words, f"UPDATE {table} SET {change} WHERE id = '{row_id}'"
    yield "the policy of requests", "UPDATE policy SET settings = '{\"code_tries\": 99}'"
    yield "the rules of accounts", "UPDATE security SET settings = '{\"second_factor\": []}'"
    yield "the desk's phone number", "UPDATE organisation SET desk_phone = '+1 900 555 0199'"
    own = {"id": "'forged'", "reviewer": "'current'", "mailbox": f"'{EVIL}'"}
    yield "one more reviewer", copy("review", f"field_change_id = '{t.change}'", own)
    account = {"id": "'forged'", "email": f"'{EVIL}'", "email_key": f"'{EVIL}'"}
    yield "an account", copy("staff", f"id = '{first}'", account)
    code = _insert("staff_recovery_code", "staff", first, id="'forged'", staff_id="id")
    yield "a recovery code", code
    invited = _insert(
        "staff_invitation",
        "staff",
        first,
        id="'forged'",
        email=f"'{EVIL}'",
        email_key=f"'{EVIL}'",
        display_name="'E'",
        desk="''",
        role="'owner'",
        invited_by="id",
        invited_label="''",
        created_at="created_at",
        sent_at="created_at",
        expires_at="created_at",
        version="1",
    )
    yield "an invitation", invited
    erasure = _insert(
        "erasure",
        "patron",
        t.other,
        id="'forged'",
        patron_id="id",
        reason="'r'",
        requested_by=f"'{first}'",
        requested_label="'l'",
        requested_at="created_at",
    )
    confirmed = f"UPDATE erasure SET confirmed_by = '{second}', confirmed_at = requested_at"
    yield "an erasure confirmed by two", erasure, confirmed
    dispute = _insert(
        "patron_freeze",
        "change_request",
        t.request,
        id="'forged'",
        patron_id="patron_id",
        request_id="id",
        cause="'objection'",
        opened_at="created_at",
        first_note="''",
        second_note="''",
    )
    yield "a dispute", dispute
    yield from _mails(t)
    yield from _doors(t)


def _mails(t: Target) -> Iterator[tuple[str, ...]]:
    link = {
        "name": "decision",
        "kid": "k",
        "sub": t.request,
        "purpose": "decision",
        "reviewer": "current",
        "ver": 1,
        "jti": "forgedforgedforged",
        "iat": 1,
        "exp": 32503680000,
    }
    claims = json.dumps([link])
    mail = f"id = (SELECT min(id) FROM mail_outbox WHERE request_id = '{t.request}')"
    queued = {"id": "'forged'", "dedupe_key": "'forged'", "state": "'queued'"}
    aimed = queued | {"to_address": f"'{EVIL}'", "links": f"'{claims}'"}
    yield "an email with another mailbox's link", copy("mail_outbox", mail, aimed)
    yield "another recipient", f"UPDATE mail_outbox SET to_address = '{EVIL}' WHERE {mail}"
    yield "another link in an email", f"UPDATE mail_outbox SET links = '{claims}' WHERE {mail}"
    report = (
        "INSERT INTO mail_event (id, outbox_id, provider_id, kind, detail, is_permanent, at, "
        "received_at) SELECT 'forged', id, 'p', 'delivered', '', FALSE, created_at, created_at "
        f"FROM mail_outbox WHERE {mail}"
    )
    yield "a delivery report", report


def _doors(t: Target) -> Iterator[tuple[str, ...]]:
    member = t.staff[0]
    session = _insert(
        "staff_session",
        "staff",
        member,
        id="'forged'",
        staff_id="id",
        created_at="created_at",
        last_seen_at="created_at",
        user_agent="''",
        ip_prefix="''",
    )
    yield "a session", session
    browser = _insert(
        "staff_device",
        "staff",
        member,
        staff_id="id",
        device="'forged'",
        first_at="created_at",
        last_at="created_at",
    )
    yield "a known browser", browser
    code = _insert(
        "link_code",
        "change_request",
        t.request,
        id="'forged'",
        request_id="id",
        reviewer="'current'",
        version="9",
        code_hash="'h'",
        claims="'{}'",
    )
    yield "the code of a link", code


def _insert(table: str, source: str, source_id: str, **values: str) -> str:
    """An INSERT of one row whose values are SQL expressions over a row of `source`."""
    return (
        f"INSERT INTO {table} ({', '.join(values)}) SELECT {', '.join(values.values())} "
        f"FROM {source} WHERE id = '{source_id}'"
    )
