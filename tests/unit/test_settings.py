"""Every rule of the settings: what is refused, by which name, and what follows from good ones."""

from __future__ import annotations

import base64
import multiprocessing
import stat
from pathlib import Path

import pytest

from tests.support import settings as settings_of_tests
from upstage_crm.cli.start_words import sentence
from upstage_crm.settings import (
    ROOT,
    BadSetting,
    Key,
    Settings,
    load_or_create_keys,
    parse_keys,
)

SECRET = b"k" * 32
KEYS = f"a:{base64.b64encode(SECRET).decode()}"
PUBLIC = settings_of_tests.PUBLIC | {"UPSTAGE_SECRET_KEYS": KEYS}
WEBHOOK = settings_of_tests.WEBHOOK
PUBLIC_WITHOUT_MAIL = (
    "This address is public and no mail provider is set, so no patron could be asked. "
    "Set RESEND_API_KEY and RESEND_WEBHOOK_SECRET, or try the demo on this machine: make run."
)


def refusal(environ: dict[str, str]) -> BadSetting:
    with pytest.raises(BadSetting) as caught:
        Settings.load(environ)
    return caught.value


def test_nothing_is_needed_on_a_laptop() -> None:
    settings = Settings.load({})

    assert settings.port == 3000
    assert settings.database_url == f"sqlite:///{ROOT / 'var' / 'upstage.db'}"
    assert settings.base_url == "http://localhost:3000"
    assert settings.origins == ("http://localhost:3000", "http://127.0.0.1:3000")
    assert settings.bind_host == "127.0.0.1"
    assert settings.is_demo_allowed
    assert not settings.sends_real_mail
    assert not settings.is_https


def test_the_real_environment_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "4000")

    assert Settings.load({}).port == 3000


def test_an_empty_value_counts_as_not_set() -> None:
    assert Settings.load({"PORT": "", "RESEND_API_KEY": ""}) == Settings.load({})


def test_a_public_server_listens_outside_and_has_no_demo() -> None:
    settings = Settings.load(PUBLIC)

    assert settings.bind_host == "0.0.0.0"
    assert settings.origins == ("https://crm.example.org",)
    assert settings.is_https
    assert not settings.is_demo_allowed
    assert settings.keys == (Key("a", SECRET),)


def test_a_given_database_has_no_demo() -> None:
    settings = Settings.load(
        {"UPSTAGE_DATABASE_URL": "sqlite:///elsewhere.db", "UPSTAGE_SECRET_KEYS": KEYS}
    )

    assert settings.database_url == f"sqlite:///{ROOT / 'elsewhere.db'}"
    assert not settings.is_demo_allowed
    assert settings.bind_host == "127.0.0.1"


@pytest.mark.parametrize(
    ("given", "understood"),
    [
        ("https://crm.example.org/", "https://crm.example.org"),
        ("https://CRM.example.org:8443", "https://crm.example.org:8443"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("http://[::1]:8080", "http://[::1]:8080"),
    ],
)
def test_a_public_address_is_kept_as_an_origin(given: str, understood: str) -> None:
    environ = PUBLIC | {"UPSTAGE_PUBLIC_URL": given, "RESEND_API_URL": "http://127.0.0.1:9"}

    assert understood == Settings.load(environ).base_url


@pytest.mark.parametrize("value", ["0", "65536", "-1", "http", "3000.5", " ", "1e3"])
def test_a_port_is_a_port(value: str) -> None:
    assert refusal({"PORT": value}).name == "PORT"


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ("crm.example.org", "not_a_url"),
        ("ftp://crm.example.org", "not_a_url"),
        ("https://", "not_a_url"),
        ("https://crm.example.org:99999", "not_a_url"),
        ("https://user:pw@crm.example.org", "not_a_url"),
        ("https://crm example.org", "not_a_url"),
        ("https://crm.example.org\n", "not_a_url"),
        ("https://crm.example.org/app", "not_an_origin"),
        ("https://crm.example.org?x=1", "not_an_origin"),
        ("https://crm.example.org#x", "not_an_origin"),
        ("https://localhost:8443", "https_localhost"),
    ],
)
def test_a_public_address_is_scheme_host_and_port(value: str, problem: str) -> None:
    refused = refusal({"UPSTAGE_PUBLIC_URL": value, "UPSTAGE_SECRET_KEYS": KEYS})

    assert ("UPSTAGE_PUBLIC_URL", problem) == (refused.name, refused.problem)


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ("mysql://localhost/x", "unknown_database"),
        ("upstage.db", "unknown_database"),
        ("sqlite://", "not_a_file"),
        ("sqlite:///", "not_a_file"),
        ("sqlite:///:memory:", "not_a_file"),
        ("sqlite:///file:x?mode=memory", "not_a_file"),
    ],
)
def test_a_database_is_a_file_or_postgres(value: str, problem: str) -> None:
    refused = refusal({"UPSTAGE_DATABASE_URL": value, "UPSTAGE_SECRET_KEYS": KEYS})

    assert ("UPSTAGE_DATABASE_URL", problem) == (refused.name, refused.problem)


