"""What the operator may set, read once at start and checked whole.

Every setting has a safe default, so that nothing is needed on a laptop; everything that makes a
server reachable by others must be given. A bad value is one `BadSetting`, and its sentence (in
`upstage_crm.cli.start_words`) tells the operator what to change.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
import secrets
from collections.abc import Mapping
from email.utils import getaddresses
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from pathlib import Path
from typing import NamedTuple
from urllib.parse import SplitResult, urlsplit

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from upstage_crm.core.errors import Invalid
from upstage_crm.core.files import PRIVATE, locked, write_whole

ROOT = Path(__file__).resolve().parent.parent
VAR = ROOT / "var"
DEFAULT_DATABASE = VAR / "upstage.db"
KEY_FILE = VAR / "keys.json"
WITNESS_FILE = VAR / "trail-heads.json"  # the newest head of each trail, beside the keys

DEFAULT_PORT = 3000
KEY_BYTES = 32  # HS256 needs a key as long as its hash (RFC 7518, 3.2)
WEBHOOK_SECRET_BYTES = 24  # what Resend hands out
RESEND_API = "https://api.resend.com"

STAFF_PASSWORD = "UPSTAGE_STAFF_PASSWORD"  # noqa: S105  # its name, not its value
# Read by the one command that needs them, so that no server holds them.
READ_BY_COMMANDS = frozenset({STAFF_PASSWORD})
PREFIX = "UPSTAGE_"
_YES_OR_NO = {"1": True, "0": False}

_KID = re.compile(r"[A-Za-z0-9_-]{1,32}")
_ADDRESS = re.compile(r"[^@\s<>,;]+@[^@\s<>,;]+")
_SERVER_DATABASES = ("postgresql", "postgresql+psycopg", "postgres")


Network = IPv4Network | IPv6Network


class BadSetting(Invalid):
    """A setting is unusable. Facts: `name` (what to change) and `problem` (a stable word)."""

    code = "bad_setting"

    def __init__(self, name: str, problem: str) -> None:
        super().__init__(name=name, problem=problem)
        self.name = name
        self.problem = problem

    def __str__(self) -> str:
        return f"{self.name}: {self.problem}"


class Key(NamedTuple):
    """One signing key: its public name and at least 32 secret bytes."""

    kid: str
    secret: bytes


class Settings(BaseSettings):
    """The checked settings of one process. Made by `load`."""

    model_config = SettingsConfigDict(
        frozen=True, extra="forbid", hide_input_in_errors=True, validate_default=False
    )

    port: int = Field(DEFAULT_PORT, alias="PORT", ge=1, le=65_535)
    database_url: str = Field(
        f"sqlite:///{DEFAULT_DATABASE}", alias="UPSTAGE_DATABASE_URL", repr=False
    )
    migration_url: str = Field("", alias="UPSTAGE_MIGRATION_URL", repr=False)
    public_url: str = Field("", alias="UPSTAGE_PUBLIC_URL")
    keys: tuple[Key, ...] = Field((), alias="UPSTAGE_SECRET_KEYS", repr=False)
    mail_from: str = Field("", alias="UPSTAGE_MAIL_FROM")
    must_send_real_mail: bool = Field(False, alias="UPSTAGE_REQUIRE_REAL_MAIL")
    resend_api_key: str = Field("", alias="RESEND_API_KEY", repr=False)
    resend_api_url: str = Field(RESEND_API, alias="RESEND_API_URL")
    resend_webhook_secret: str = Field("", alias="RESEND_WEBHOOK_SECRET", repr=False)
    redis_url: str = Field("", alias="REDIS_URL", repr=False)
    trusted_proxies: tuple[Network, ...] = Field((), alias="UPSTAGE_TRUSTED_PROXIES")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Read nothing but what `load` was given, so that a test needs no real environment."""
        del settings_cls, env_settings, dotenv_settings, file_secret_settings
        return (init_settings,)

    @classmethod
    def load(cls, environ: Mapping[str, str]) -> Settings:
        """Return the settings found in `environ`; an empty value counts as not set.

        Raises:
            BadSetting: a name that is no setting, or the first value, or pair of values, that
                cannot be used.
        """
        given = {name: value for name, value in environ.items() if value and _is_meant(name)}
        for name in sorted(given.keys() - known_names()):
            raise BadSetting(name, "unknown")
        given = {name: value for name, value in given.items() if name not in READ_BY_COMMANDS}
        try:
            settings = cls(**given)  # pyright: ignore[reportArgumentType]  # parsed by pydantic
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            raise BadSetting(str(first["loc"][0]), str(first["type"])) from None
        settings._check_together()
        return settings

    @field_validator("database_url")
    @classmethod
    def _database(cls, value: str) -> str:
        scheme, _, rest = value.partition("://")
        if scheme in _SERVER_DATABASES:
            return value
        if scheme != "sqlite":
            raise BadSetting("UPSTAGE_DATABASE_URL", "unknown_database")
        name = rest.removeprefix("/")
        if not name or name.startswith(":memory:") or "?" in name:
            raise BadSetting("UPSTAGE_DATABASE_URL", "not_a_file")
        return f"sqlite:///{ROOT / name}"  # a relative path stands under the project, not the cwd

    @field_validator("migration_url")
    @classmethod
    def _migration(cls, value: str) -> str:
        if value.partition("://")[0] not in _SERVER_DATABASES:
            raise BadSetting("UPSTAGE_MIGRATION_URL", "not_postgresql")
        return value

    @field_validator("public_url")
    @classmethod
    def _public(cls, value: str) -> str:
        url = _url("UPSTAGE_PUBLIC_URL", value, schemes=("http", "https"))
        if url.path not in ("", "/") or url.query or url.fragment:
            raise BadSetting("UPSTAGE_PUBLIC_URL", "not_an_origin")
        if url.scheme == "https" and url.hostname == "localhost":
            # Reflex's client drops the port for this one name under https and never connects.
            raise BadSetting("UPSTAGE_PUBLIC_URL", "https_localhost")
        return f"{url.scheme}://{url.netloc.lower()}"

    @field_validator("keys", mode="before")
    @classmethod
    def _keys(cls, value: object) -> tuple[Key, ...]:
        return parse_keys(value) if isinstance(value, str) else ()

    @field_validator("must_send_real_mail", mode="before")
    @classmethod
    def _yes_or_no(cls, value: object) -> bool:
        if value not in _YES_OR_NO:
            raise BadSetting("UPSTAGE_REQUIRE_REAL_MAIL", "not_yes_or_no")
        return _YES_OR_NO[str(value)]

    @field_validator("mail_from")
    @classmethod
    def _from(cls, value: str) -> str:
        found = getaddresses([value])
        if not value.isprintable() or len(found) != 1 or not _ADDRESS.fullmatch(found[0][1]):
            raise BadSetting("UPSTAGE_MAIL_FROM", "not_an_address")
        return value

    @field_validator("resend_api_key")
    @classmethod
    def _api_key(cls, value: str) -> str:
        if not re.fullmatch(r"re_[\x21-\x7e]+", value):
            raise BadSetting("RESEND_API_KEY", "not_a_key")
        return value

    @field_validator("resend_api_url")
    @classmethod
    def _api_url(cls, value: str) -> str:
        url = _url("RESEND_API_URL", value, schemes=("http", "https"))
        if url.scheme == "http" and not is_loopback(url.hostname):
            raise BadSetting("RESEND_API_URL", "not_https")
        return value.rstrip("/")

    @field_validator("resend_webhook_secret")
    @classmethod
    def _webhook_secret(cls, value: str) -> str:
        secrets = [_webhook_key(part) for part in value.split(",")]
        if not all(len(secret) >= WEBHOOK_SECRET_BYTES for secret in secrets):
            raise BadSetting("RESEND_WEBHOOK_SECRET", "not_a_webhook_secret")
        return value

    @field_validator("redis_url")
    @classmethod
    def _redis(cls, value: str) -> str:
        if urlsplit(value).scheme not in ("redis", "rediss", "unix"):
            raise BadSetting("REDIS_URL", "not_a_redis_url")
        return value

    @field_validator("trusted_proxies", mode="before")
    @classmethod
    def _proxies(cls, value: object) -> tuple[Network, ...]:
        return _networks("UPSTAGE_TRUSTED_PROXIES", value) if isinstance(value, str) else ()

    def _check_together(self) -> None:
        if self.is_exposed and not (self.resend_api_key and self.resend_webhook_secret):
            # Without a provider no patron could be asked, and staff could press a patron's links;
            # without its reports a warning that never arrived would count as silence.
            raise BadSetting("RESEND_API_KEY", "public_without_mail")
        if not self.keys and (self.is_exposed or not self.has_own_database):
            raise BadSetting("UPSTAGE_SECRET_KEYS", "missing")
        if self.migration_url and self.database_url.startswith("sqlite:"):
            raise BadSetting("UPSTAGE_MIGRATION_URL", "no_roles")
        if self.must_send_real_mail and not self.resend_api_key:
            raise BadSetting("RESEND_API_KEY", "missing")
        if not self.resend_api_key:
            return
        if not self.mail_from:
            raise BadSetting("UPSTAGE_MAIL_FROM", "missing")
        if not self.is_exposed and not is_loopback(urlsplit(self.resend_api_url).hostname):
            raise BadSetting("UPSTAGE_PUBLIC_URL", "local_links_in_real_mail")

    @property
    def base_url(self) -> str:
        """What links in mails and redirects start with; never ends in a slash."""
        return self.public_url or f"http://localhost:{self.port}"

    @property
    def is_exposed(self) -> bool:
        """Whether others than the people at this machine can reach us."""
        return not is_loopback(urlsplit(self.base_url).hostname)

    @property
    def is_https(self) -> bool:
        """Whether visitors reach us under https, whatever the proxy speaks to us."""
        return self.base_url.startswith("https:")

    @property
    def origins(self) -> tuple[str, ...]:
        """The only origins whose pages may talk to us; on a laptop both its usual names."""
        url = urlsplit(self.base_url)
        if url.hostname not in ("localhost", "127.0.0.1"):
            return (self.base_url,)
        port = f":{url.port}" if url.port else ""
        return tuple(f"{url.scheme}://{host}{port}" for host in ("localhost", "127.0.0.1"))

    @property
    def bind_host(self) -> str:
        """The address to listen on: the outside only when a public address was given.

        When every trusted proxy runs on this machine, only this machine needs to reach us.
        """
        is_proxy_here = bool(self.trusted_proxies) and all(
            network.is_loopback for network in self.trusted_proxies
        )
        is_here = is_proxy_here or not self.is_exposed
        return "127.0.0.1" if is_here else "0.0.0.0"  # noqa: S104  # asked for by the operator

    @property
    def has_own_database(self) -> bool:
        """Whether the database is the SQLite file that we make ourselves."""
        return "database_url" not in self.model_fields_set

    @property
    def is_demo_allowed(self) -> bool:
        """Whether demo data and demo sign-in may exist here, provided the database file is new."""
        return self.has_own_database and not self.is_exposed

    @property
    def takes_test_cards(self) -> bool:
        """Whether the built-in test acquirer takes cards: never where others can reach us."""
        return not self.is_exposed

    @property
    def webhook_secrets(self) -> tuple[bytes, ...]:
        """The keys that the provider may sign its events with; several while one is replaced."""
        given = self.resend_webhook_secret
        return tuple(_webhook_key(part) for part in given.split(",")) if given else ()

    @property
    def sends_real_mail(self) -> bool:
        """Whether mail leaves through Resend instead of the built-in mailbox."""
        return bool(self.resend_api_key)


