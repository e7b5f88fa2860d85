"""One negative test for each validation rule of RFC 9420, named by section."""
