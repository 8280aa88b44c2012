"""A patron's account: signing in, what they hold, and where they are signed in."""