def known_names() -> frozenset[str]:
    """Every variable that means something to us."""
    fields = {str(field.alias) for field in Settings.model_fields.values()}
    return frozenset(fields) | READ_BY_COMMANDS


def parse_keys(text: str) -> tuple[Key, ...]:
    """Read `kid:base64,kid:base64`; the first one signs, all verify.

    Raises:
        BadSetting: a name is odd or used twice, or a key is not strict base64 of 32 bytes or more.
    """
    keys: list[Key] = []
    for part in text.split(","):
        kid, _, encoded = part.strip().partition(":")
        if not _KID.fullmatch(kid) or kid in {key.kid for key in keys}:
            raise BadSetting("UPSTAGE_SECRET_KEYS", "bad_kid")
        secret = _base64(encoded)
        if len(secret) < KEY_BYTES:
            raise BadSetting("UPSTAGE_SECRET_KEYS", "weak_key")
        keys.append(Key(kid, secret))
    return tuple(keys)


def load_or_create_keys(path: Path = KEY_FILE) -> tuple[Key, ...]:
    """Return the keys kept in `path`, making one key and the file (0600) when there is none.

    Several processes may call this at once; all get the same keys.

    Raises:
        BadSetting: the file is there and cannot be read as keys. It is never replaced, because
            every link already sent depends on it.
    """
    with locked(path.with_name(f"{path.name}.lock")):
        if not path.exists():
            name = f"local-{secrets.token_hex(4)}"
            encoded = base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()
            write_whole(path, json.dumps({"keys": f"{name}:{encoded}"}).encode(), mode=PRIVATE)
        try:
            return parse_keys(json.loads(path.read_text("utf-8"))["keys"])
        except (BadSetting, ValueError, KeyError, TypeError, AttributeError, OSError):
            raise BadSetting(str(path), "unreadable_keys") from None


