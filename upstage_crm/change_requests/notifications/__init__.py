"""The mails of change requests: what each reader is told, and the links in it."""
