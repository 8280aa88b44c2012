"""The tabs of a patron's record: the address names the open one, and it alone is read."""

from __future__ import annotations

import pytest

from tests.support.factories import NEW
from tests.support.pipeline import Client, Pipeline
from tests.support.venue import Venue
from upstage_crm.admin.guard import AdminState
from upstage_crm.admin.patron_list.list_state import PatronListState
from upstage_crm.admin.patrons.record_state import PatronRecordState
from upstage_crm.admin.patrons.tabs.changes_tab import ChangesTabState
from upstage_crm.admin.patrons.tabs.communications_tab import CommunicationsTabState
from upstage_crm.admin.patrons.tabs.contacts_state import ContactsState
from upstage_crm.admin.patrons.tabs.household_state import HouseholdState
from upstage_crm.admin.patrons.tabs.notes_state import NotesState
from upstage_crm.admin.patrons.tabs.overview_state import OverviewTabState
from upstage_crm.admin.patrons.tabs.preferences_state import PreferencesState
from upstage_crm.admin.patrons.tabs.record_tabs import TABS
from upstage_crm.admin.patrons.tabs.trail_tabs import AuditTabState, PrivacyTabState
from upstage_crm.patrons import commands, queries, reveals
from upstage_crm.staff.roles import Role
from upstage_crm.wording.sentences import SENTENCES


def is_empty(state: AdminState) -> bool:
    own = ("entries", "fields", "actors", "events", "mails")
    return not any(getattr(state, name, None) for name in own)


async def opened(pipeline: Pipeline, venue: Venue, query: str = "", cookie: str = "") -> Client:
    tab = pipeline.client(cookie or venue.dana)
    await turn(pipeline, venue, tab, query)
    return tab


async def turn(pipeline: Pipeline, venue: Venue, tab: Client, query: str) -> None:
    await pipeline.send(tab, PatronRecordState.load, f"/patrons/{venue.number}/{query}")


def edit(venue: Venue, **free: str) -> None:
    desk = venue.desk
    patron = desk.read(lambda session: queries.get_by_number(session, venue.number))
    desk.write(
        lambda session: commands.edit(
            desk.staff_context(session, desk.owner), patron_id=patron.id, free=free
        )
    )


@pytest.mark.parametrize(
    ("query", "key"),
    [
        ("", ""),
        ("?tab=changes", "changes"),
        ("?tab=audit&x=1", "audit"),
        ("?tab=", ""),
        ("?tab=orders%00", ""),
        (f"?tab={'x' * 10_000}", ""),
        ("?tab=changes&before=x&field=shoe&by=%F0%9F%91%9F", "changes"),
    ],
)
async def test_the_address_names_the_open_tab(
    venue: Venue, pipeline: Pipeline, query: str, key: str
) -> None:
    tab = await opened(pipeline, venue, query)

    state = await pipeline.state(tab, PatronRecordState)
    assert (state.shown, state.tab) == ("record", key)
    assert [one.label for one in state.tabs if one.is_open] == [
        one.label for one in TABS if one.key == key
    ]


async def test_tabs_count_what_they_hold(venue: Venue, pipeline: Pipeline) -> None:
    state = await pipeline.state(await opened(pipeline, venue), PatronRecordState)

    counts = {one.label: one.count for one in state.tabs if one.count}
    assert counts == {"Changes": "1", "Communications": "2"}


async def test_another_tab_keeps_the_record_and_reads_itself_alone(
    venue: Venue, pipeline: Pipeline
) -> None:
    tab = await opened(pipeline, venue)
    before = len(tab.deltas)

    await turn(pipeline, venue, tab, "?tab=communications")

    shown = [
        values["shown_rx_state_"]
        for delta in tab.deltas[before:]
        for values in delta.values()
        if "shown_rx_state_" in values
    ]
    assert "loading" not in shown
    mails = (await pipeline.state(tab, CommunicationsTabState)).mails
    assert {(mail.subject, mail.reference != "") for mail in mails} == {("", True)}
    for other in (ChangesTabState, AuditTabState, PrivacyTabState):
        assert is_empty(await pipeline.state(tab, other))
    await turn(pipeline, venue, tab, "")  # Back
    assert (await pipeline.state(tab, PatronRecordState)).tab == ""


async def test_a_tab_is_emptied_when_the_record_is_left(venue: Venue, pipeline: Pipeline) -> None:
    tab = await opened(pipeline, venue, "?tab=changes")
    assert not is_empty(await pipeline.state(tab, ChangesTabState))

    await pipeline.send(tab, PatronListState.load, "/patrons/")

    assert is_empty(await pipeline.state(tab, ChangesTabState))


