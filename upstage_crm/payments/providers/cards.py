"""Which provider takes cards here, and which one knows a payment of before."""

from __future__ import annotations

from collections.abc import Sequence

from upstage_crm.payments.errors import CardNotOffered
from upstage_crm.payments.providers.provider import Provider
from upstage_crm.payments.providers.test_acquirer import Acquirer
from upstage_crm.payments.views import PaymentView


class Cards:
    """The providers of a process. The first one takes new payments; without any, no card is taken.

    A payment goes on with the provider that it began with, as long as that one is still set up.
    """

    def __init__(self, providers: Sequence[Provider] = ()) -> None:
        self._providers = tuple(providers)

    @property
    def is_offered(self) -> bool:
        """Whether a card can be charged here."""
        return bool(self._providers)

    @property
    def offered(self) -> Provider:
        """The provider of new payments.

        Raises:
            CardNotOffered: there is none.
        """
        if not self._providers:
            raise CardNotOffered
        return self._providers[0]

    def of(self, payment: PaymentView) -> Provider:
        """The provider that knows a payment; one that no provider knows yet has the offered one.

        Raises:
            CardNotOffered: it is not set up any more.
        """
        if not payment.reference:
            return self.offered
        for provider in self._providers:
            if payment.reference.startswith(provider.mark):
                return provider
        raise CardNotOffered

    @property
    def acquirer(self) -> Acquirer | None:
        """The test acquirer, where it is the one that is offered."""
        return next((one for one in self._providers if isinstance(one, Acquirer)), None)
