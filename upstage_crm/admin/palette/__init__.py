"""The command palette: patrons, requests, pages and the actions of the open record, by keyboard."""
