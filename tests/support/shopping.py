"""A visitor shops in the portal over HTTP, without a browser and without scripts."""

from __future__ import annotations

import re
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from tests.support.confirming import OURS, Browser, serving
from tests.support.factories import Desk
from tests.support.houses import LaidOut
from upstage_crm.http import even_time
from upstage_crm.portal import limits, memory
from upstage_crm.portal.acquirer import routes as acquirer
from upstage_crm.portal.routes import ROUTES
from upstage_crm.programme.prices.price_types import price_types

APP = Starlette(routes=[*ROUTES, *acquirer.routes(is_offered=True)])
VISA = "4242 4242 4242 4242"


class Shopper(Browser):
    """A browser that sends our forms, and comes a while later each time."""

    def get(self, path: str, **how: Any) -> httpx.Response:
        memory.forget_all()
        return super().get(path, **how)

    def send(self, path: str, **fields: Any) -> httpx.Response:
        memory.forget_all()
        return self.post(path, data=fields, headers={"origin": OURS})


@contextmanager
def shopping(desk: Desk, app: Starlette = APP) -> Generator[Shopper]:
    """A shopper in a house where nothing was counted before and no answer is held back."""
    memory.forget_all()
    limits.pace.forget()
    with pytest.MonkeyPatch.context() as patch, serving(desk):
        patch.setattr(even_time, "TAKES_S", 0.0)
        yield Shopper(app)
    memory.forget_all()


def types(made: LaidOut) -> dict[str, str]:
    """The ids of the price types by their names."""
    return {kind.name: kind.id for kind in made.desk.read(price_types).values()}


def best(web: Shopper, made: LaidOut, count: int = 2, **more: Any) -> httpx.Response:
    """Ask for the best seats for so many adults."""
    adult = f"type-{types(made)['Adult']}"
    fields = {"how": "best", "performance": made.performance, adult: str(count)} | more
    return web.send("/basket/add", **fields)


def said(page: httpx.Response) -> str:
    """What an alert on the page says."""
    found = re.search(r'role="alert">\s*<p[^>]*>(.*?)</p>', page.text, re.DOTALL)
    assert found is not None, page.text
    return found[1]


def path(address: str) -> str:
    """An address of ours without its host."""
    return re.sub(r"^https?://[^/]+", "", address)


def to_card(web: Shopper, email: str = "ina@example.org") -> str:
    """Press Pay in the basket; the path of the provider's page."""
    answer = web.send("/basket/pay", email=email)
    assert answer.status_code == 303, said(answer)
    return path(answer.headers["location"])


def charge(web: Shopper, page: str, number: str = VISA, **more: Any) -> httpx.Response:
    """Pay on the provider's page."""
    return web.send(page, number=number, **more)


def bought(web: Shopper, made: LaidOut) -> httpx.Response:
    """Buy two tickets; the page that shows them."""
    best(web, made)
    back = charge(web, to_card(web))
    answer = web.get(path(back.headers["location"]))
    assert answer.headers["location"] == "/basket/tickets"
    return web.get("/basket/tickets")


def link_of(desk: Desk) -> str:
    """The path of the link in the newest mail, as it left."""
    desk.deliver()
    found = re.findall(r"/tickets/link/[\w.-]+", desk.mailbox.messages[-1].text)
    assert found
    return found[0]


def ask_for_link(web: Shopper, reference: str, email: str = "ina@example.org") -> httpx.Response:
    """Ask for a link to an order."""
    return web.send("/tickets/find", reference=reference, email=email)
