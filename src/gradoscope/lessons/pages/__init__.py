"""The lessons: one file each, with a value `LESSON`."""
