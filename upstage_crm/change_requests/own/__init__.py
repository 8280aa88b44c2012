"""The room of what patrons change themselves."""
