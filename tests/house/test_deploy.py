"""What `docs/deploy` tells an operator to run is what the code is."""

from __future__ import annotations

import re
from configparser import ConfigParser
from pathlib import Path

from upstage_crm.settings import Settings
from upstage_crm.staff.auth import hashing, throttle
from upstage_crm.web import edge, roll_call, serve, visits
from upstage_crm.web import visitor_limits as limits

DEPLOY = Path(__file__).resolve().parents[2] / "docs" / "deploy"
PROXY = (DEPLOY / "nginx.conf").read_text("utf-8")
GUIDE = (DEPLOY / "README.md").read_text("utf-8")


def test_the_proxy_takes_no_larger_body_than_the_app() -> None:
    assert re.findall(r"client_max_body_size (\d+)k;", PROXY) == [str(edge.BODY_LIMIT // 1024)]


def test_the_proxy_writes_the_visitors_address_and_adds_to_nothing() -> None:
    assert re.findall(r"X-Forwarded-For (\S+);", PROXY) == ["$remote_addr"]


def test_the_unit_allows_the_files_that_the_server_wants() -> None:
    unit = ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str  # type: ignore[assignment, method-assign]
    unit.read(DEPLOY / "upstage-crm.service", "utf-8")

    assert unit["Service"]["ExecStart"].endswith("/upstage-crm serve")
    assert int(unit["Service"]["LimitNOFILE"]) >= 2 * serve.CONNECTIONS


def test_the_environment_names_settings_only() -> None:
    text = (DEPLOY / "environment").read_text("utf-8")
    named = re.findall(r"^([A-Z_]+)=", text, re.MULTILINE)

    assert "UPSTAGE_TRUSTED_PROXIES" in named
    assert set(named) <= {str(field.alias) for field in Settings.model_fields.values()}


def test_the_guide_says_the_numbers_of_the_code() -> None:
    wrong = (
        f"| {throttle.PAIR_LIMIT} for a name from a network, {throttle.NETWORK_LIMIT} from a "
        f"network, {throttle.NAME_LIMIT} for a name |"
    )
    for said in (
        wrong,
        f"{serve.HEAD_WITHIN_S:.0f} s in all (app), {serve.HEAD_BYTES // 1024} kB",
        f"| {limits.BODY_WITHIN_S:.0f} s, {edge.BODY_LIMIT // 1024} kB |",
        f"| {limits.REQUESTS_OF_NETWORK} of a network, {limits.REQUESTS} in all |",
        f"| {serve.CONNECTIONS:,} in all",
        f"| {limits.STRANGERS_OF_NETWORK} of a network, {limits.STRANGERS} in all |",
        f"| {limits.SOCKETS_OF_NETWORK} of a network, {limits.SOCKETS:,} in all |",
        f"| {hashing.QUEUE} known, {hashing.QUEUE} strangers, {hashing.SHARE} of one place |",
        f"forgotten {visits.GRACE_S:.0f} seconds after it closed",
        f"grown by {roll_call.ROOM_MB} MB",
    ):
        assert said in GUIDE, said