async def test_who_changed_what_is_told_by_field_and_by_actor(
    venue: Venue, pipeline: Pipeline
) -> None:
    venue.desk.decide(venue.desk.claims(NEW))
    edit(venue, pronouns="she/her", note="Row F")
    tab = await opened(pipeline, venue, "?tab=changes")
    told = await pipeline.state(tab, ChangesTabState)

    lines = [(one.words, one.change, one.actor) for one in told.entries]
    assert ("Pronouns", "nothing → she/her", "Dana, box office") in lines
    assert ("Pinned note", "nothing → Row F", "Dana, box office") in lines
    assert [one.label for one in told.fields][:3] == ["Everything", "Pinned note", "Pronouns"]
    (note,) = [one for one in told.fields if one.label == "Pinned note"]
    await turn(pipeline, venue, tab, "?" + note.href.partition("?")[2])
    told = await pipeline.state(tab, ChangesTabState)
    assert [one.change for one in told.entries] == ["nothing → Row F"]
    assert [one.label for one in told.fields if one.is_chosen] == ["Pinned note"]
    await turn(pipeline, venue, tab, "?tab=changes&by=UpStage&field=note")
    assert (await pipeline.state(tab, ChangesTabState)).entries == []


async def test_what_is_masked_stays_masked_in_every_tab(venue: Venue, pipeline: Pipeline) -> None:
    """A staff member reads in the changes the values that their role may see in the trail."""
    cookie = venue.staff(Role.MARKETING)
    for one in TABS:
        tab = await opened(pipeline, venue, f"?tab={one.key}", cookie)
        assert "okonkwo@" not in f"{tab.deltas}", one.key


async def test_the_privacy_tab_tells_who_looked(venue: Venue, pipeline: Pipeline) -> None:
    desk = venue.desk
    clerk = desk.staff("Sam", Role.MARKETING)
    patron = desk.read(lambda session: queries.get_by_number(session, venue.number))
    desk.write(
        lambda session: reveals.reveal(
            desk.staff_context(session, clerk),
            patron_id=patron.id,
            field="email",
            reason="She rang and spelled it out",
        )
    )

    tab = await opened(pipeline, venue, "?tab=privacy")

    (entry,) = (await pipeline.state(tab, PrivacyTabState)).events
    assert (entry.words, entry.actor) == (
        "Looked at a masked value: email address",
        "Sam, box office",
    )


# --- what is written from a tab ----------------------------------------------------------------


async def test_a_note_is_added_changed_and_removed(venue: Venue, pipeline: Pipeline) -> None:
    tab = await opened(pipeline, venue)
    await pipeline.press(tab, NotesState.ask, dialog="add_note", note="")
    await pipeline.submit(tab, NotesState.add, {"text": "Row F"})
    record = await pipeline.state(tab, PatronRecordState)
    assert record.done == "Note saved."
    (note,) = (await pipeline.state(tab, OverviewTabState)).notes

    await pipeline.press(tab, NotesState.ask, dialog="change_note", note=note.id)
    assert (await pipeline.state(tab, NotesState)).start == "Row F"
    await pipeline.submit(tab, NotesState.change, {"text": "Row G"})
    (note,) = (await pipeline.state(tab, OverviewTabState)).notes
    assert (note.text, note.can_change) == ("Row G", True)
    await pipeline.press(tab, NotesState.ask, dialog="remove_note", note=note.id)
    await pipeline.submit(tab, NotesState.remove, {})

    assert (await pipeline.state(tab, OverviewTabState)).notes == []


async def test_a_masked_note_cannot_be_changed(venue: Venue, pipeline: Pipeline) -> None:
    """Saving what a member does not read would lose it."""
    cookie = venue.staff(Role.MARKETING)
    tab = await opened(pipeline, venue, cookie=cookie)
    await pipeline.press(tab, NotesState.ask, dialog="add_note", note="")
    await pipeline.submit(tab, NotesState.add, {"text": "Ring +1 212 555 0117"})

    (note,) = (await pipeline.state(tab, OverviewTabState)).notes
    assert ("0117" in note.text, note.can_change) == (False, False)
    await pipeline.press(tab, NotesState.ask, dialog="change_note", note=note.id)
    assert (await pipeline.state(tab, NotesState)).dialog == ""


