"""The main process, its workers, and how they start, stop and replace each other."""
