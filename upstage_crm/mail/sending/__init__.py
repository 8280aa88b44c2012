"""How a queued mail leaves: claimed, paced, signed and handed to a sender."""
