"""Engines for tests: one for each address, and the owner's beside the app's."""

from __future__ import annotations

from functools import cache

from sqlalchemy.engine import Engine

from tests.support.postgres import SUPERUSER
from upstage_crm.audit import database_roles
from upstage_crm.core.db import make_engine


@cache
def engine_of(url: str) -> Engine:
    """One engine for each address: what it has compiled serves every test, its connections one."""
    return make_engine(url)


def owners(engine: Engine) -> Engine:
    """The same database as its owner reaches it: on PostgreSQL another role than the app's."""
    return _as_role(engine, database_roles.OWNER)


def superusers(engine: Engine) -> Engine:
    """The same database as a superuser reaches it, who may switch off what the owner may not."""
    return _as_role(engine, SUPERUSER)


def _as_role(engine: Engine, role: str) -> Engine:
    if engine.dialect.name == "sqlite":
        return engine
    return engine_of(engine.url.set(username=role).render_as_string(hide_password=False))
