"""Who this profile is: phrase, root key, device keys, and how people compare identities."""
