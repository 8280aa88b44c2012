"""The tabs of a patron's record: one table. A domain that has more to show adds a row."""

from upstage_crm.admin.patrons.record_state import PatronRecordState
from upstage_crm.admin.patrons.tabs import (
    changes_tab,
    communications_tab,
    orders_tab,
    overview_state,
    overview_tab,
    trail_tabs,
)
from upstage_crm.admin.patrons.tabs.record_tab import RecordTab
from upstage_crm.change_requests.reads import requests

TABS = (
    RecordTab(
        key="",
        label="Overview",
        view=overview_tab.view,
        state=overview_state.OverviewTabState,
        read=overview_state.read,
    ),
    RecordTab(
        key=changes_tab.KEY,
        label="Changes",
        view=changes_tab.view,
        state=changes_tab.ChangesTabState,
        read=changes_tab.read,
        count=requests.count_of_patron,
    ),
    RecordTab(
        key=orders_tab.KEY,
        label="Orders",
        view=orders_tab.view,
        state=orders_tab.OrdersTabState,
        read=orders_tab.read,
        count=orders_tab.count,
    ),
    RecordTab(
        key=communications_tab.KEY,
        label="Communications",
        view=communications_tab.view,
        state=communications_tab.CommunicationsTabState,
        read=communications_tab.read,
        count=communications_tab.count,
    ),
    RecordTab(
        key=trail_tabs.PRIVACY,
        label="Privacy",
        view=trail_tabs.privacy_view,
        state=trail_tabs.PrivacyTabState,
        read=trail_tabs.read_privacy,
    ),
    RecordTab(
        key=trail_tabs.AUDIT,
        label="Audit",
        view=trail_tabs.audit_view,
        state=trail_tabs.AuditTabState,
        read=trail_tabs.read_audit,
    ),
)
"""The first tab is the one that an address without a tab opens."""
PatronRecordState.parts = TABS
