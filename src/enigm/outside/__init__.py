"""One adapter per system that we do not run."""
