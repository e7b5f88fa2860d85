"""The whole story with real processes, and what each party could and could not see."""
