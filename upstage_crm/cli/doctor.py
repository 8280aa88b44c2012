"""`upstage-crm doctor`: whether a deployment can do its work, in plain sentences.

It sends nothing, and changes nothing but the one row that proves that the database can be written.
It asks the server on this machine how it is, and with their settings Resend and Redis.
"""

from __future__ import annotations

import argparse
import json
import stat
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parseaddr
from enum import StrEnum
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from urllib.parse import urlsplit

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session

from upstage_crm import wiring
from upstage_crm.audit import rights
from upstage_crm.audit.guards import triggers
from upstage_crm.change_requests.notifications import link_codes
from upstage_crm.cli.start_words import (
    about_database,
    rights_words,
    sentence,
)
from upstage_crm.core import heartbeat, migrations
from upstage_crm.core.counting import some
from upstage_crm.core.db import dialect_of
from upstage_crm.core.db_trouble import Trouble, trouble_of
from upstage_crm.core.migrations import DatabaseNewer
from upstage_crm.mail import queries as mails
from upstage_crm.mail.sending.sender import (
    SendFailed,
    SendPaused,
)
from upstage_crm.privacy.strays import strays
from upstage_crm.settings import Settings, is_loopback
from upstage_crm.web.errors import KeysLost
from upstage_crm.web.request_log import mask
from upstage_crm.wiring import Runtime
from upstage_crm.wording.actions import counted
from upstage_crm.wording.sentences import (
    MAIL_MODE_WORDS,
    PAUSE_WORDS,
)

TROUBLE = 1
CLOCK_DRIFT = timedelta(seconds=60)  # signed events of the provider allow five minutes
OLDEST_MAIL = timedelta(minutes=15)
PATIENCE_S = 3.0


class Mark(StrEnum):
    """How a finding is meant."""

    FINE = "ok"
    NOTE = "note"
    TROUBLE = "TROUBLE"


@dataclass(frozen=True, slots=True)
class Finding:
    """One sentence about one thing, and how it is meant."""

    mark: Mark
    words: str


def run(_options: argparse.Namespace, settings: Settings) -> int:
    """Print what was found; 1 when something keeps this deployment from its work."""
    parts = wiring.build(settings)
    try:
        found = list(examine(parts))
    finally:
        parts.database.dispose()
    for finding in found:
        print(f"{finding.mark.value:8}{finding.words}")
    troubles = sum(finding.mark is Mark.TROUBLE for finding in found)
    if troubles:
        print(f"{troubles} of {len(found)} checks found trouble.", file=sys.stderr)
        return TROUBLE
    return 0


def examine(parts: Runtime) -> Iterator[Finding]:
    """Look at settings, database and mail, from the ground up."""
    yield from _address(parts.settings)
    yield _server(parts.settings)
    yield from _keys(parts.settings)
    try:
        with parts.database.reading() as session:
            yield from _database(session, parts)
        yield from _writing(parts)
    except SQLAlchemyError as error:
        yield Finding(Mark.TROUBLE, about_database(trouble_of(error) or Trouble.FAILING, error))
    yield from _redis(parts.settings)
    yield from _mail(parts)


def _address(settings: Settings) -> Iterator[Finding]:
    url = urlsplit(settings.base_url)
    if is_loopback(url.hostname):
        words = f"Links in emails lead to {settings.base_url}: they work only on this machine."
        yield Finding(Mark.NOTE, words)
    elif url.scheme != "https":
        words = f"Links in emails lead to {settings.base_url} without https: they can be read."
        yield Finding(Mark.TROUBLE, words)
    else:
        yield Finding(Mark.FINE, f"Links in emails lead to {settings.base_url}.")
        if not settings.trusted_proxies:
            words = "UPSTAGE_TRUSTED_PROXIES is not set: to us every visitor comes from the proxy."
            yield Finding(Mark.NOTE, words)


