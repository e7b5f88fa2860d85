"""Decisions of commerce: no clock, dice, disk or network."""
