"""The HTTP face: one application over the domains' routes, one door, one way of saying no."""
