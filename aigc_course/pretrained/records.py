"""Which checkpoints ship with the course."""

TALES = ("tales-gpt", "tales-gpt2", "tales-bert")
GLYPHS = ("glyphs-judge", "glyphs-fonts", "glyphs-vae", "glyphs-gan")
NAMES = (*TALES, *GLYPHS)