POSTGRESQL = {
    "UPSTAGE_DATABASE_URL": "postgresql://app:app-secret@db/upstage",
    "UPSTAGE_SECRET_KEYS": KEYS,
}


def test_the_owner_of_a_database_has_an_address_of_its_own() -> None:
    url = "postgresql://owner:owner-secret@db/upstage"

    settings = Settings.load(POSTGRESQL | {"UPSTAGE_MIGRATION_URL": url})

    assert settings.migration_url == url
    assert Settings.load(POSTGRESQL).migration_url == ""
    assert "owner-secret" not in repr(settings)
    assert "app-secret" not in repr(settings)


@pytest.mark.parametrize(
    ("environ", "problem"),
    [
        (POSTGRESQL | {"UPSTAGE_MIGRATION_URL": "sqlite:///upstage.db"}, "not_postgresql"),
        (POSTGRESQL | {"UPSTAGE_MIGRATION_URL": "db.example.org"}, "not_postgresql"),
        ({"UPSTAGE_MIGRATION_URL": "postgresql://owner@db/upstage"}, "no_roles"),
    ],
)
def test_only_postgresql_has_an_owner(environ: dict[str, str], problem: str) -> None:
    refused = refusal(environ)

    assert (refused.name, refused.problem) == ("UPSTAGE_MIGRATION_URL", problem)


@pytest.mark.parametrize(
    "environ",
    [
        PUBLIC | {"UPSTAGE_SECRET_KEYS": ""},
        PUBLIC | {"UPSTAGE_SECRET_KEYS": "", "UPSTAGE_PUBLIC_URL": "http://192.168.1.5:3000"},
        {"UPSTAGE_DATABASE_URL": "postgresql://localhost/upstage"},
        {"UPSTAGE_DATABASE_URL": "sqlite:////srv/upstage.db"},
    ],
)
def test_a_server_never_starts_with_keys_it_made_itself(environ: dict[str, str]) -> None:
    refused = refusal(environ)

    assert (refused.name, refused.problem) == ("UPSTAGE_SECRET_KEYS", "missing")


@pytest.mark.parametrize(
    "address",
    [
        "https://crm.example.org",
        "http://192.168.1.5:3000",
        "https://localhost.example.org",
        "http://0.0.0.0:3000",
        "http://[::]:3000",
    ],
)
@pytest.mark.parametrize("lacking", ["RESEND_API_KEY", "RESEND_WEBHOOK_SECRET"])
@pytest.mark.parametrize("more", [{}, {"UPSTAGE_DATABASE_URL": "postgresql://localhost/upstage"}])
def test_a_public_address_needs_a_provider_and_its_reports(
    address: str, lacking: str, more: dict[str, str]
) -> None:
    environ = PUBLIC | more | {"UPSTAGE_PUBLIC_URL": address, lacking: ""}

    assert sentence(refusal(environ)) == PUBLIC_WITHOUT_MAIL


@pytest.mark.parametrize(
    "environ", [{"UPSTAGE_PUBLIC_URL": "https://crm.example.org"}, {"UPSTAGE_SECRET_KEYS": KEYS}]
)
def test_a_public_address_alone_is_told_of_the_demo_first(environ: dict[str, str]) -> None:
    refused = refusal({"UPSTAGE_PUBLIC_URL": "https://crm.example.org"} | environ)

    assert sentence(refused) == PUBLIC_WITHOUT_MAIL


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("UPSTAGE_PUBLIK_URL", "Did you mean UPSTAGE_PUBLIC_URL?"),
        ("UPSTAGE_DATABASE", "Did you mean UPSTAGE_DATABASE_URL?"),
        ("UPSTAGE_PORT", "Did you mean PORT?"),
        ("UPSTAGE_RESEND_API_KEY", "Did you mean RESEND_API_KEY?"),
        ("UPSTAGE_COLOUR", "docs/operations.md lists every setting."),
        ("UPSTAGE_", "docs/operations.md lists every setting."),
    ],
)
def test_a_name_that_is_no_setting_stops_the_start(name: str, told: str) -> None:
    refused = refusal({name: "a secret value"})

    assert sentence(refused) == f"{name} is not a setting. {told}"