def is_loopback(host: str | None) -> bool:
    """Whether `host` can only mean this machine."""
    name = (host or "").lower()
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return False


def _is_meant(name: str) -> bool:
    """Whether a variable is meant for us: by our prefix, or as one that we share with others."""
    return name.startswith(PREFIX) or name in known_names()


def _url(name: str, value: str, *, schemes: tuple[str, ...]) -> SplitResult:
    if not value.isprintable() or " " in value:
        raise BadSetting(name, "not_a_url")
    try:
        url = urlsplit(value)
        has_port = url.port is None or url.port > 0
    except ValueError:
        raise BadSetting(name, "not_a_url") from None
    if url.scheme not in schemes or not url.hostname or not has_port or "@" in url.netloc:
        raise BadSetting(name, "not_a_url")
    return url


def _networks(name: str, value: str) -> tuple[Network, ...]:
    """The networks in `value`; one address counts as a network of its own."""
    try:
        found = tuple(ip_network(part.strip()) for part in value.split(","))
    except ValueError:
        raise BadSetting(name, "not_networks") from None
    if any(network.prefixlen == 0 for network in found):
        raise BadSetting(name, "every_network")
    return found


def _webhook_key(text: str) -> bytes:
    """The key in `whsec_…`; empty, which signs nothing, when it is not strictly one."""
    name, _, encoded = text.partition("_")
    return _base64(encoded) if name == "whsec" else b""


def _base64(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""
