"""A witness of audit logs: a process somebody else should run, so that no log can fork."""
