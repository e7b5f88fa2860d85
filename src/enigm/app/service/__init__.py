"""The App's two ways to the service: the account path and the channel path, never on one line."""
