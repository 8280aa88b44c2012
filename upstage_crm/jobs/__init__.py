"""What the clock does: the recurring jobs of every worker."""
