"""The sentences for what can stop a start; one for each refusal."""

from __future__ import annotations

import errno
from collections.abc import Mapping
from difflib import get_close_matches

from upstage_crm.audit.rights import Excess, RightsFinding
from upstage_crm.core.db_trouble import Trouble, trouble_of
from upstage_crm.core.errors import UpstageError
from upstage_crm.settings import PREFIX, BadSetting, known_names
from upstage_crm.web.errors import TooManyRights
from upstage_crm.web.request_log import mask
from upstage_crm.wording import sentences

_SETTING_PROBLEMS: dict[str, str] = {
    "unknown_database": "must start with sqlite:/// or postgresql://.",
    "not_postgresql": "must start with postgresql://: it is the address of the database's owner.",
    "no_roles": "is for PostgreSQL alone: SQLite knows no roles.",
    "not_a_file": "must name a database file, for example sqlite:///var/upstage.db.",
    "not_a_url": "must be a whole address such as https://crm.example.org.",
    "not_an_origin": "must be only scheme, host and port, without a path: https://crm.example.org.",
    "https_localhost": "cannot be https://localhost; use http://localhost or another host name.",
    "bad_kid": (
        "must be kid:base64,kid:base64 with each kid used once and made of letters, digits, "
        "- and _."
    ),
    "weak_key": "must hold base64 keys of at least 32 bytes: kid:base64,kid:base64.",
    "not_yes_or_no": "must be 1 or 0.",
    "not_an_address": "must be one mail address, with or without a name before it.",
    "not_a_key": "must be a Resend key: it starts with re_ and has no blanks.",
    "not_https": "must be an https address, or an http address of this machine.",
    "not_a_webhook_secret": "must be a Resend webhook secret: whsec_ and base64 of 24 bytes.",
    "not_a_stripe_key": "must be a secret or restricted key of Stripe: sk_… or rk_….",
    "not_a_stripe_secret": (
        "must be the signing secret of a Stripe endpoint: whsec_…, several with commas."
    ),
    "not_a_redis_url": "must start with redis://, rediss:// or unix://.",
    "not_networks": (
        "must name the proxies by address or network, for example 127.0.0.1 or 10.0.0.0/8; "
        "names and * are not accepted."
    ),
    "every_network": (
        "must not hold a network of all addresses: every visitor could claim to be somewhere else."
    ),
    "local_links_in_real_mail": (
        "must be set to this server's public address: real mail would carry links to localhost."
    ),
    "unreadable_keys": (
        "cannot be read; restore it from a backup, or move it away to start with new keys "
        "(links already sent then stop working)."
    ),
}
_DISK_ERRORS = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EROFS})
_DETAIL = 200  # characters of what a driver says
_WHOLE: dict[str, str] = {
    "public_without_mail": (
        "This address is public and no mail provider is set, so no patron could be asked. "
        "Set RESEND_API_KEY and RESEND_WEBHOOK_SECRET, or try the demo on this machine: make run."
    ),
}
"""Sentences about more than one setting."""
_MISSING: dict[str, str] = {
    "UPSTAGE_SECRET_KEYS": (
        "must be given (kid:base64 of 32 random bytes) when a database or a public address is set."
    ),
    "RESEND_API_KEY": "must be given because UPSTAGE_REQUIRE_REAL_MAIL is set.",
    "UPSTAGE_MAIL_FROM": "must be given together with RESEND_API_KEY.",
    "STRIPE_API_KEY": "must be given together with STRIPE_WEBHOOK_SECRET.",
    "STRIPE_WEBHOOK_SECRET": (
        "must be given together with STRIPE_API_KEY at a public address: the signing secret of its "
        "endpoint /webhooks/stripe."
    ),
}
_EXPECTED: dict[str, str] = {
    "PORT": "must be a number from 1 to 65535.",
}
_PORT_PROBLEMS: dict[str, str] = {
    "taken": "is used by another program; stop it or choose another one, for example PORT=3001.",
    "forbidden": "needs more rights than this user has; choose one above 1023 with PORT=3001.",
    "unknown": "cannot be listened on; choose another one, for example PORT=3001.",
}

STOPPED: dict[str, str] = {
    "not_migrated": "The database is not at this version. Run: upstage-crm migrate",
    "database_newer": (
        "The database is at a revision that this version does not know: a newer version has "
        "migrated it. Start that version again, or restore a backup from before."
    ),
    "guards_missing": (
        "The database's guards are missing or altered, so it would accept changes that no patron "
        "approved. Restore it from a backup, then run: upstage-crm audit verify"
    ),
    "planted_objects": (
        "The schema public holds {what}, which is not ours. It would run with the owner's rights, "
        "so nothing was migrated. Drop it, or move it to another schema."
    ),
    "other_database": (
        "The app does not find the owner's database: UPSTAGE_MIGRATION_URL and "
        "UPSTAGE_DATABASE_URL lead to different databases, or the app's role may not use the "
        "schema public (upstage-crm database roles prints how)."
    ),
    "one_role": (
        "UPSTAGE_MIGRATION_URL and UPSTAGE_DATABASE_URL both connect as {role}. The app needs a "
        "role that owns nothing: upstage-crm database roles prints how to make it."
    ),
    "needs_owner": (
        "Restoring rows takes the guards down for a moment, which only the owner of the database "
        "may do. Set UPSTAGE_MIGRATION_URL to the owner's address, then run: upstage-crm audit "
        "repair --apply"
    ),
    "keys_lost": (
        "No link of an open request was made with a key that is set here, so all open requests "
        "would be withdrawn. Set the keys that made them: UPSTAGE_SECRET_KEYS, or var/keys.json "
        "from a backup. If those keys are gone, or must no longer count, withdraw the requests "
        "and go on with: upstage-crm keys revoke"
    ),
    "not_the_demo": (
        "This is not the demo's database. Name it with --database if you mean it: everything "
        "that is tried is rolled back."
    ),
    "nothing_to_attack": (
        "There is nothing to attack here: an open request, an applied change and a receipt are "
        "needed."
    ),
    "demo_exposed": (
        "This database holds demo accounts with a public password. The demo runs only on this "
        "machine with its own database file; set UPSTAGE_DATABASE_URL to a new database."
    ),
}


