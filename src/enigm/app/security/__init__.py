"""The Trust Security Center: what is well on this machine, and what of it is told, if at all."""
