"""Orders that are opened by a link in a mail: asked for, opened, and shown."""
