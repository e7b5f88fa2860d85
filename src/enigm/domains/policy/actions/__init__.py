"""What policy does: decide, and be governed."""