def test_a_name_that_is_not_meant_for_us_is_nothing_to_us() -> None:
    others = {"HOME": "/root", "UPSTAGER": "x", "RESEND_OTHER": "x", "_UPSTAGE_READY_PORT": "1"}

    assert Settings.load(others | {"UPSTAGE_COLOUR": ""}) == Settings.load({})


def test_a_password_for_the_command_line_is_no_setting_of_a_server() -> None:
    assert Settings.load({"UPSTAGE_STAFF_PASSWORD": "a secret value"}) == Settings.load({})


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("nokid", "weak_key"),
        (":" + KEYS[2:], "bad_kid"),
        ("a b:" + KEYS[2:], "bad_kid"),
        (f"{KEYS},{KEYS}", "bad_kid"),
        (f"{KEYS},", "bad_kid"),
        ("a:" + base64.b64encode(b"k" * 31).decode(), "weak_key"),
        ("a:" + KEYS[2:].rstrip("="), "weak_key"),
        ("a:" + KEYS[2:-3] + "!" + KEYS[-2:], "weak_key"),
    ],
)
def test_keys_are_named_once_and_strong(text: str, problem: str) -> None:
    refused = refusal({"UPSTAGE_SECRET_KEYS": text})

    assert ("UPSTAGE_SECRET_KEYS", problem) == (refused.name, refused.problem)


def test_the_first_key_comes_first() -> None:
    other = base64.b64encode(b"o" * 40).decode()

    assert [key.kid for key in parse_keys(f"{KEYS}, old:{other}")] == ["a", "old"]


@pytest.mark.parametrize("value", ["sk_abc", "re_", "re_a b", " re_abc", "re_abc ", "re_abc\n"])
def test_a_resend_key_looks_like_one(value: str) -> None:
    refused = refusal(PUBLIC | {"RESEND_API_KEY": value})

    assert (refused.name, refused.problem) == ("RESEND_API_KEY", "not_a_key")


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ("http://api.example.org", "not_https"),
        ("http://127.0.0.1.example.org", "not_https"),
        ("api.resend.com", "not_a_url"),
    ],
)
def test_mail_never_leaves_in_clear(value: str, problem: str) -> None:
    refused = refusal(PUBLIC | {"RESEND_API_URL": value})

    assert ("RESEND_API_URL", problem) == (refused.name, refused.problem)


@pytest.mark.parametrize("value", ["box", "box@", "a@b, c@d", "Box <box@example.org>\nBcc: x@y.z"])
def test_a_sender_is_one_address(value: str) -> None:
    refused = refusal(PUBLIC | {"UPSTAGE_MAIL_FROM": value})

    assert (refused.name, refused.problem) == ("UPSTAGE_MAIL_FROM", "not_an_address")


def test_real_mail_needs_a_sender() -> None:
    environ = {name: value for name, value in PUBLIC.items() if name != "UPSTAGE_MAIL_FROM"}

    assert refusal(environ).name == "UPSTAGE_MAIL_FROM"


def test_real_mail_never_links_to_localhost() -> None:
    refused = refusal({"RESEND_API_KEY": "re_abc", "UPSTAGE_MAIL_FROM": "box@example.org"})

    assert (refused.name, refused.problem) == ("UPSTAGE_PUBLIC_URL", "local_links_in_real_mail")


def test_an_emulator_on_this_machine_may_get_links_to_localhost() -> None:
    settings = Settings.load(
        {
            "RESEND_API_KEY": "re_abc",
            "RESEND_API_URL": "http://127.0.0.1:4010/",
            "UPSTAGE_MAIL_FROM": "box@example.org",
        }
    )

    assert settings.sends_real_mail
    assert settings.resend_api_url == "http://127.0.0.1:4010"


def test_required_real_mail_needs_a_key() -> None:
    refused = refusal({"UPSTAGE_REQUIRE_REAL_MAIL": "1"})

    assert (refused.name, refused.problem) == ("RESEND_API_KEY", "missing")
    assert not Settings.load({"UPSTAGE_REQUIRE_REAL_MAIL": "0"}).must_send_real_mail
    assert Settings.load(PUBLIC | {"UPSTAGE_REQUIRE_REAL_MAIL": "1"}).must_send_real_mail


