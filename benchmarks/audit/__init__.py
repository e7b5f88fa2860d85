"""How fast decisions are recorded, beside another log."""
