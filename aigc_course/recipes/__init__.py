"""How each checkpoint that ships with the course is made."""
