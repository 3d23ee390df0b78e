"""From text to tokens: cleaning, segmentation, byte-pair encoding, vocabularies, splits."""
