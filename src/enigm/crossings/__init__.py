"""What moves between domains: one file per flow, each saying what it carries and withholds."""
