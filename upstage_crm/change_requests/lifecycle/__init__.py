"""One request from its proposal to its end: checks, creation, answers, the clock."""
