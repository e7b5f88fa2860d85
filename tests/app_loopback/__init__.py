"""The loopback server without a browser: guards, the door, the API table, the news stream."""
