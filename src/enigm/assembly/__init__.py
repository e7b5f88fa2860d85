"""Builds the running system; the only place that knows every part."""
