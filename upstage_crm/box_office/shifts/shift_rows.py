"""X and Z reports as they are drawn and printed: lines of words and amounts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import tzinfo

from upstage_crm.core import when
from upstage_crm.core.money import in_words
from upstage_crm.ledger.views import Account
from upstage_crm.tills.views import ShiftReport
from upstage_crm.wording.consequences import counted
from upstage_crm.wording.sales.tills import MOVE_WORDS, TENDER_WORDS


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportRow:
    """One line of a report; one that `is_sum` stands out."""

    name: str = ""
    amount: str = ""
    note: str = ""
    is_sum: bool = False


def report_title(report: ShiftReport, zone: tzinfo) -> str:
    """Which report of whose shift it is, and from when to when."""
    shift = report.shift
    kind = "X report" if shift.is_open else "Z report"
    number = "training" if shift.number is None else f"no. {shift.number}"
    until = f" to {when.short(shift.closed_at, zone)}" if shift.closed_at else ""
    return f"{kind} {number} · {shift.staff} · {when.short(shift.opened_at, zone)}{until}"


def report_rows(report: ShiftReport, *, is_blind: bool) -> list[ReportRow]:
    """The lines of a report. One that `is_blind` leaves out what the count would be compared to."""
    code = report.shift.currency

    def row(name: str, amount: int, note: str = "", *, is_sum: bool = False) -> ReportRow:
        return ReportRow(name=name, amount=in_words(amount, code), note=note, is_sum=is_sum)

    rows = [row("Float", report.shift.float_amount)]
    for one in report.takings:
        if is_blind and one.tender == Account.CASH_DRAWER:
            continue
        words = TENDER_WORDS[one.tender]
        rows.append(row(words, one.taken, counted(one.times, "time")))
        if one.given_back:
            rows.append(row(f"{words}, given back", -one.given_back))
    rows += [
        row(MOVE_WORDS[one.kind], one.kind.sign * one.amount, one.reason) for one in report.moves
    ]
    if is_blind:
        return [*rows, ReportRow(name="Cash", note="It is counted at the close.", is_sum=True)]
    rows.append(row("Cash expected", report.expected_cash, is_sum=True))
    if report.counted_cash is not None and report.over_short is not None:
        rows.append(row("Cash counted", report.counted_cash, is_sum=True))
        rows.append(_difference(report.over_short, code))
    if report.counted_terminal is not None:
        rows.append(row("Terminal expected", report.expected_terminal))
        rows.append(row("Terminal counted", report.counted_terminal))
        rows.append(_difference(report.counted_terminal - report.expected_terminal, code))
    return rows


def _difference(over: int, code: str) -> ReportRow:
    if not over:
        return ReportRow(name="Nothing over or short", amount=in_words(0, code), is_sum=True)
    name = "Over" if over > 0 else "Short"
    return ReportRow(name=name, amount=in_words(abs(over), code), is_sum=True)
