"""Reads the values of settings, and refuses what cannot be one; what it refuses is never shown."""

from __future__ import annotations

import base64
import binascii
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from urllib.parse import SplitResult, urlsplit

from upstage_crm.core.errors import Invalid

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


def is_loopback(host: str | None) -> bool:
    """Whether `host` can only mean this machine."""
    name = (host or "").lower()
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return False


def read_url(name: str, value: str, *, schemes: tuple[str, ...]) -> SplitResult:
    """The URL in `value`, which has a host and no user in it.

    Raises:
        BadSetting: it has not, or another scheme.
    """
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


def read_networks(name: str, value: str) -> tuple[Network, ...]:
    """The networks in `value`; one address counts as a network of its own.

    Raises:
        BadSetting: it names none, or every network.
    """
    try:
        found = tuple(ip_network(part.strip()) for part in value.split(","))
    except ValueError:
        raise BadSetting(name, "not_networks") from None
    if any(network.prefixlen == 0 for network in found):
        raise BadSetting(name, "every_network")
    return found


def webhook_key(text: str) -> bytes:
    """The key in `whsec_…`; empty, which signs nothing, when it is not strictly one."""
    name, _, encoded = text.partition("_")
    return read_base64(encoded) if name == "whsec" else b""


def read_base64(text: str) -> bytes:
    """The bytes behind base64; empty when the text is not strictly that."""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""
