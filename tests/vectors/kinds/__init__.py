"""One checker for each kind of official vector file: ``check`` raises if a vector fails."""
