"""What belongs to a patron's record besides its own row: contacts, preferences and notes."""
