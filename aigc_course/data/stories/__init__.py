"""The story world and the newsroom: tales and headlines in English and Chinese whose every rule is
known.
"""
