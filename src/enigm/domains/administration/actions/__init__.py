"""What can be done with administrators: invite, enrol, sign in, act, revoke."""