def _server(settings: Settings) -> Finding:
    """Whether a server of ours answers where these settings say that one listens."""
    place = f"port {settings.port} of this machine"
    line = HTTPConnection("127.0.0.1", settings.port, timeout=PATIENCE_S)
    try:
        line.request("GET", "/health")
        problems = list[str](json.loads(line.getresponse().read())["problems"])
    except (OSError, HTTPException, ValueError, KeyError, TypeError):
        words = f"No server of ours answers on {place}. Does it run, with the same PORT?"
        return Finding(Mark.NOTE, words)
    finally:
        line.close()
    if problems:
        words = f"The server on {place} is not well: {', '.join(problems)} (see /health)."
        return Finding(Mark.TROUBLE, words)
    return Finding(Mark.FINE, f"The server on {place} answers and is well.")


def _keys(settings: Settings) -> Iterator[Finding]:
    count = len(wiring.signing_keys(settings))
    where = "UPSTAGE_SECRET_KEYS" if settings.keys else "var/keys.json"
    words = "one key signs and verifies" if count == 1 else f"the first of {count} keys signs"
    yield Finding(Mark.FINE, f"Links: {words} ({where}).")


def _database(session: Session, parts: Runtime) -> Iterator[Finding]:
    connection = session.connection()
    try:
        revision = migrations.ensure_not_newer(connection)
    except DatabaseNewer as newer:
        yield Finding(Mark.TROUBLE, sentence(newer))
        return
    if revision != migrations.head():
        at = f"at revision {revision}" if revision else "empty"
        words = f"The database is {at}, not at {migrations.head()}. Run: upstage-crm migrate"
        yield Finding(Mark.TROUBLE, words)
        return
    yield Finding(Mark.FINE, f"The database is at revision {revision}.")
    missing = triggers.missing(connection, wiring.PROTECTED)
    if missing:
        count = len(missing)
        words = f"{count} guards of the database are missing, altered or bypassed: {missing[0]}, …"
        yield Finding(Mark.TROUBLE, words)
    else:
        yield Finding(Mark.FINE, "Every guard of the database is in place.")
    yield from _links(session, parts)
    yield from _rights(session, parts)
    yield from _queue(session, parts)
    yield _strays(session)


def _strays(session: Session) -> Finding:
    """Whether an erasure has left something of a person behind."""
    found = strays(session)
    if not found:
        return Finding(Mark.FINE, "Nothing is left of patrons who were erased.")
    where = ", ".join(f"{some(count)} in {table}" for table, count in found.items())
    words = f"Rows are left of patrons who were erased or are gone: {where}. Delete them."
    return Finding(Mark.TROUBLE, words)


def _links(session: Session, parts: Runtime) -> Iterator[Finding]:
    """Whether the next start would withdraw open requests, because their key is gone."""
    links = link_codes.open_links(session, parts.codec)
    if links.is_lost:
        yield Finding(Mark.TROUBLE, sentence(KeysLost()))
    elif links.dead:
        words = f"{counted(len(links.dead), 'open request')} will be withdrawn at the next start"
        yield Finding(Mark.NOTE, f"{words}: the key of their links is no longer set.")
    else:
        words = f"{counted(len(links.alive), 'open request')} can be answered with these keys."
        yield Finding(Mark.FINE, words)


def _writing(parts: Runtime) -> Iterator[Finding]:
    with parts.database.reading() as session:
        if migrations.current(session.connection()) != migrations.head():
            return
    heartbeat.touch(parts.database, now=parts.clock.now())
    yield Finding(Mark.FINE, "The database can be written.")


def _redis(settings: Settings) -> Iterator[Finding]:
    if not settings.redis_url:
        return
    from redis import Redis, RedisError  # Reflex's own client, which most deployments never load

    try:
        with Redis.from_url(
            settings.redis_url,
            socket_connect_timeout=PATIENCE_S,
            socket_timeout=PATIENCE_S,
        ) as redis:
            redis.ping()
    except RedisError as error:
        words = f"Redis (REDIS_URL) cannot be used, so no page would answer ({error})."
        yield Finding(Mark.TROUBLE, mask(words))
    else:
        yield Finding(Mark.FINE, "Redis (REDIS_URL) answers.")


