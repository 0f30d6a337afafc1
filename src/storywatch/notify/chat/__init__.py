"""Chat services: one file each, over what they have in common."""
