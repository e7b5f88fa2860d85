"""What the service does, one folder per concern; none knows another."""
