"""The MLS engine: groups in motion, what is refused, and what is left behind."""
