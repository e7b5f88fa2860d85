"""Enigm: private messaging by separation that can be proved."""
