"""What can be done with the audit log: record, read, publish."""
