"""The questions on one's own account, drawn."""

import reflex as rx

from upstage_crm.admin.account.dialog_state import MAKE_CODES, REMOVE_APP, REMOVE_PASSKEY
from upstage_crm.admin.account.dialog_state import AccountDialogState as State
from upstage_crm.pages.view import question
from upstage_crm.ui.components.base import Child

ALONE = "Without any second factor your password alone opens your account."


def account_dialogs() -> Child:
    """Return the dialogs; one at most is open."""
    return rx.fragment(
        question(
            State,
            REMOVE_APP,
            rx.el.p(ALONE),
            title="Remove the authenticator app?",
            on_submit=State.remove_app,
            send="Remove",
            send_variant="danger",
            cancel="Keep it",
            size="small",
        ),
        question(
            State,
            REMOVE_PASSKEY,
            rx.el.p(ALONE),
            title="Remove this passkey?",
            on_submit=State.remove_passkey,
            send="Remove",
            send_variant="danger",
            cancel="Keep it",
            size="small",
        ),
        question(
            State,
            MAKE_CODES,
            rx.el.p("The codes that you have now stop working at once."),
            title="Make new recovery codes?",
            on_submit=State.make_codes,
            send="Make new codes",
            cancel="Keep the earlier ones",
            size="small",
        ),
    )
