"""The story world and the newsroom: tales and headlines in English and Chinese with known rules."""