def _rights(session: Session, parts: Runtime) -> Iterator[Finding]:
    """Who could write past the guards, and whether the database's clock is ours."""
    if dialect_of(session) == "sqlite":
        path = Path(str(parts.database.engine.url.database))
        if path.stat().st_mode & (stat.S_IWGRP | stat.S_IWOTH):
            yield Finding(Mark.TROUBLE, f"Others on this machine may write {path.name}.")
        return
    found = rights.look(session.connection())
    for finding in found:
        yield Finding(Mark.TROUBLE, rights_words(finding))
    if not found:
        yield Finding(Mark.FINE, "The app's database role may do what it needs and no more.")
    if parts.settings.migration_url:
        words = (
            "UPSTAGE_MIGRATION_URL is set here. Only migrate and audit repair need it: keep it "
            "from serve."
        )
        yield Finding(Mark.NOTE, words)
    now: datetime = session.connection().scalar(sa.text("SELECT clock_timestamp()"))
    yield from _clock("The database's clock", now, parts.clock.now())


def _queue(session: Session, parts: Runtime) -> Iterator[Finding]:
    queue = mails.health(session, now=parts.clock.now())
    if queue.paused_reason:
        words = PAUSE_WORDS.get(queue.paused_reason, PAUSE_WORDS["other"])
        yield Finding(Mark.TROUBLE, words)
    elif queue.oldest_age and queue.oldest_age > OLDEST_MAIL:
        minutes = int(queue.oldest_age.total_seconds() // 60)
        yield Finding(Mark.TROUBLE, f"An email has waited for {minutes} minutes. Is serve running?")
    else:
        yield Finding(Mark.FINE, f"{queue.queued} emails are queued.")
    if queue.uncertain:
        words = f"{queue.uncertain} emails may have been sent or not. Look at them in the mailbox."
        yield Finding(Mark.NOTE, words)


def _mail(parts: Runtime) -> Iterator[Finding]:
    settings = parts.settings
    if words := MAIL_MODE_WORDS[parts.mail_mode]:
        yield Finding(Mark.NOTE, words)
        return
    from upstage_crm.mail.sending.resend_sender import ResendSender

    sender = ResendSender(api_key=settings.resend_api_key, api_url=settings.resend_api_url)
    try:
        account = sender.account()
    except SendPaused as refused:
        yield Finding(Mark.TROUBLE, PAUSE_WORDS.get(refused.reason, PAUSE_WORDS["other"]))
    except SendFailed as failed:
        words = f"Resend cannot be asked ({failed.status or 'no answer'}, {failed.type})."
        yield Finding(Mark.TROUBLE, words)
    else:
        yield _domain(settings.mail_from, account.domains)
        if account.date is not None:
            yield from _clock("Resend's clock", account.date, parts.clock.now())
    if settings.webhook_secrets:
        count = len(settings.webhook_secrets)
        yield Finding(Mark.FINE, f"Delivery reports are checked with {counted(count, 'secret')}.")
    else:
        words = "No RESEND_WEBHOOK_SECRET: no one tells us of email that bounces."
        yield Finding(Mark.TROUBLE, words)


def _domain(mail_from: str, domains: frozenset[str] | None) -> Finding:
    domain = parseaddr(mail_from)[1].rpartition("@")[2].casefold()
    if domains is None:
        words = f"Resend takes our key. It may only send, so {domain} could not be looked up."
        return Finding(Mark.NOTE, words)
    if domain not in domains:
        return Finding(
            Mark.TROUBLE, f"Resend has not verified {domain}, which our email comes from."
        )
    return Finding(Mark.FINE, f"Resend takes our key and has verified {domain}.")


def _clock(whose: str, other: datetime, ours: datetime) -> Iterator[Finding]:
    drift = abs(other - ours)
    if drift > CLOCK_DRIFT:
        seconds = int(drift.total_seconds())
        words = f"{whose} differs from this machine's by {seconds} seconds: links and reports fail."
        yield Finding(Mark.TROUBLE, words)
    else:
        yield Finding(Mark.FINE, f"{whose} agrees with this machine's.")
