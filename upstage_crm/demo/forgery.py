"""What an attacker forges with plain INSERT and UPDATE, the source at hand and no key of ours.

The database accepts all of it: every row has the right shape, every hash is right. So each has to
be found: by `audit verify`, and by the running server within a minute.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from upstage_crm.audit import states
from upstage_crm.audit.chain import canonical, commitment, entry_hash, instant_text, signed_message
from upstage_crm.audit.events import Action, ActorKind, Channel
from upstage_crm.audit.proven_rows import RECORDED
from upstage_crm.audit.recorded import PREFIX
from upstage_crm.audit.signing import KeyRing
from upstage_crm.demo.attack_list import EVIL, Attempt, Target
from upstage_crm.demo.forged_rows import rows
from upstage_crm.patrons.fields import FIELDS
from upstage_crm.tables import metadata

_THEIRS = KeyRing([("forged", b"not a key of ours, but one all the same")])


def forgeries(target: Target) -> Iterator[Attempt]:
    """Every forgery, each with what plays it."""
    for words, play in (
        ("an approval to its last step, receipt and trail included", _approval),
        ("an approval at the desk, for the clock to make", _desk),
    ):
        yield _played("Forge rows that the database takes", words, target, play)
    for words, *statements in rows(target):
        yield Attempt("Forge rows that the database takes", words, tuple(statements), notices=True)


def _played(
    group: str, words: str, target: Target, play: Callable[[Connection, Target], None]
) -> Attempt:
    def run(connection: Connection) -> None:
        play(connection, target)

    return Attempt(group, words, (), notices=True, play=run)


# --- an approval, as the product itself would leave it ------------------------------------------


def _approval(connection: Connection, target: Target) -> None:
    """Approve an open change: rows, values, entries with their hashes, pointers, a receipt."""
    change = _row(connection, "field_change", target.change)
    proposed: dict[str, str | None] = json.loads(change["proposed_value"])
    current: dict[str, str | None] = json.loads(change["current_value"])
    at = _row(connection, "change_request", target.request)["created_at"]
    decided = {"decision": "approve", "channel": "patron_page", "decided_at": at}
    _update(connection, "review", {"field_change_id": target.change}, decided)
    settled = {"outcome": "approved", "settled_at": at}
    _update(connection, "field_change", {"id": target.change}, settled)
    _update(connection, "patron", {"id": target.patron}, proposed)
    ended = {"state": "approved", "ended_at": at}
    _update(connection, "change_request", {"id": target.request}, ended)
    columns = FIELDS[change["field"]].columns
    values = {f"{name}.old": current[name] for name in columns}
    values |= {f"{name}.new": proposed[name] for name in columns}
    receipt = _receipt(connection, target, change, values, at)
    applied = {"field": change["field"], "field_change": target.change, "kind": change["kind"]}
    _entries(
        connection,
        target,
        at,
        [
            (Action.FIELD_APPROVED, {"reviewer": "proposed", "field": change["field"]}, {}, {}),
            (Action.FIELD_APPLIED, applied, values, {}),
            (Action.RECEIPT_ISSUED, receipt, values, _states(connection, target)),
        ],
    )


def _desk(connection: Connection, target: Target) -> None:
    """A change at the desk, confirmed by two, whose waiting time is over."""
    other = _row(connection, "patron", target.other)
    at = other["created_at"]
    born = {
        "id": "forged-request",
        "reference": "ZZ-ZZZ",
        "patron_id": target.other,
        "path": "desk",
        "state": "held",
        "held_for": "desk",
    }
    _copy(connection, "change_request", target.request, born)
    forged = {
        "id": "forged-change",
        "request_id": "forged-request",
        "patron_id": target.other,
        "kind": "desk",
        "outcome": "held",
        "current_value": canonical({n: other[n] for n in ("email", "email_key")}),
        "proposed_value": canonical({"email": EVIL, "email_key": EVIL}),
        "proposed_key": EVIL,
    }
    _copy(connection, "field_change", target.change, forged)
    clerk, second = target.staff
    table = metadata.tables["desk_confirmation"]
    confirmation = {
        "id": "forged-desk",
        "request_id": "forged-request",
        "kind": "identity",
        "method": "in_person",
        "note": "",
        "answers": "{}",
        "clerk_id": clerk,
        "clerk_label": "",
        "created_at": at,
    }
    connection.execute(sa.insert(table), confirmation)
    confirmed = {"second_id": second, "confirmed_at": at}
    _update(connection, "desk_confirmation", {"id": "forged-desk"}, confirmed)
    waits = {"outcome": "waiting", "settled_at": at, "applies_at": at}
    _update(connection, "field_change", {"id": "forged-change"}, waits)
    told = {"state": "waiting", "notice_state": "delivered", "noticed_at": at}
    _update(connection, "change_request", {"id": "forged-request"}, told)


def _receipt(
    connection: Connection,
    target: Target,
    change: Mapping[str, Any],
    values: Mapping[str, str | None],
    at: Any,
) -> dict[str, Any]:
    """A receipt in the shape of ours, signed with the attacker's own key; its entry's facts."""
    kid, public_key = _key_in_force(connection)
    said = {column: commitment("s", column, value) for column, value in values.items()}
    field = {
        "field": change["field"],
        "decision": "approve",
        "outcome": "applied",
        "kind": "change",
        "old": {name.removesuffix(".old"): c for name, c in said.items() if name.endswith(".old")},
        "new": {name.removesuffix(".new"): c for name, c in said.items() if name.endswith(".new")},
    }
    body = canonical(
        {
            "id": "forged-receipt",
            "request_id": target.request,
            "patron_id": target.patron,
            "reviewer": "proposed",
            "event": "approved",
            "language": "en",
            "decided_at": instant_text(at),
            "fields": [field],
            "kid": kid,
            "public_key": public_key,
        }
    )
    row = {
        "id": "forged-receipt",
        "request_id": target.request,
        "patron_id": target.patron,
        "reviewer": "proposed",
        "event": "approved",
        "at": at,
        "language": "en",
        "body": body,
        "kid": kid,
        "signature": _THEIRS.signer.sign(body.encode()),
    }
    connection.execute(sa.insert(metadata.tables["receipt"]), row)
    digest = hashlib.sha256(body.encode()).hexdigest()
    return {"receipt": "forged-receipt", "body": digest, "kid": kid}


def _states(connection: Connection, target: Target) -> dict[str, str]:
    """What the recorded rows are now, as their commitments would say it."""
    found: dict[str, str] = {}
    for name, row_id in (("patron", target.patron), ("change_request", target.request)):
        subject = RECORDED[name]
        statement = states.statement(subject, connection.dialect.name)
        row = connection.execute(statement, {"ids": [row_id]}).one()
        found[f"{PREFIX}{name}:{row_id}"] = states.committed_text(subject, row.state)
    return found


def _entries(
    connection: Connection,
    target: Target,
    at: Any,
    told: list[tuple[Action, Mapping[str, Any], Mapping[str, str | None], Mapping[str, str]]],
) -> None:
    """Append entries with right hashes, their values, their pointers and the head."""
    seq, head = connection.exec_driver_sql("SELECT seq, hash FROM audit_head").one()
    kid, _public_key = _key_in_force(connection)
    for place, (action, facts, values, found) in enumerate(told, 1):
        seq += 1
        kept = {**values, **found}
        entry = {
            "seq": seq,
            "at": at,
            "actor_kind": ActorKind.PATRON.value,
            "actor_id": None,
            "actor_label": "The proposed address",
            "channel": Channel.PATRON_PAGE.value,
            "action": action.value,
            "patron_id": target.patron,
            "request_id": target.request,
            "facts": canonical(dict(facts)),
            "commitments": canonical({n: commitment("s", n, v) for n, v in kept.items()}),
            "previous_hash": head,
        }
        head = entry_hash(entry)
        is_last = place == len(told)
        message = signed_message(covers=len(told), seq=seq, head=head)
        signed = {
            "covers": len(told) if is_last else None,
            "kid": kid if is_last else None,
            "signature": _THEIRS.signer.sign(message) if is_last else None,
        }
        connection.execute(
            sa.insert(metadata.tables["audit_entry"]), {**entry, "hash": head, **signed}
        )
        for name, value in kept.items():
            row = {"seq": seq, "name": name, "value": value, "salt": "s"}
            connection.execute(sa.insert(metadata.tables["audit_value"]), row)
        for name in found:
            subject, _, row_id = name.removeprefix(PREFIX).partition(":")
            pointer = {"subject": subject, "row_id": row_id, "seq": seq}
            connection.execute(sa.insert(metadata.tables["recorded_row"]), pointer)
    connection.execute(sa.update(metadata.tables["audit_head"]).values(seq=seq, hash=head))


def _key_in_force(connection: Connection) -> tuple[str, str]:
    """The name and public key that the trail itself gives away."""
    query = "SELECT facts FROM audit_entry WHERE action = 'trail.opened' ORDER BY seq"
    said = json.loads(str(connection.exec_driver_sql(query).scalar_one()))
    return str(said["kid"]), str(said["public_key"])


def _row(connection: Connection, table_name: str, row_id: str) -> Mapping[str, Any]:
    table = metadata.tables[table_name]
    row = connection.execute(sa.select(table).where(table.c.id == row_id)).mappings().one()
    return {str(name): value for name, value in row.items()}


def _update(
    connection: Connection, table_name: str, where: Mapping[str, Any], values: Mapping[str, Any]
) -> None:
    table = metadata.tables[table_name]
    is_this = [table.c[name] == value for name, value in where.items()]
    connection.execute(sa.update(table).where(*is_this).values(**values))


def _copy(connection: Connection, table_name: str, row_id: str, changed: Mapping[str, Any]) -> None:
    row = {**_row(connection, table_name, row_id), **changed}
    connection.execute(sa.insert(metadata.tables[table_name]), row)
