"""What was asked for, what became of it, and who may see it."""