async def test_a_preference_is_answered_and_taken_back(venue: Venue, pipeline: Pipeline) -> None:
    tab = await opened(pipeline, venue, "?tab=communications")
    for form, words in (
        ({"answer": "yes", "basis": "consent", "source": "letter"}, "Yes"),
        ({"answer": "not_asked"}, "Not asked"),
    ):
        await pipeline.press(tab, PreferencesState.ask, cell="post/news")
        said = (await pipeline.state(tab, PreferencesState)).asking
        assert "contact you by post with news and offers?" in said
        await pipeline.submit(tab, PreferencesState.save, form)
        rows = (await pipeline.state(tab, CommunicationsTabState)).preferences
        (post,) = [row for row in rows if row.channel == "Post"]
        assert post.cells[0].words == words
    await pipeline.press(tab, PreferencesState.ask, cell="post/news")
    await pipeline.submit(tab, PreferencesState.save, {"answer": "yes", "basis": "soft_opt_in"})
    refused = (await pipeline.state(tab, PreferencesState)).refusal
    assert refused == SENTENCES["basis_refused"]


async def test_another_contact_is_added_and_removed(venue: Venue, pipeline: Pipeline) -> None:
    tab = await opened(pipeline, venue)
    await pipeline.press(tab, ContactsState.ask, dialog="add_contact", place="")
    await pipeline.submit(tab, ContactsState.add, {"field": "email", "value": "work@x.example"})
    (contact,) = (await pipeline.state(tab, OverviewTabState)).contacts
    assert (contact.value, contact.place) == ("work@x.example", "Secondary")

    await pipeline.press(tab, ContactsState.ask, dialog="remove_contact", place="9-1")
    assert (await pipeline.state(tab, ContactsState)).dialog == ""
    await pipeline.press(tab, ContactsState.ask, dialog="remove_contact", place=contact.name)
    await pipeline.submit(tab, ContactsState.remove, {})

    assert (await pipeline.state(tab, OverviewTabState)).contacts == []


async def chosen(pipeline: Pipeline, tab: Client, words: str, number: int) -> None:
    """Find a patron in the open dialog, and take the one of this number."""
    await pipeline.send(tab, HouseholdState.find, words=words)
    found = {one.name: one.words for one in (await pipeline.state(tab, HouseholdState)).found}
    await pipeline.send(tab, HouseholdState.choose, number=str(number), name=found[str(number)])


async def test_who_was_not_found_is_not_chosen(venue: Venue, pipeline: Pipeline) -> None:
    tab = await opened(pipeline, venue)
    await pipeline.send(tab, HouseholdState.find, words="mara")
    assert (await pipeline.state(tab, HouseholdState)).found == [], "no dialog is open"
    await pipeline.press(tab, HouseholdState.ask, dialog="join", other="")
    await pipeline.send(tab, HouseholdState.choose, number=str(venue.number), name="Mara")

    state = await pipeline.state(tab, HouseholdState)
    assert (state.other, state.chosen) == ("", "")


async def test_a_household_is_made_and_left(venue: Venue, pipeline: Pipeline) -> None:
    other = venue.desk.patron("ola@example.com", "Ola", "Berg")
    tab = await opened(pipeline, venue)
    await pipeline.press(tab, HouseholdState.ask, dialog="join", other="")
    await pipeline.submit(tab, HouseholdState.join, {})
    assert (await pipeline.state(tab, HouseholdState)).refusal == SENTENCES["patron_unknown"]
    await chosen(pipeline, tab, "okonkwo", venue.number)
    await pipeline.submit(tab, HouseholdState.join, {})
    assert (await pipeline.state(tab, HouseholdState)).refusal == SENTENCES["same_patron"]
    await chosen(pipeline, tab, "ola b", other.number)
    await pipeline.submit(tab, HouseholdState.join, {})
    await pipeline.press(tab, HouseholdState.ask, dialog="relate", other="")
    await chosen(pipeline, tab, str(other.number), other.number)
    await pipeline.submit(tab, HouseholdState.relate, {"kind": "child"})

    shown = await pipeline.state(tab, OverviewTabState)
    assert [(one.name, one.is_head) for one in shown.members] == [
        ("Mara Okonkwo", True),
        ("Ola Berg", False),
    ]
    assert [(one.name, one.words) for one in shown.relations] == [("Ola Berg", "Child")]
    await pipeline.press(tab, HouseholdState.ask, dialog="head", other=str(other.number))
    await pipeline.submit(tab, HouseholdState.make_head, {})
    shown = await pipeline.state(tab, OverviewTabState)
    assert [one.name for one in shown.members if one.is_head] == ["Ola Berg"]
    await pipeline.press(tab, HouseholdState.ask, dialog="unrelate", other=str(other.number))
    await pipeline.submit(tab, HouseholdState.unrelate, {})
    await pipeline.press(tab, HouseholdState.ask, dialog="leave", other=str(other.number))
    await pipeline.submit(tab, HouseholdState.leave, {})
    shown = await pipeline.state(tab, OverviewTabState)
    assert (shown.members, shown.relations) == ([], [])
