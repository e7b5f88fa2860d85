"""Speed and size of the MLS engine beside three others, in one run."""
