"""The optional agent of a managed device; off until its user turns it on [OSM-01]."""
