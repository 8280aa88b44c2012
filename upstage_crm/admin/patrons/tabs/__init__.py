"""The tabs of a patron's record, and how the record with its open tab is read."""
