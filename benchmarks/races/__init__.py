"""One file per race, each with a function `race() -> Race`; a new file is found by itself."""
