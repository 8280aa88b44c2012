"""What an attacker with SQL access would try: each attempt in one line of words and its statements.

Every statement aims at rows of the database it will run against. None of them may pass.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.engine import Connection

from upstage_crm.patrons.fields import FIELDS
from upstage_crm.tables import metadata

EVIL = "evil@example.org"
UNTRUNCATED = (
    *("patron", "change_request", "field_change", "review", "receipt"),
    *("audit_entry", "audit_value", "audit_head", "seat_plan", "performance", "seat_state"),
    *("price_list", "price", "ledger_transaction", "ledger_entry", "ledger_seal"),
    *("orders", "order_contact", "order_step", "order_line", "ticket", "payment", "refund"),
    *("ticket_offer", "ticket_transfer", "seat_move", "payment_dispute"),
    *("patron_session", "patron_sign_in", "staff_session"),
)


@dataclass(frozen=True, slots=True)
class Target:
    """The rows that are attacked, by id: two patrons, an open field change, evidence.

    `proposed` is the address that the open field change proposes; `staff` are two members.
    """

    patron: str
    other: str
    number: int
    other_number: int
    change: str
    request: str
    proposed: str
    applied: str
    entry: int
    receipt: str
    staff: tuple[str, str]


@dataclass(frozen=True, slots=True)
class Attempt:
    """One way to get around the patron.

    `notices` says that an owner of the database may do it, or that nothing refuses it: it has to be
    noticed instead. `play` runs what is more than fixed statements.
    """

    group: str
    words: str
    statements: tuple[str, ...]
    notices: bool = False
    play: Callable[[Connection], None] | None = None


def attempts(target: Target, *, is_sqlite: bool) -> Iterator[Attempt]:
    """Every attempt that the dialect has words for."""
    for group, found in (
        ("Overwrite a value", _overwrite(target)),
        ("Replace the record", _replace(target, is_sqlite=is_sqlite)),
        ("Forge an approval", _forge(target, is_sqlite=is_sqlite)),
        ("Forge a second person", (*_second_person(target), *_alone(target))),
        ("Change the evidence", _evidence(target, is_sqlite=is_sqlite)),
    ):
        for words, *statements in found:
            yield Attempt(group, words, tuple(statements))
    for words, *statements in _as_owner(target, is_sqlite=is_sqlite):
        yield Attempt("As the database's owner", words, tuple(statements), notices=True)
    if not is_sqlite:
        for words, *statements in _around_the_guards(target):
            yield Attempt("Get round the guards", words, tuple(statements), notices=True)


_Found = Iterator[Sequence[str]]
_WISH = {"id": "'x'", "reference": "'ZZ-ZZZ'", "state": "'pending'", "held_for": "NULL"} | {
    "path": "'own'",
    "proposer_id": "NULL",
}
_SOONER, _LATER = "2998-01-01 00:00:00.000000", "2999-01-01 00:00:00.000000"


def _overwrite(t: Target) -> _Found:
    where = f"WHERE id = '{t.patron}'"
    for entry in FIELDS.values():
        for column in (*entry.columns, *entry.derived):
            yield f"{column} to another value", f"UPDATE patron SET {column} = 'ZZ' {where}"
    yield "the address with its key", _write(t.patron, EVIL)
    yield "the address to nothing", f"UPDATE patron SET email = NULL, email_key = NULL {where}"
    yield "a value among free ones", f"UPDATE patron SET note = 'x', phone = '1' {where}"
    yield "everybody at once", "UPDATE patron SET email = NULL, email_key = NULL"


def _replace(t: Target, *, is_sqlite: bool) -> _Found:
    where = f"id = '{t.patron}'"
    evil = {"email": f"'{EVIL}'", "email_key": f"'{EVIL}'"}
    upsert = f"ON CONFLICT (id) DO UPDATE SET email = '{EVIL}'"
    yield "INSERT with the same id", copy("patron", where, evil)
    yield "INSERT with the same number", copy("patron", where, evil | {"id": "'x'"})
    yield "UPSERT", copy("patron", where, evil, suffix=upsert)
    yield "DELETE", f"DELETE FROM patron WHERE {where}"
    yield (
        "DELETE and INSERT again",
        f"CREATE TEMPORARY TABLE kept AS SELECT * FROM patron WHERE {where}",
        f"DELETE FROM patron WHERE {where}",
        "INSERT INTO patron SELECT * FROM kept",
    )
    yield "another id", f"UPDATE patron SET id = 'x' WHERE {where}"
    yield "another number", f"UPDATE patron SET number = 1 WHERE {where}"
    yield "erase it alone", f"UPDATE patron SET status = 'erased' WHERE {where}"
    if is_sqlite:
        for verb in ("INSERT OR REPLACE", "REPLACE"):
            yield f"{verb} by id", copy("patron", where, evil, verb=verb)
            yield f"{verb} by number", copy("patron", where, evil | {"id": "'x'"}, verb=verb)
        number = f"number = {t.other_number} WHERE {where}"
        yield "UPDATE OR REPLACE by number", f"UPDATE OR REPLACE patron SET {number}"
        rowid = f"rowid = (SELECT rowid FROM patron WHERE id = '{t.other}') WHERE {where}"
        yield "UPDATE OR REPLACE by rowid", f"UPDATE OR REPLACE patron SET {rowid}"
        for verb in ("REPLACE", "IGNORE", "FAIL", "ROLLBACK"):
            yield f"UPDATE OR {verb}", f"UPDATE OR {verb} patron SET email = '{EVIL}' WHERE {where}"
        return
    source = f"USING (SELECT 1) s ON p.{where} WHEN MATCHED THEN"
    yield "MERGE", f"MERGE INTO patron p {source} UPDATE SET email = '{EVIL}'"
    yield "MERGE that deletes", f"MERGE INTO patron p {source} DELETE"
    for table in UNTRUNCATED:
        yield f"TRUNCATE {table}", f"TRUNCATE {table} CASCADE"


def _forge(t: Target, *, is_sqlite: bool) -> _Found:
    change, own = f"id = '{t.change}'", f"field_change_id = '{t.change}'"
    proposed, current = (f"{own} AND reviewer = '{who}'" for who in ("proposed", "current"))
    approve = f"UPDATE field_change SET outcome = 'approved' WHERE {change}"
    yes = f"UPDATE review SET decision = 'approve' WHERE {own}"
    fresh = {"id": "'x'", "field": "'phone'"}
    for outcome in ("approved", "applied"):
        born = fresh | {"outcome": f"'{outcome}'"}
        yield (
            "a patron’s own wish, without a code that was mailed",
            copy("change_request", f"id = '{t.request}'", _WISH),
        )
    yield f"a field change born {outcome}", copy("field_change", change, born)
    born = {"id": "'x'", "reference": "'ZZ-ZZZ'", "state": "'approved'"}
    yield "a request born approved", copy("change_request", f"id = '{t.request}'", born)
    born = {"id": "'x'", "decision": "'approve'"}
    yield "a review born with a yes", copy("review", proposed, born)
    yield "an approval without a review", approve
    yield (
        "the yes of the other mailbox",
        f"UPDATE review SET decision = 'approve' WHERE {current}",
        approve,
    )
    yield (
        "the proposed yes alone, at once",
        f"UPDATE review SET decision = 'approve' WHERE {proposed}",
        approve,
    )
    yield (
        "a waiting change before its time",
        f"UPDATE review SET decision = 'approve' WHERE {proposed}",
        f"UPDATE field_change SET outcome = 'waiting', applies_at = '{_LATER}' WHERE {change}",
        f"UPDATE field_change SET outcome = 'approved', settled_at = '{_SOONER}' WHERE {change}",
    )
    yield (
        "a wait without the proposed yes",
        f"UPDATE field_change SET outcome = 'waiting', applies_at = '{_SOONER}' WHERE {change}",
    )
    replaced = f"UPDATE review SET replaced_at = '{_SOONER}' WHERE"
    yield "a working mailbox that counts no more", f"{replaced} {current}"
    yield "the proposed mailbox that counts no more", f"{replaced} {proposed}"
    yield "a needed yes that need not be", f"UPDATE review SET is_binding = FALSE WHERE {proposed}"
    yield "another mailbox for the review", f"UPDATE review SET mailbox = '{EVIL}' WHERE {own}"
    yield (
        "an approval for another value",
        yes,
        approve,
        _write(t.patron, EVIL),
    )
    yield (
        "an approval for another patron",
        yes,
        approve,
        _write(t.other, t.proposed),
    )
    evil = f"UPDATE field_change SET proposed_value = '{{}}' WHERE {change}"
    yield "another value in an open request", evil
    again = f"UPDATE field_change SET outcome = 'approved' WHERE id = '{t.applied}'"
    yield "an applied change once more", again
    revert = fresh | {"kind": "'revert'", "outcome": "'pending'"}
    yield "a revert of what never was", copy("field_change", change, revert)
    desk = fresh | {"kind": "'desk'", "outcome": "'pending'"}
    yield "a change at the desk in a request by link", copy("field_change", change, desk)
    request = f"WHERE id = '{t.request}'"
    yield "a request ended by hand", f"UPDATE change_request SET state = 'approved' {request}"
    yield "an old link revived", f"UPDATE change_request SET link_version = 0 {request}"
    yield "more tries for a code", f"UPDATE change_request SET code_tries = -1 {request}"
    yield "another reason", f"UPDATE change_request SET reason_text = 'x' {request}"
    temporary = f"{'temp' if is_sqlite else 'pg_temp'}.field_change"
    yield (
        "a table of one's own before the real one",
        f"CREATE TEMPORARY TABLE field_change AS SELECT * FROM field_change WHERE {change}",
        f"UPDATE {temporary} SET outcome = 'approved'",
        _write(t.patron, t.proposed),
    )


def _second_person(t: Target) -> _Found:
    first, second = t.staff
    ask = (
        "INSERT INTO erasure (id, patron_id, reason, requested_by, requested_label, requested_at) "
        f"SELECT 'x', id, 'r', '{first}', 'l', created_at FROM patron WHERE id = '{t.other}'"
    )
    sign = f"UPDATE erasure SET confirmed_by = '{second}', confirmed_at = requested_at"
    yield "an erasure confirmed by whoever asked", ask, sign.replace(second, first)
    yield "an erasure done by no one", ask, "UPDATE erasure SET done_at = requested_at"
    yield (
        "both signatures, to write a value",
        ask,
        sign,
        _write(t.other, EVIL),
    )
    yield (
        "both signatures, for another patron",
        ask,
        sign,
        f"UPDATE patron SET email = NULL, email_key = NULL WHERE id = '{t.patron}'",
    )
    clerk = (
        "INSERT INTO desk_confirmation (id, request_id, kind, method, note, answers, clerk_id, "
        f"clerk_label, created_at{{}}) SELECT 'x', id, 'identity', 'post', '', '{{{{}}}}', "
        f"'{first}', 'l', created_at{{}} FROM change_request WHERE id = '{t.request}'"
    )
    yield (
        "an identification born confirmed",
        clerk.format(", second_id, confirmed_at", f", '{second}', created_at"),
    )
    yield (
        "an identification confirmed by its clerk",
        clerk.format("", ""),
        f"UPDATE desk_confirmation SET second_id = '{first}', confirmed_at = created_at",
    )
    patron, member = f"WHERE id = '{t.patron}'", f"WHERE id = '{first}'"
    yield (
        "a protection removed by no one",
        f"UPDATE patron SET is_protected = TRUE {patron}",
        f"UPDATE patron SET is_protected = FALSE {patron}",
    )
    yield "an address freed by a status", f"UPDATE patron SET status = 'inactive' {patron}"
    marked = (
        "INSERT INTO record_change (id, patron_id, kind, needs_second, reason, requested_by, "
        "requested_label, requested_at{}) SELECT 'x', id, 'unprotect', {}, '', "
        f"'{first}', 'l', created_at{{}} FROM patron {patron}"
    )
    yield "a removal that needs no one", marked.format("", "FALSE", "")
    born = marked.format(", confirmed_by, confirmed_at", "TRUE", f", '{second}', created_at")
    yield "a removal born confirmed", born
    yield (
        "a removal confirmed by whoever asked",
        marked.format("", "TRUE", ""),
        f"UPDATE record_change SET confirmed_by = '{first}', confirmed_at = requested_at",
    )
    yield (
        "an account made the operator's",
        f"UPDATE staff SET by_operator = NOT by_operator {member}",
    )
    yield "a role without its date", f"UPDATE staff SET role = 'auditor', role_at = NULL {member}"


def _alone(t: Target) -> _Found:
    """What takes two, with one signature twice, or with none."""
    first, _second = t.staff
    request = f"WHERE id = '{t.request}'"
    yield (
        "a notice period ended by its proposer",
        f"UPDATE change_request SET period_ended_by = proposer_id {request}",
    )
    suppress = (
        "INSERT INTO suppressed_address (id, address_key, cause, request_id, created_at, "
        f"first_note) SELECT 'x', '{EVIL}', 'disowned', id, created_at, '' FROM change_request "
        f"{request}"
    )
    lift = f"UPDATE suppressed_address SET lifted_at = created_at, first_id = '{first}'"
    yield "an address let in again by one person", suppress, f"{lift}, second_id = '{first}'"
    yield "an address let in again by no one", suppress, lift[: lift.index(",")]
    yield "a suppression deleted", suppress, "DELETE FROM suppressed_address"


def _evidence(t: Target, *, is_sqlite: bool) -> _Found:
    entry, receipt = f"seq = {t.entry}", f"id = '{t.receipt}'"
    yield "an entry rewritten", f"UPDATE audit_entry SET actor_label = 'x' WHERE {entry}"
    yield "an entry deleted", f"DELETE FROM audit_entry WHERE {entry}"
    yield "an entry inserted over another", copy("audit_entry", entry, {"facts": "'{}'"})
    yield "a recorded value rewritten", f"UPDATE audit_value SET value = 'x' WHERE {entry}"
    yield "a recorded value deleted", f"DELETE FROM audit_value WHERE {entry}"
    yield "the end of the trail moved back", "UPDATE audit_head SET seq = seq - 1"
    yield "a receipt rewritten", f"UPDATE receipt SET body = '{{}}' WHERE {receipt}"
    yield "a receipt deleted", f"DELETE FROM receipt WHERE {receipt}"
    yield "a receipt inserted over another", copy("receipt", receipt, {"body": "'{}'"})
    yield (
        "a decision taken back",
        "UPDATE review SET decision = 'reject' WHERE decision = 'approve'",
    )
    yield "a comment rewritten", "UPDATE review SET comment = 'x' WHERE decision IS NOT NULL"
    if is_sqlite:
        for words, sql in (
            ("an entry", copy("audit_entry", entry, {"facts": "'{}'"}, verb="REPLACE")),
            ("a receipt", copy("receipt", receipt, {"body": "'{}'"}, verb="REPLACE")),
        ):
            yield f"REPLACE of {words}", sql


def _as_owner(t: Target, *, is_sqlite: bool) -> _Found:
    on_table = "" if is_sqlite else " ON patron"
    write = _write(t.patron, EVIL)
    yield "drop a guard and write", f"DROP TRIGGER guard_patron_email{on_table}", write
    cascade = "" if is_sqlite else " CASCADE"
    yield (
        "rebuild the table, as batch migrations do",
        "CREATE TABLE rebuilt AS SELECT * FROM patron",
        f"DROP TABLE patron{cascade}",
        "ALTER TABLE rebuilt RENAME TO patron",
        write,
    )
    yield (
        "forge an approval in the very shape of ours",
        f"UPDATE review SET decision = 'approve' WHERE field_change_id = '{t.change}'",
        f"UPDATE field_change SET outcome = 'approved' WHERE id = '{t.change}'",
        _write(t.patron, t.proposed),
    )


def _around_the_guards(t: Target) -> _Found:
    """What PostgreSQL alone has words for. The app's role has the right to none of it."""
    write = _write(t.patron, EVIL)
    trigger = "CREATE FUNCTION public.rewrite() RETURNS trigger"
    suppress = "suppress_redundant_updates_trigger()"
    yield (
        "an operator that always says yes",
        "CREATE FUNCTION public.yes(varchar, varchar) RETURNS bool LANGUAGE sql AS 'SELECT true'",
        "CREATE OPERATOR public.= (LEFTARG = varchar, RIGHTARG = varchar, FUNCTION = public.yes)",
        write,
    )
    yield (
        "a function before the database's own",
        "CREATE FUNCTION public.upper(varchar) RETURNS text LANGUAGE sql AS 'SELECT NULL::text'",
        write,
    )
    yield (
        "a trigger that rewrites after the guards",
        f"{trigger} LANGUAGE plpgsql AS $$BEGIN NEW.email := '{EVIL}'; RETURN NEW; END$$",
        "CREATE TRIGGER zz BEFORE UPDATE ON patron FOR EACH ROW EXECUTE FUNCTION public.rewrite()",
        f"UPDATE patron SET note = 'x' WHERE id = '{t.patron}'",
    )
    yield (
        "a trigger of the database's own functions",
        f"CREATE TRIGGER aa BEFORE UPDATE ON review FOR EACH ROW EXECUTE FUNCTION {suppress}",
    )
    yield "a rule instead of the write", "CREATE RULE r AS ON UPDATE TO receipt DO INSTEAD NOTHING"
    yield (
        "a guard switched off",
        "ALTER TABLE patron DISABLE TRIGGER guard_patron_email",
        write,
    )
    yield "every guard switched off", "SET LOCAL session_replication_role = replica", write
    yield "a search path of one's own", "SET LOCAL search_path = public, pg_catalog", write
    yield (
        "becoming the owner",
        "SET LOCAL ROLE pg_database_owner",
        "ALTER TABLE patron DISABLE TRIGGER guard_patron_email",
        write,
    )
    yield "more rights for oneself", "GRANT ALL ON patron TO CURRENT_USER", write
    yield "an older revision", "UPDATE alembic_version SET version_num = '0001'"


def _write(patron: str, email: str) -> str:
    return f"UPDATE patron SET email = '{email}', email_key = '{email}' WHERE id = '{patron}'"


def copy(
    table: str,
    where: str,
    changed: Mapping[str, str],
    *,
    verb: str = "INSERT",
    suffix: str = "",
) -> str:
    """An INSERT of a copy of one row with some columns replaced by SQL expressions."""
    names = [column.name for column in metadata.tables[table].columns]
    values = [changed.get(name, name) for name in names]
    return (
        f"{verb} INTO {table} ({', '.join(names)}) "
        f"SELECT {', '.join(values)} FROM {table} WHERE {where} {suffix}".strip()
    )
