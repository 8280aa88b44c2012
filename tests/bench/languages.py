"""What a mail in another language costs, against the same mail in English."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace

from tests.bench.report import Figure, figure
from upstage_crm.core.languages import LANGUAGES, SOURCE
from upstage_crm.mail.compose import Composer
from upstage_crm.mail.delivery import Transport
from upstage_crm.mail.message import Audience, MailKind
from upstage_crm.mail.samples import AT, sample_draft

ROUNDS, MAILS = 15, 200


def measure() -> Iterator[Figure]:
    """Yield one figure for every language but English; there is no budget."""
    composer = Composer(mail_from="hello@lyric.example", transport=Transport.LOCAL)
    draft = sample_draft(MailKind.DECISION_REQUEST, Audience.CURRENT)

    def seconds(language: str) -> float:
        made = replace(draft, language=language)
        composer.prepare(made, now=AT)
        begun = time.perf_counter()
        for _ in range(MAILS):
            composer.prepare(made, now=AT)
        return time.perf_counter() - begun

    for language, name in LANGUAGES.items():
        if language != SOURCE:
            ratios = [seconds(language) / seconds(SOURCE) for _ in range(ROUNDS)]
            yield figure("mail", f"written in {name}", ratios, against="the same in English")
