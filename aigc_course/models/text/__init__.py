"""Models of text, from n-grams to the Transformer."""
