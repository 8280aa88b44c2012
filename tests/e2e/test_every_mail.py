"""Every mail in a real browser: at 320 px, in both colour schemes, in every language."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, ViewportSize

from upstage_crm.admin.mailbox.gallery import MAILS, SCHEMES, rendered
from upstage_crm.core.languages import LANGUAGES
from upstage_crm.mail.message import Audience, MailKind

NARROW: ViewportSize = {"width": 320, "height": 640}
EVERY = [
    pytest.param(kind, audience, id=f"{kind.value}-{audience.value}") for kind, audience in MAILS
]


@pytest.fixture(scope="module")
def reader(browser: Browser) -> Iterator[Page]:
    """A mail client as wide as a small phone. It has no network: a mail must not want one."""
    context = browser.new_context(viewport=NARROW, offline=True)
    yield context.new_page()
    context.close()


@pytest.mark.parametrize(("kind", "audience"), EVERY)
def test_mail_is_whole_on_a_small_phone(reader: Page, kind: MailKind, audience: Audience) -> None:
    for language in LANGUAGES:
        html, _ = rendered(kind, audience, language)
        reader.set_content(html)

        wide = reader.evaluate("document.documentElement.scrollWidth")

        assert wide <= NARROW["width"], language
        targets = reader.locator("a.button")
        heights = [box["height"] for it in targets.all() if (box := it.bounding_box())]
        assert all(height >= 44 for height in heights), (language, heights)


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize(("kind", "audience"), EVERY)
def test_mail_can_be_read_by_everybody(
    reader: Page, kind: MailKind, audience: Audience, scheme: str
) -> None:
    html, _ = rendered(kind, audience, "en", scheme)
    reader.set_content(html)

    # A mail has no landmarks: it is shown inside another program's page.
    no_page = {rule: {"enabled": False} for rule in ("region", "landmark-one-main")}
    found = Axe().run(reader, options={"rules": no_page})

    assert found.violations_count == 0, found.generate_report()
