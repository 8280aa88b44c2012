"""Accounts of patrons: a mailbox signs in by a code or a link, and a session that opens its own."""
