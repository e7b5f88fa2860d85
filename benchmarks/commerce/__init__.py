"""Measurements of the shop."""
