"""What shows records: tables, rows, changes, states."""
