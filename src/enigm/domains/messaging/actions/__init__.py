"""What delivery can do: append, read, listen, admit; one file per deed."""
