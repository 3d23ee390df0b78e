"""Text as it comes: web pages, Python's own documentation, a file of one's own."""
