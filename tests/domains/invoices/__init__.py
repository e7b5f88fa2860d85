"""Invoices: the law's rules for them, and ours for what they tell."""
