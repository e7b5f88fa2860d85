"""What posture does: take reports in, say how a handle stands, and show it to administrators."""
