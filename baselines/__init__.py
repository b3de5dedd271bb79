"""Who competes: one file a method. The folder is the registry; adding a method is adding its file."""
