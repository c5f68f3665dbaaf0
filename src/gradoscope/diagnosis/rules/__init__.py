"""One file per fault; its docstring is the page that `gradoscope show` prints."""
