"""How organisation settings refuse.

Invalid
├── DetailMissing      facts: `detail`
├── UnknownTimeZone
├── UnknownCountry
├── UnknownLanguage
├── UnknownCurrency
├── AnswerTimeRefused  facts: `most`
├── ContactTimeRefused facts: `least`, `most`
├── ReturnTimeRefused  facts: `most`
└── UnknownSeasonStart
"""

from __future__ import annotations

from upstage_crm.core.errors import Invalid


class DetailMissing(Invalid):
    """A detail that every mail needs is empty. Facts: `detail`."""

    code = "organisation_detail_missing"


class UnknownTimeZone(Invalid):
    """The time zone is not in the tz database."""

    code = "time_zone_unknown"


class UnknownCountry(Invalid):
    """The country is not one of ISO 3166-1."""

    code = "organisation_country_unknown"


class UnknownLanguage(Invalid):
    """The language is not one that patron pages and mails are written in."""

    code = "language_unknown"


class UnknownCurrency(Invalid):
    """No country pays with a currency of this code now."""

    code = "currency_unknown"


class AnswerTimeRefused(Invalid):
    """The time to answer is not between 0 and the most days. Facts: `most`."""

    code = "answer_time_refused"


class ReturnTimeRefused(Invalid):
    """The hours before a performance are not between 0 and the most. Facts: `most`."""

    code = "return_time_refused"


class ContactTimeRefused(Invalid):
    """Guests' contacts are not kept so short, or so long. Facts: `least`, `most` (months)."""

    code = "contact_time_refused"


class UnknownSeasonStart(Invalid):
    """Seasons cannot begin on this day: not every year has it."""

    code = "season_start_unknown"
