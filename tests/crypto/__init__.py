"""The primitives against vectors and independent implementations."""
