"""Delivery of sealed messages."""
