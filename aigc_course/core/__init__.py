"""Errors, checks of arguments, files, paths and the machine; nothing here needs torch."""
