"""Stories in a real browser: the pages, their guards, and two people who talk."""
