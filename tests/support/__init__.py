"""Fakes, builders and simulators that the tests share."""
