"""Long random histories in which something must always hold."""
