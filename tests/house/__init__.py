"""The `enigm` command, what it starts, and the wheel it comes in."""