@pytest.mark.parametrize("value", ["yes", "true", "on", "no", "false", "2", "01", " 1", "1 "])
def test_yes_and_no_are_said_as_documented(value: str) -> None:
    refused = refusal(PUBLIC | {"UPSTAGE_REQUIRE_REAL_MAIL": value})

    assert (refused.name, refused.problem) == ("UPSTAGE_REQUIRE_REAL_MAIL", "not_yes_or_no")


STRIPE = {"STRIPE_API_KEY": "sk_test_" + "a" * 24, "STRIPE_WEBHOOK_SECRET": "whsec_" + "b" * 24}


@pytest.mark.parametrize("value", ["pk_test_aaaaaaaa", "sk_test_", "sk_a b", "sk_live_\n", "re_a"])
def test_a_stripe_key_is_a_secret_one(value: str) -> None:
    refused = refusal({"STRIPE_API_KEY": value})

    assert (refused.name, refused.problem) == ("STRIPE_API_KEY", "not_a_stripe_key")


@pytest.mark.parametrize("value", ["whsec_", "b" * 30, "whsec_" + "b" * 24 + ",", "a b"])
def test_a_stripe_secret_looks_like_one(value: str) -> None:
    refused = refusal(STRIPE | {"STRIPE_WEBHOOK_SECRET": value})

    assert (refused.name, refused.problem) == ("STRIPE_WEBHOOK_SECRET", "not_a_stripe_secret")


def test_several_stripe_secrets_are_valid_while_one_is_replaced() -> None:
    both = f"{STRIPE['STRIPE_WEBHOOK_SECRET']},whsec_{'c' * 24}"

    assert Settings.load(STRIPE | {"STRIPE_WEBHOOK_SECRET": both}).stripe_secrets == (
        STRIPE["STRIPE_WEBHOOK_SECRET"],
        f"whsec_{'c' * 24}",
    )
    assert Settings.load({}).stripe_secrets == ()


def test_stripe_is_asked_over_https_or_on_this_machine() -> None:
    for url in ("http://api.stripe.com", "http://10.0.0.1:9"):
        refused = refusal(STRIPE | {"STRIPE_API_URL": url})
        assert (refused.name, refused.problem) == ("STRIPE_API_URL", "not_https")
    assert Settings.load(STRIPE | {"STRIPE_API_URL": "http://127.0.0.1:9/"}).stripe_api_url == (
        "http://127.0.0.1:9"
    )


def test_at_a_public_address_stripe_has_to_be_heard() -> None:
    """Without its events a payment would be found by the clock alone, a refund there never."""
    key = {"STRIPE_API_KEY": STRIPE["STRIPE_API_KEY"]}
    secret = {"STRIPE_WEBHOOK_SECRET": STRIPE["STRIPE_WEBHOOK_SECRET"]}

    assert refusal(PUBLIC | key).name == "STRIPE_WEBHOOK_SECRET"
    assert refusal(secret).name == "STRIPE_API_KEY"
    assert Settings.load(PUBLIC | STRIPE).stripe_secrets
    assert Settings.load(key).stripe_api_key


def test_test_cards_are_taken_where_nobody_else_can_reach_us() -> None:
    assert Settings.load({}).takes_test_cards
    assert Settings.load({"UPSTAGE_PUBLIC_URL": "http://localhost:4000"}).takes_test_cards
    assert not Settings.load(PUBLIC).takes_test_cards
    assert not Settings.load(PUBLIC | STRIPE).takes_test_cards


@pytest.mark.parametrize(
    "value",
    [
        WEBHOOK.removeprefix("whsec_"),
        "whsec_",
        "whsec_" + base64.b64encode(b"w" * 23).decode(),
        WEBHOOK[:-4] + "!!!!",
        WEBHOOK + " ",
    ],
)
def test_a_webhook_secret_is_strict(value: str) -> None:
    refused = refusal({"RESEND_WEBHOOK_SECRET": value})

    assert (refused.name, refused.problem) == ("RESEND_WEBHOOK_SECRET", "not_a_webhook_secret")
    assert Settings.load({"RESEND_WEBHOOK_SECRET": WEBHOOK}).resend_webhook_secret == WEBHOOK


def test_redis_has_its_own_addresses() -> None:
    assert refusal({"REDIS_URL": "http://localhost"}).name == "REDIS_URL"
    assert Settings.load({"REDIS_URL": "redis://localhost:6379/0"}).redis_url


def test_secrets_are_not_shown() -> None:
    shown = repr(Settings.load(PUBLIC))

    assert "re_test_only" not in shown
    assert "whsec_" not in shown
    assert str(SECRET) not in shown


