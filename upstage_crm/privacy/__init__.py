"""A patron's rights over their data: erasure, and what needs care before it."""
