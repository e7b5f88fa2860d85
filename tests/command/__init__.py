"""Command over HTTP: guards, sessions, pages, and what it can never reach."""
