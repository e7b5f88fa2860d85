"""What every part may rely on: errors, ids, clock, entropy, limits, storage, records."""
