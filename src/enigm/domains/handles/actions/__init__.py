"""What the Handle Authority does: name, revoke, resolve under two approvals."""
