"""Contact preferences on a patron's record: the matrix as it is shown, and its dialog."""

from dataclasses import dataclass, field
from typing import Any, ClassVar

import reflex as rx

from upstage_crm.admin.guard import AdminState
from upstage_crm.admin.patrons.record_state import PatronRecordState
from upstage_crm.admin.patrons.tabs.record_tab import Reading
from upstage_crm.core import when
from upstage_crm.organisation.settings import details
from upstage_crm.pages.dialog_state import DialogMixin
from upstage_crm.patrons.details import edit_preferences
from upstage_crm.patrons.details.edit_preferences import Cell
from upstage_crm.patrons.details.preferences import (
    WORDING,
    Answer,
    Basis,
    ContactChannel,
    Preference,
    Purpose,
    Source,
    bases_of,
)
from upstage_crm.staff.roles import Permission
from upstage_crm.wiring import runtime
from upstage_crm.wording.preferences import (
    ANSWER_WORDS,
    BASIS_WORDS,
    CHANNEL_WORDS,
    PURPOSE_WORDS,
    SOURCE_WORDS,
    asking,
)

ANSWER, BASIS, SOURCE = "answer", "basis", "source"
PREFERENCE = "preference"
NOT_ASKED = "not_asked"
CELLS: dict[str, Cell] = {
    f"{channel.value}/{purpose.value}": (channel, purpose)
    for channel in ContactChannel
    for purpose in Purpose
}


@dataclass(frozen=True)
class CellView:
    """One way and purpose. `answer` is "" when it was never asked; `evidence` says why we know."""

    key: str = ""
    purpose: str = ""
    answer: str = ""
    words: str = ""
    evidence: str = ""


@dataclass(frozen=True)
class MatrixRow:
    """One way of contact, with its cells in the order of the purposes."""

    channel: str = ""
    cells: list[CellView] = field(default_factory=list)


class PreferencesState(DialogMixin, AdminState):
    """The dialog about one cell. `bases` are those that a yes may have there."""

    permission: ClassVar[Permission | None] = Permission.EDIT_PATRON
    dialogs: ClassVar[tuple[str, ...]] = (PREFERENCE,)
    page: ClassVar[type[PatronRecordState]] = PatronRecordState

    cell: str = ""
    title: str = ""
    asking: str = ""  # the words with which the patron is asked
    bases: rx.Field[list[tuple[str, str]]] = rx.field(default_factory=list)

    @rx.event
    async def ask(self, cell: str, subject: str) -> None:
        """Open the dialog about one cell of the record that is shown."""
        record = await self.get_state(PatronRecordState)
        if cell not in CELLS or not record._is_about(subject):
            return
        if await self._open(PREFERENCE, subject=record.subject, about=record._about(), part=cell):
            channel, purpose = CELLS[cell]
            self.cell = cell
            self.title = f"{PURPOSE_WORDS[purpose]}: {CHANNEL_WORDS[channel].lower()}"
            house = (await self._read(details)).name
            self.asking = asking(WORDING, channel, purpose, house=house)
            self.bases = [(one.value, BASIS_WORDS[one]) for one in bases_of(channel, purpose)]

    @rx.event
    async def save(self, form: dict[str, Any]) -> Any:
        """Note what the patron answered."""
        given = self._accept(PREFERENCE, form)
        if given is None:
            return None
        record, actor = await self.get_state(PatronRecordState), self._actor()
        cell, patron_id, said = CELLS[self.cell], record._patron_id, given.get(ANSWER, "")
        if said == NOT_ASKED:
            return await self._run(
                lambda session: edit_preferences.forget(
                    runtime().staff_context(session, actor), patron_id=patron_id, cell=cell
                ),
                "Saved.",
            )
        if said not in set(Answer):
            return None
        basis, source = given.get(BASIS, ""), given.get(SOURCE, "")
        return await self._run(
            lambda session: edit_preferences.answer(
                runtime().staff_context(session, actor),
                patron_id=patron_id,
                cell=cell,
                answer=Answer(said),
                basis=Basis(basis) if basis in set(Basis) else None,
                source=Source(source) if source in set(Source) else Source.IN_PERSON,
            ),
            "Saved.",
        )


def read_matrix(reading: Reading) -> list[MatrixRow]:
    """Read what the patron answered, for every way and purpose."""
    held = edit_preferences.of_patron(reading.session, reading.record.id)
    return [
        MatrixRow(
            CHANNEL_WORDS[channel],
            [_view(channel, purpose, held.get((channel, purpose)), reading) for purpose in Purpose],
        )
        for channel in ContactChannel
    ]


def _view(
    channel: ContactChannel, purpose: Purpose, held: Preference | None, reading: Reading
) -> CellView:
    key, name = f"{channel.value}/{purpose.value}", PURPOSE_WORDS[purpose]
    if held is None:
        return CellView(key=key, purpose=name, words="Not asked")
    day = when.short(held.answered_at, reading.time_zone)
    told = (
        BASIS_WORDS[held.basis] if held.basis else "",
        f"{SOURCE_WORDS[held.source].lower()}, {day}",
        f"wording {held.wording}",
    )
    return CellView(
        key=key,
        purpose=name,
        answer=held.answer.value,
        words=ANSWER_WORDS[held.answer],
        evidence="; ".join(filter(None, told)),
    )
