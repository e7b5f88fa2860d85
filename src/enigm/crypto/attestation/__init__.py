"""Verifying what a machine proves about itself; needs no TPM, only the proofs."""
