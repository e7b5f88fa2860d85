"""The house rules as tests: each reads the tree, and each is shown to fail on a planted fault."""
