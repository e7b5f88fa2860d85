"""Byte formats."""
