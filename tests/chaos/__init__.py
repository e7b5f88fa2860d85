"""What is promised must hold while processes are killed at any instant."""
