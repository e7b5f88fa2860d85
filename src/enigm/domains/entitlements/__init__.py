"""What accounts hold: products and their terms. It grants no key, no trust and no right."""
