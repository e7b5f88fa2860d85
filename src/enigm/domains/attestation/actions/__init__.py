"""What attestation does: enrol, challenge, judge evidence, and be set up and reviewed."""
