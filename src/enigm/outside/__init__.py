"""One adapter per system that we do not run. There is none yet: the service speaks to nobody."""
