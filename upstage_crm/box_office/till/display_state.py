"""The customer's screen: it needs no more than that a staff member is signed in."""

from typing import ClassVar

from upstage_crm.admin.guard import AdminState
from upstage_crm.pages.page_state import PageMixin
from upstage_crm.staff.roles import Permission


class TillDisplayState(PageMixin, AdminState):
    """What is shown comes from the till beside it, through the browser, and from no server."""

    permission: ClassVar[Permission | None] = Permission.RUN_TILLS
