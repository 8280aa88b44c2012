"""What the database itself refuses: rules as data, written as triggers of two dialects."""