@pytest.mark.parametrize(
    "environ",
    [
        {"PORT": "x"},
        {"UPSTAGE_REQUIRE_REAL_MAIL": "maybe"},
        {"UPSTAGE_REQUIRE_REAL_MAIL": "1"},
        {"UPSTAGE_COLOUR": "x"},
        PUBLIC | {"UPSTAGE_SECRET_KEYS": ""},
        {"UPSTAGE_SECRET_KEYS": "x"},
        {"RESEND_API_KEY": "x"},
        {"RESEND_API_KEY": "re_x"},
        {"REDIS_URL": "x"},
        {"RESEND_WEBHOOK_SECRET": "x"},
        {"RESEND_API_URL": "x"},
        {"UPSTAGE_MAIL_FROM": "x"},
        {"UPSTAGE_DATABASE_URL": "x"},
        {"UPSTAGE_MIGRATION_URL": "x"},
        {"UPSTAGE_MIGRATION_URL": "postgresql://owner@db/upstage"},
    ],
)
def test_every_refusal_is_one_sentence_that_names_the_setting(environ: dict[str, str]) -> None:
    refused = refusal(environ)

    told = sentence(refused)

    assert told.startswith(refused.name)
    assert told.endswith((".", "?"))
    assert "\n" not in told
    assert "not usable" not in told


# --- the key file -------------------------------------------------------------------------------


def test_keys_are_made_once_and_only_we_may_read_them(tmp_path: Path) -> None:
    path = tmp_path / "var" / "keys.json"

    made = load_or_create_keys(path)

    assert made == load_or_create_keys(path)
    assert len(made[0].secret) == 32
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_racing_processes_get_the_same_keys(tmp_path: Path) -> None:
    paths = [tmp_path / "keys.json"] * 16

    with multiprocessing.get_context("spawn").Pool(4) as pool:
        made = pool.map(load_or_create_keys, paths)

    assert len(set(made)) == 1


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"keys": 1}', '{"keys": "a:short"}', "\0"])
def test_a_damaged_key_file_is_refused_and_kept(tmp_path: Path, content: str) -> None:
    path = tmp_path / "keys.json"
    path.write_text(content)

    with pytest.raises(BadSetting, match="unreadable_keys"):
        load_or_create_keys(path)

    assert content == path.read_text()


# --- proxies ------------------------------------------------------------------------------------


def test_trusted_proxies_are_networks() -> None:
    given = " 127.0.0.1, 10.0.0.0/8,fd00::/8"

    found = Settings.load(PUBLIC | {"UPSTAGE_TRUSTED_PROXIES": given}).trusted_proxies

    assert [str(network) for network in found] == ["127.0.0.1/32", "10.0.0.0/8", "fd00::/8"]
    assert Settings.load({}).trusted_proxies == ()


@pytest.mark.parametrize(
    ("value", "problem", "words"),
    [
        ("*", "not_networks", "names and * are not accepted"),
        ("localhost", "not_networks", "names and * are not accepted"),
        ("proxy.internal", "not_networks", "names and * are not accepted"),
        ("127.0.0.1,", "not_networks", "names and * are not accepted"),
        ("10.0.0.1/8", "not_networks", "names and * are not accepted"),
        ("127.0.0.1:8080", "not_networks", "names and * are not accepted"),
        ("0.0.0.0/0", "every_network", "all addresses"),
        ("127.0.0.1, ::/0", "every_network", "all addresses"),
    ],
)
def test_a_proxy_that_is_no_network_or_every_one_stops_the_start(
    value: str, problem: str, words: str
) -> None:
    refused = refusal({"UPSTAGE_TRUSTED_PROXIES": value})

    assert ("UPSTAGE_TRUSTED_PROXIES", problem) == (refused.name, refused.problem)
    assert sentence(refused).startswith("UPSTAGE_TRUSTED_PROXIES must ")
    assert words in sentence(refused)


@pytest.mark.parametrize(
    ("proxies", "host"),
    [
        ("127.0.0.1", "127.0.0.1"),
        ("127.0.0.0/8,::1", "127.0.0.1"),
        ("10.0.0.0/8", "0.0.0.0"),
        ("127.0.0.1,10.0.0.5", "0.0.0.0"),
    ],
)
def test_behind_a_proxy_of_this_machine_only_this_machine_is_listened_to(
    proxies: str, host: str
) -> None:
    settings = Settings.load(PUBLIC | {"UPSTAGE_TRUSTED_PROXIES": proxies})

    assert settings.bind_host == host
