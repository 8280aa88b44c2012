"""What pages need of HTTP: the staff cookie and pinned origins."""
