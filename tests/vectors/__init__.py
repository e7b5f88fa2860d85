"""The official MLS test vectors, all sixteen kinds: a runner and one checker for each kind."""
