"""What this machine's own settings say about its safety, read in a moment and kept here."""
