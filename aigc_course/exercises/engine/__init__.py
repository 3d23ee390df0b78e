"""How exercises work: looked up, checked, compared, recorded."""
