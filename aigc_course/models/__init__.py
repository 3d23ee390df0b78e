"""What the lessons built: models of text and of images."""
