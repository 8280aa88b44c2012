"""The settings of a server on the internet, as its operator gives them; nothing of it leaves."""

from __future__ import annotations

import base64

KEYS = f"test:{base64.b64encode(b'k' * 32).decode()}"
WEBHOOK = f"whsec_{base64.b64encode(b'w' * 24).decode()}"
PUBLIC_URL = "https://crm.example.org"
PROVIDER = {
    "RESEND_API_KEY": "re_test_only",
    "RESEND_API_URL": "http://127.0.0.1:9",  # nothing listens there
    "RESEND_WEBHOOK_SECRET": WEBHOOK,
    "UPSTAGE_MAIL_FROM": "Box office <box@example.org>",
}
PUBLIC = {"UPSTAGE_PUBLIC_URL": PUBLIC_URL, "UPSTAGE_SECRET_KEYS": KEYS, **PROVIDER}
GIVEN_DATABASE = {"UPSTAGE_DATABASE_URL": "sqlite:////srv/given.db", "UPSTAGE_SECRET_KEYS": KEYS}
"""On this machine, over a database that was given, without a provider: a rehearsal."""
