"""The words of every enum, error and action, each in one table."""
