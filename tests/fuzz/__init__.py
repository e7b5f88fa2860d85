"""Bytes that nobody meant: whatever comes, the answer is a refusal or a value."""
