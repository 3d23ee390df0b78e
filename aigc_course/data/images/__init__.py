"""Pictures: glyphs drawn with known factors, handwritten digits, MNIST, folders of one's own."""
