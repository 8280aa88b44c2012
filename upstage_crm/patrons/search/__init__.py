"""Finds patrons: the index of words, searches, filters, orders and pages of the list."""
