"""Tools for authors: store outputs, stamp addresses, look for secrets."""
