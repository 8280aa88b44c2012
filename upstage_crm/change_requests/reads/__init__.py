"""What pages, mails and the clock read of change requests. Writes nothing."""