# What follows "The app's database role".
_RIGHTS: Mapping[Excess, str] = {
    Excess.SUPERUSER: "is or may become {what}, a superuser",
    Excess.OWNER: "is or may become {what}, an owner here, who may drop the guards",
    Excess.MAKES_ROLES: "may make roles (as {what})",
    Excess.REACHES_SERVER: "may become {what}, which reaches the server's files",
    Excess.SETS_REPLICA: "may set {what}, which switches the guards off",
    Excess.SCHEMA_CREATE: "may create objects in the schema {what}",
    Excess.DATABASE_CREATE: "may create schemas in the database {what}",
    Excess.DATABASE_TEMP: "may create temporary tables in the database {what}",
    Excess.BORROWS_OWNER: "may call {what}, which runs with its owner's rights",
    Excess.TABLE: "has rights that it does not need: {what}",
    Excess.LACKS: "lacks rights that it needs: {what}",
    Excess.PLANTED: "finds {what} in the schema public, which is not ours",
    Excess.SHADOW: "looks for its tables in the schema {what} first",
}


_RIGHTS_HELP = (
    "With a public address nothing starts until its rights are what it needs: upstage-crm doctor "
    "says what they are, upstage-crm database roles prints how to make the two roles."
)


def rights_words(finding: RightsFinding) -> str:
    """Return one sentence about the app's role."""
    return f"The app's database role {_RIGHTS[finding.excess].format(what=finding.what)}."


DATABASE_WORDS: Mapping[Trouble, str] = {
    Trouble.AWAY: "The database cannot be reached",
    Trouble.FULL: "The database cannot be written: its disk is full",
    Trouble.FAILING: "The database cannot be used: its disk is full, or fails",
    Trouble.READ_ONLY: "The database can be read but not written",
    Trouble.REFUSED: "The database refuses us: check its user and that user's rights",
    Trouble.DAMAGED: "The database is damaged, or no database: restore it from a backup",
    Trouble.BUSY: "The database is busy: another program has held it for too long",
}


def what_stopped(error: Exception) -> str | None:
    """Return what a person at the terminal should read instead of a traceback.

    None when the error is nothing that was to be expected: then the traceback is worth more.
    """
    if isinstance(error, UpstageError):
        return sentence(error)
    if isinstance(error, OSError):
        return _about_file(error)
    trouble = trouble_of(error)
    return None if trouble is None else about_database(trouble, error)


def about_database(trouble: Trouble, error: Exception) -> str:
    """Return what is wrong with the database: our words, then the driver's own."""
    said = str(getattr(error, "orig", None) or error).strip()
    detail = " ".join(said.splitlines()[:1])[:_DETAIL]
    return f"{DATABASE_WORDS[trouble]} ({mask(detail.rstrip('.'))})."


def sentence(refusal: UpstageError) -> str:
    """Return what a person at the terminal should read instead of a traceback."""
    if isinstance(refusal, BadSetting):
        return _about_setting(refusal.name, refusal.problem)
    if refusal.code == "port_unusable":
        return f"PORT {refusal.facts['port']} {_PORT_PROBLEMS[str(refusal.facts['problem'])]}"
    if refusal.code == "build_failed":
        return f"The pages could not be made. The build said:\n{refusal.facts['output']}"
    if isinstance(refusal, TooManyRights):
        return f"{rights_words(refusal.finding)} {_RIGHTS_HELP}"
    if refusal.code in STOPPED:
        return STOPPED[refusal.code].format_map(refusal.facts)
    return sentences.sentence(refusal)


def _about_file(error: OSError) -> str | None:
    if error.filename:
        return f"{error.filename} cannot be used: {str(error.strerror).lower()}."
    if error.errno in _DISK_ERRORS:  # a file that was open already has no name here
        return f"The disk cannot be written: {str(error.strerror).lower()}."
    return None


def _about_setting(name: str, problem: str) -> str:
    if problem in _WHOLE:
        return _WHOLE[problem]
    if problem == "unknown":
        return f"{name} is not a setting. {_instead_of(name)}"
    if problem == "missing":
        return f"{name} {_MISSING[name]}"
    return f"{name} {_SETTING_PROBLEMS.get(problem) or _EXPECTED.get(name) or 'is not usable.'}"


def _instead_of(name: str) -> str:
    endings = {known.removeprefix(PREFIX): known for known in known_names()}
    near = get_close_matches(name.removeprefix(PREFIX), endings, n=1)
    if near:
        return f"Did you mean {endings[near[0]]}?"
    return "docs/operations.md lists every setting."
