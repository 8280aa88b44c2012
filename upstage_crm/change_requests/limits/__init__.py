"""How much one staff member may propose: thresholds, attempts and alerts."""
