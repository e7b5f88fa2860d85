"""Byte formats that the App and the service share."""
