"""The command line: everything an operator does without a browser."""

from __future__ import annotations

import argparse
import getpass
import os
import secrets
import sys
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session

from upstage_crm import wiring
from upstage_crm.audit import database_roles, opening, rights
from upstage_crm.audit.events import OPERATOR, Channel
from upstage_crm.audit.guards import triggers
from upstage_crm.change_requests.lifecycle import resend_mail
from upstage_crm.change_requests.notifications import link_codes
from upstage_crm.cli import (
    audit_commands,
    database_commands,
    doctor,
    programme_commands,
    repair_commands,
)
from upstage_crm.cli.audit_commands import migrated, open_trail
from upstage_crm.cli.start_words import what_stopped
from upstage_crm.core import heartbeat, migrations
from upstage_crm.core.email_address import parse_email
from upstage_crm.core.errors import NotFound, UpstageError
from upstage_crm.jobs import schedule
from upstage_crm.settings import STAFF_PASSWORD, BadSetting, Settings
from upstage_crm.staff import accounts, demo_account
from upstage_crm.staff.auth import passwords, second_factor
from upstage_crm.staff.roles import Role
from upstage_crm.team import access_changes, offboarding
from upstage_crm.web.errors import DemoExposed, GuardsMissing, KeysLost, NotMigrated, TooManyRights
from upstage_crm.web.serve import serve
from upstage_crm.wording.actions import counted
from upstage_crm.wording.sentences import MAIL_MODE_WORDS

