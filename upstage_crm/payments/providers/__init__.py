"""Who captures payments by card: one protocol, and the doors that keep it."""
