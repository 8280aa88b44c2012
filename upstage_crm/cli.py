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

from upstage_crm import cli_audit, cli_doctor, wiring
from upstage_crm.audit import guards
from upstage_crm.audit.events import OPERATOR, Channel
from upstage_crm.change_requests import leaving, mailing
from upstage_crm.cli_audit import migrated
from upstage_crm.core import migrations
from upstage_crm.core.email_address import parse_email
from upstage_crm.core.errors import UpstageError
from upstage_crm.settings import BadSetting, Settings
from upstage_crm.staff import accounts, demo_account, passwords, second_factor
from upstage_crm.staff.roles import Role
from upstage_crm.team import members
from upstage_crm.web import schedule
from upstage_crm.web.errors import DemoExposed, GuardsMissing
from upstage_crm.web.serve import serve
from upstage_crm.web.words import sentence

REFUSED = 1
BAD_SETTING = 2
_PASSWORD_VARIABLE = "UPSTAGE_STAFF_PASSWORD"  # noqa: S105  # its name, not its value


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return 0, 1 (refused) or 2 (a setting cannot be used)."""
    options = _parser().parse_args(arguments)
    run: Callable[..., int] = options.run
    try:
        if getattr(options, "is_offline", False):
            return run(options)
        return run(options, Settings.load(os.environ))
    except BadSetting as refusal:
        print(sentence(refusal), file=sys.stderr)
        return BAD_SETTING
    except UpstageError as refusal:
        print(sentence(refusal), file=sys.stderr)
        return REFUSED


def prepare(settings: Settings) -> str:
    """Migrate, make demo data in a new demo database, and return what to print at start.

    Leaves no connection open: workers are forked afterwards.

    Raises:
        DemoExposed: the demo's accounts would be reachable from outside.
        GuardsMissing: the database does not guard consent.
    """
    parts = wiring.build(settings)
    try:
        migrations.upgrade(parts.database.engine)
        with parts.database.reading() as session:
            if guards.missing(session.connection(), wiring.PROTECTED):
                raise GuardsMissing
            is_new, has_demo = not accounts.has_any(session), demo_account.stands(session)
        if is_new and settings.is_demo_allowed:
            from upstage_crm.demo import seed  # 10 MB that only a first start needs

            seed.seed(parts)
            has_demo = True
        if has_demo and not settings.is_demo_allowed:
            raise DemoExposed
    finally:
        parts.database.dispose()
    if has_demo:
        return f"Sign in as {demo_account.EMAIL} with the password {demo_account.PASSWORD}"
    return "" if not is_new else "Make the first owner: upstage-crm staff add --role owner …"


def _serve(_options: argparse.Namespace, settings: Settings) -> int:
    serve(settings, prepare=lambda: prepare(settings))
    return 0


def _migrate(_options: argparse.Namespace, settings: Settings) -> int:
    parts = wiring.build(settings)
    migrations.upgrade(parts.database.engine)
    print(f"The database is at revision {migrations.head()}.")
    return 0


def _demo(_options: argparse.Namespace, settings: Settings) -> int:
    if not settings.is_demo_allowed:
        raise DemoExposed
    print(prepare(settings))
    return 0


def _attack(options: argparse.Namespace, settings: Settings) -> int:
    from upstage_crm import cli_attack  # with the demo's stories; see `prepare`

    return cli_attack.run(options, settings)


def _staff_add(options: argparse.Namespace, settings: Settings) -> int:
    password, is_made = _password(options)
    with _opened(settings) as parts, parts.database.transaction() as session:
        members.join(
            session,
            email=options.email,
            display_name=options.name,
            desk=options.desk,
            role=Role(options.role),
            password_hash=passwords.hash_password(password),
            actor=OPERATOR,
            channel=Channel.COMMAND_LINE,
            post=parts.post,
            now=parts.clock.now(),
        )
    print(f"Added {options.email} as {options.role}.")
    if is_made:
        print(f"Password (shown once): {password}")
    return 0


def _staff_disable(options: argparse.Namespace, settings: Settings) -> int:
    with _opened(settings) as parts, parts.database.transaction() as session:
        count = leaving.let_go_as_operator(
            session, email=options.email, mailroom=parts.mailroom, now=parts.clock.now()
        )
    print(f"Disabled {options.email}; every session of it has ended, {count} requests withdrawn.")
    return 0


def _staff_reset(options: argparse.Namespace, settings: Settings) -> int:
    password, is_made = _password(options)
    with _opened(settings) as parts, parts.database.transaction() as session:
        accounts.reset_password(
            session,
            email=options.email,
            password_hash=passwords.hash_password(password),
            actor=OPERATOR,
            channel=Channel.COMMAND_LINE,
            now=parts.clock.now(),
        )
        if options.factors:
            row = accounts.find_by_email_key(session, parse_email(options.email).key)
            assert row is not None
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
        while sent := parts.dispatcher.run_once():
            total += sent
    print(f"{total} mails handled.")
    return 0


def _mail_retry(options: argparse.Namespace, settings: Settings) -> int:
    """End a pause whose cause was mended, and send."""
    with _opened(settings) as parts, parts.database.transaction() as session:
        was_paused = mailing.resume_as_operator(session, now=parts.clock.now())
    print("The pause is over." if was_paused else "Mail was not paused.")
    return _mail_send(options, settings)


def _requests_expire(_options: argparse.Namespace, settings: Settings) -> int:
    with _opened(settings) as parts:
        print(f"{schedule.expire_due(parts)} requests expired.")
    return 0


@contextmanager
def _opened(settings: Settings) -> Generator[wiring.Runtime]:
    """The parts over a database that is at our revision; no connection is left open."""
    parts = migrated(settings)
    try:
        yield parts
    finally:
        parts.database.dispose()


def _password(options: argparse.Namespace) -> tuple[str, bool]:
    """The new password, and whether we made it up: from the environment, the terminal, or drawn."""
    given = os.environ.get(_PASSWORD_VARIABLE, "")
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
    _add(commands, "migrate", _migrate, "bring the database to the newest revision")
    _add(commands, "demo", _demo, "fill a new database on this machine with demo data")
    words = "try to get around the patron with raw SQL, and say who stops it"
    attack = _add(commands, "attack", _attack, words)
    attack.add_argument(
        "--database", metavar="URL", help="another database than the demo's; nothing of it stays"
    )
    words = "say in plain sentences whether this deployment can do its work"
    _add(commands, "doctor", cli_doctor.run, words)
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
            lost = "remove the second factors too, for somebody who lost them"
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
    audit = _group(commands, "audit", "the trail")
    verify = _add(
        audit,
        "verify",
        cli_audit.verify,
        "check the guards, the trail, and every record against the trail",
    )
    verify.add_argument(
        "--against",
        type=Path,
        metavar="EXPORT",
        help="an earlier export that must be its beginning",
    )
    export = _add(audit, "export", cli_audit.export, "write the trail into one signed file")
    export.add_argument("file", type=Path)
    export.add_argument(
        "--with-values", action="store_true", help="with personal values: handle it like the data"
    )
    _add(audit, "public-key", cli_audit.public_key, "print what signatures are checked with")
    check = _add(audit, "check", cli_audit.check, "verify an export with the public key alone")
    check.add_argument("file", type=Path)
    check.add_argument("--public-key", required=True, help="as audit public-key prints it")
    check.set_defaults(is_offline=True)
    return parser


_Commands = argparse._SubParsersAction  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]  # it has no public name


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