REFUSED = 1
BAD_SETTING = 2
MOST_PATRONS = 2_000_000  # of a demo
FILLED_BEFORE = "This database was filled before; --patrons counts for a new one."


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return 0, 1 (refused) or 2 (a setting cannot be used)."""
    options = _parser().parse_args(arguments)
    run: Callable[..., int] = options.run
    try:
        if getattr(options, "is_offline", False):
            return run(options)
        return run(options, Settings.load(os.environ))
    except (UpstageError, DBAPIError, OSError) as error:
        said = what_stopped(error)
        if said is None:
            raise  # a fault of ours, whose trace is worth more than a sentence
        print(said, file=sys.stderr)
        return BAD_SETTING if isinstance(error, BadSetting) else REFUSED


def prepare(settings: Settings, *, patrons: int | None = None) -> str:
    """Make our own database ready with demo data, or see that a given one is; return what to
    print at start. `patrons` is how many the demo data has, if not the usual number.

    A given database is migrated by `upstage-crm migrate` alone, which may connect as its owner.
    Leaves no connection open: workers are forked afterwards.

    Raises:
        NotMigrated: a given database is at another revision.
        DatabaseNewer: the database is ahead of this code.
        GuardsMissing: the database does not guard consent.
        TooManyRights: with a public address, the app's role could get past the guards.
        TrailUnsigned: the trail is older than signing; `migrate` seals it.
        TrailKeyUnknown: the trail is signed with a key that is none of ours.
        KeysLost: no open link was made with one of our keys.
        DemoExposed: the demo's accounts would be reachable from outside.
        sqlalchemy.exc.DBAPIError: it cannot be reached, read or written.
    """
    parts = wiring.build(settings)
    try:
        if settings.has_own_database:
            migrations.upgrade(parts.database.engine, then=_ensure_nothing_to_seal)
        with parts.database.reading() as session:
            _ensure_sound(session.connection(), is_exposed=settings.is_exposed)
        open_trail(parts)
        with parts.database.reading() as session:
            _ensure_keys_fit(session, parts)
            is_new, has_demo = not accounts.has_any(session), demo_account.stands(session)
        heartbeat.touch(parts.database, now=parts.clock.now())
        if is_new and settings.is_demo_allowed:
            from upstage_crm.demo import seed  # 10 MB that only a first start needs

            seed.seed(parts, count=patrons or seed.PATRONS)
            has_demo = True
        if has_demo and not settings.is_demo_allowed:
            raise DemoExposed
    finally:
        parts.database.dispose()
    if has_demo:
        sign_in = f"Sign in as {demo_account.EMAIL} with the password {demo_account.PASSWORD}"
        return sign_in if is_new or not patrons else f"{FILLED_BEFORE}\n{sign_in}"
    first = "Make the first owner: upstage-crm staff add --role owner …" if is_new else ""
    return f"{first}\n{MAIL_MODE_WORDS[parts.mail_mode]}".strip()


def _ensure_nothing_to_seal(connection: Connection, before: str) -> None:
    """A start seals nothing that it finds: only the operator can say that it is theirs.

    Raises:
        NotMigrated: rows are older than their seals. The upgrade is undone with it.
    """
    if opening.has_added(connection, before=before):
        raise NotMigrated


def _ensure_keys_fit(session: Session, parts: wiring.Runtime) -> None:
    if link_codes.open_links(session, parts.codec).is_lost:
        raise KeysLost


def _ensure_sound(connection: Connection, *, is_exposed: bool) -> None:
    if migrations.ensure_not_newer(connection) != migrations.head():
        raise NotMigrated
    if triggers.missing(connection, wiring.PROTECTED):
        raise GuardsMissing
    if is_exposed and (found := rights.look(connection)):
        raise TooManyRights(found[0])


def _serve(_options: argparse.Namespace, settings: Settings) -> int:
    serve(settings, prepare=lambda: prepare(settings))
    return 0


def _demo(options: argparse.Namespace, settings: Settings) -> int:
    if not settings.is_demo_allowed:
        raise DemoExposed
    print(prepare(settings, patrons=options.patrons))
    return 0


def _attack(options: argparse.Namespace, settings: Settings) -> int:
    from upstage_crm.cli import attack_command  # with the demo's stories; see `prepare`

    return attack_command.run(options, settings)


def _staff_add(options: argparse.Namespace, settings: Settings) -> int:
    password, is_made = _password(options)
    passwords.ensure_strong(password, about=(options.email, options.name, options.desk))
    hashed = passwords.hash_password(password)
    with _opened(settings) as parts, parts.database.transaction() as session:
        access_changes.join(
            parts.account_context(session),
            email=options.email,
            display_name=options.name,
            desk=options.desk,
            role=Role(options.role),
            password_hash=hashed,
            actor=OPERATOR,
            channel=Channel.COMMAND_LINE,
        )
    print(f"Added {options.email} as {options.role}.")
    if is_made:
        print(f"Password (shown once): {password}")
    return 0


def _staff_disable(options: argparse.Namespace, settings: Settings) -> int:
    with _opened(settings) as parts, parts.database.transaction() as session:
        count = offboarding.let_go_as_operator(parts.command_context(session), email=options.email)
    print(f"Disabled {options.email}; every session of it has ended, {count} requests withdrawn.")
    return 0


def _staff_reset(options: argparse.Namespace, settings: Settings) -> int:
    password, is_made = _password(options)
    with _opened(settings) as parts, parts.database.transaction() as session:
        row = accounts.find_by_email_key(session, parse_email(options.email).key)
        if row is None:
            raise NotFound
        passwords.ensure_strong(password, about=(row.email, row.display_name, row.desk))
        accounts.reset_password(
            session,
            email=options.email,
            password_hash=passwords.hash_password(password),
            actor=OPERATOR,
            channel=Channel.COMMAND_LINE,
            now=parts.clock.now(),
        )
        if options.factors:
            second_factor.remove_all(
                session,
                staff_id=row.id,
                actor=OPERATOR,
                channel=Channel.COMMAND_LINE,
                now=parts.clock.now(),
            )
    print(f"{options.email} has a new password; every session of it has ended.")
    if options.factors:
        print("Its second factors are removed.")
    if is_made:
        print(f"Password (shown once): {password}")
    return 0


def _mail_send(_options: argparse.Namespace, settings: Settings) -> int:
    total = 0
    with _opened(settings) as parts:
        with parts.database.reading() as session:
            _ensure_keys_fit(session, parts)  # else the mails that wait would fail for good
        while sent := parts.dispatcher.run_once():
            total += sent
    print(f"{total} emails handled.")
    return 0


def _mail_retry(options: argparse.Namespace, settings: Settings) -> int:
    """End a pause whose cause was mended, and send."""
    with _opened(settings) as parts, parts.database.transaction() as session:
        was_paused = resend_mail.resume_as_operator(session, now=parts.clock.now())
    print("The pause is over." if was_paused else "Mail was not paused.")
    return _mail_send(options, settings)


def _requests_expire(_options: argparse.Namespace, settings: Settings) -> int:
    with _opened(settings) as parts:
        print(f"{schedule.expire_due(parts)} requests expired.")
    return 0


def _keys_revoke(_options: argparse.Namespace, settings: Settings) -> int:
    """Withdraw on purpose what a start does not withdraw by mistake."""
    with _opened(settings) as parts:
        count = schedule.revoke_dead_links(parts)
    print(f"{counted(count, 'request')} withdrawn: the key of their links is no longer set.")
    return 0


@contextmanager
def _opened(settings: Settings) -> Generator[wiring.Runtime]:
    """The parts over a database that is at our revision; no connection is left open."""
    parts = migrated(settings)
    try:
        open_trail(parts)
        yield parts
    finally:
        parts.database.dispose()


def _some(text: str) -> int:
    """A number of patrons from the command line."""
    if not text.isdecimal() or not 0 < int(text) <= MOST_PATRONS:
        raise argparse.ArgumentTypeError(f"a number up to {MOST_PATRONS:,}")
    return int(text)


def _password(options: argparse.Namespace) -> tuple[str, bool]:
    """The new password, and whether we made it up: from the environment, the terminal, or drawn."""
    given = os.environ.get(STAFF_PASSWORD, "")
    if given:
        return given, False
    if options.ask:
        return getpass.getpass("Password: "), False
    return secrets.token_urlsafe(15), True


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="upstage-crm", description="A ticketing CRM whose patrons approve every change."
    )
    commands = parser.add_subparsers(required=True, metavar="command")
    _add(commands, "serve", _serve, "serve pages, websocket and routes on one port")
    words = "bring the database to the newest revision, and grant the app its rights"
    migrate = _add(commands, "migrate", database_commands.migrate, words)
    words = "let the first key sign the trail, though the one before is lost or revoked"
    migrate.add_argument("--new-key", action="store_true", help=words)
    database = _group(commands, "database", "the database's roles and guards")
    words = "print the SQL for the owner's role and the app's"
    recipe = _add(database, "roles", database_commands.print_roles, words)
    recipe.add_argument("--database", metavar="NAME", default=database_roles.DATABASE)
    recipe.add_argument("--owner", metavar="ROLE", default=database_roles.OWNER)
    recipe.add_argument("--app", metavar="ROLE", default=database_roles.APP)
    recipe.set_defaults(is_offline=True)
    words = "print what the database itself refuses, in words and in SQL"
    guards = _add(database, "guards", database_commands.print_guards, words)
    guards.add_argument("--dialect", choices=("sqlite", "postgresql"), default="postgresql")
    guards.set_defaults(is_offline=True)
    demo = _add(commands, "demo", _demo, "fill a new database on this machine with demo data")
    words = "how many; more than 50,000 are made of one another, in minutes"
    demo.add_argument("--patrons", type=_some, metavar="NUMBER", help=words)
    words = "try to get around the patron with raw SQL, and say who stops it"
    attack = _add(commands, "attack", _attack, words)
    attack.add_argument(
        "--database", metavar="URL", help="another database than the demo's; nothing of it stays"
    )
    words = "say in plain sentences whether this deployment can do its work"
    _add(commands, "doctor", doctor.run, words)
    staff = _group(commands, "staff", "staff accounts")
    for name, run, words in (
        ("add", _staff_add, "add an account"),
        ("disable", _staff_disable, "disable an account and end its sessions"),
        ("reset", _staff_reset, "give an account a new password"),
    ):
        command = _add(staff, name, run, words)
        command.add_argument("email")
        if name != "disable":
            command.add_argument("--ask", action="store_true", help="ask for the password")
        if name == "reset":
            lost = "remove the second factors too, for someone who lost them"
            command.add_argument("--factors", action="store_true", help=lost)
        if name == "add":
            command.add_argument("--name", required=True, help="display name, as patrons read it")
            command.add_argument("--desk", default="", help='such as "box office"')
            command.add_argument(
                "--role", default=Role.BOX_OFFICE.value, choices=[role.value for role in Role]
            )
    mail = _group(commands, "mail", "the outbox")
    _add(mail, "send", _mail_send, "send what is due, once")
    _add(mail, "retry", _mail_retry, "end a pause whose cause is mended, and send what is due")
    requests = _group(commands, "requests", "change requests")
    _add(requests, "expire", _requests_expire, "let due requests lapse, once")
    programme = _group(commands, "programme", "events and performances")
    words = "say what is not ready about the performances that are on sale; fails on trouble"
    _add(programme, "check", programme_commands.check, words)
    keys = _group(commands, "keys", "the keys that sign links")
    words = "withdraw every open request whose links were made with a key that is no longer set"
    _add(keys, "revoke", _keys_revoke, words)
    _add_audit(_group(commands, "audit", "the trail"))
    return parser


_Commands = argparse._SubParsersAction  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]  # it has no public name


def _add_audit(audit: _Commands[argparse.ArgumentParser]) -> None:
    verify = _add(
        audit,
        "verify",
        audit_commands.verify,
        "check the guards, the trail, and every record against the trail",
    )
    verify.add_argument(
        "--against",
        type=Path,
        metavar="EXPORT",
        help="an earlier export that must be its beginning",
    )
    words = "check everything and tell the owners; the server runs this at night"
    _add(audit, "nightly", repair_commands.nightly, words)
    words = "say which rows are not what the trail says, and restore them"
    repair = _add(audit, "repair", repair_commands.repair_rows, words)
    repair.add_argument("--apply", action="store_true", help="restore; needs the owner's rights")
    repair.add_argument(
        "--accept-older",
        action="store_true",
        help="take the database as it is, although this server has seen a newer one",
    )
    export = _add(audit, "export", audit_commands.export, "write the trail into one signed file")
    export.add_argument("file", type=Path)
    export.add_argument(
        "--with-values", action="store_true", help="with personal values: handle it like the data"
    )
    _add(audit, "public-key", audit_commands.public_key, "print what signatures are checked with")
    check = _add(audit, "check", audit_commands.check, "verify an export with the public key alone")
    check.add_argument("file", type=Path)
    check.add_argument("--public-key", required=True, help="as audit public-key prints it")
    check.set_defaults(is_offline=True)


def _group(
    commands: _Commands[argparse.ArgumentParser], name: str, words: str
) -> _Commands[argparse.ArgumentParser]:
    return commands.add_parser(name, help=words).add_subparsers(required=True, metavar="command")


def _add(
    commands: _Commands[argparse.ArgumentParser],
    name: str,
    run: Callable[..., int],
    words: str,
) -> argparse.ArgumentParser:
    parser = commands.add_parser(name, help=words, description=words)
    parser.set_defaults(run=run)
    return parser
