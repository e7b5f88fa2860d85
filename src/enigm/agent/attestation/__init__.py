"""Making evidence with this machine's TPM, for `enigm.crypto.attestation` to verify elsewhere."""
