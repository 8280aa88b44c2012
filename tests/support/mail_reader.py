"""Reads the real mail of a journey: what the provider's emulator was handed, over HTTP."""

from __future__ import annotations

import html
import json
import re
import time
import urllib.request
from typing import Any

from tests.support.processes import PATIENCE_S

_LINK = re.compile(r"https?://[^\s\"'<>]+/c/[^\s\"'<>]+")


def emulator_mails(
    url: str, *, at_least: int, within_s: float = PATIENCE_S
) -> list[dict[str, Any]]:
    """Every mail the emulator holds, oldest first, once it holds `at_least` that many."""
    ends_at = time.monotonic() + within_s
    while True:
        listed = _get(f"{url}/emails")["data"]
        if len(listed) >= at_least or time.monotonic() > ends_at:
            assert len(listed) >= at_least, f"{len(listed)} mails, waited for {at_least}"
            mails = [_get(f"{url}/emails/{mail['id']}") for mail in listed]
            return sorted(mails, key=lambda mail: str(mail["created_at"]))
        time.sleep(0.05)


def links(mail: dict[str, Any]) -> list[str]:
    """The signed links of a mail, as the HTML part has them, each once."""
    found = _LINK.findall(html.unescape(str(mail["html"])))
    return list(dict.fromkeys(found))


def to(mail: dict[str, Any]) -> str:
    """The one recipient of a mail."""
    recipients = mail["to"]
    assert len(recipients) == 1
    return str(recipients[0])


def _get(url: str) -> Any:
    request = urllib.request.Request(url, headers={"Authorization": "Bearer re_test_only"})
    with urllib.request.urlopen(request, timeout=PATIENCE_S) as response:
        return json.load(response)
