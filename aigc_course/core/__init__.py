"""Errors, argument checks, files, paths and the machine. Nothing here needs torch."""
