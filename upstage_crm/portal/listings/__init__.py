"""What is on: events, performances and their seats, as everybody sees them."""
