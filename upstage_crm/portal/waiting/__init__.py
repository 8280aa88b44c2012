"""The waiting list: asking for a place, and the page behind its link."""
