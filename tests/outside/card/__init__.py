"""Payment by card, against a processor of the tests' own and one that others wrote."""
