"""What happens by itself in every worker: the recurring jobs, and the news for open pages."""
