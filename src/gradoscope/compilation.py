"""Compiled programs outlive the process: what JAX compiled yesterday, it loads today.

JAX tells programs apart by their code, its own version and the processor's features, so a home shared by several
machines is safe. Compiled programs are executable code: the folder is the user's alone.
"""

import os
import warnings
from pathlib import Path

SIZE_LIMIT = 512 * 1024**2  # bytes; one compiled program takes 2 to 200 kB
KEEP_EVERYTHING = {"persistent_cache_min_compile_time_secs": 0.0, "persistent_cache_min_entry_size_bytes": -1}


def cache_folder() -> Path:
    """Where compiled programs are kept: `$XDG_CACHE_HOME/gradoscope/jax`, by default `~/.cache/gradoscope/jax`.

    Raises
    ------
    RuntimeError
        If the user has no home.
    """
    asked = Path(os.environ.get("XDG_CACHE_HOME", ""))
    caches = asked if asked.is_absolute() else Path.home() / ".cache"
    return caches / "gradoscope" / "jax"


def keep_compiled_programs() -> Path | None:
    """Let JAX keep the programs that it compiles, and load those that it compiled before.

    A program calls this once, before its first computation. Where JAX was told of a folder already
    (`JAX_COMPILATION_CACHE_DIR`), that one is used. Where nothing can be written, programs are compiled as usual.

    Returns
    -------
    Path or None
        The folder in use; None where there is none.
    """
    import jax

    if chosen := jax.config.values["jax_compilation_cache_dir"]:
        return Path(chosen)
    try:
        folder = cache_folder()
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not os.access(folder, os.W_OK):
            return None
        forget_oldest(folder, SIZE_LIMIT)
    except (OSError, RuntimeError):  # a read-only or full disk, no home: only time is lost
        return None
    settings = {"compilation_cache_dir": str(folder), **KEEP_EVERYTHING}
    for name, value in settings.items():
        jax.config.update(f"jax_{name}", value)  # type: ignore[no-untyped-call]
    # A disk that fills up meanwhile, or an entry that another process is still writing: again only time is lost.
    warnings.filterwarnings("ignore", r"Error (reading|writing) persistent compilation cache entry", UserWarning)
    return folder


def forget_oldest(folder: Path, limit: int) -> None:
    """Remove the files of `folder` that were used longest ago, until the rest take at most `limit` bytes."""
    files = [(path.stat(), path) for path in folder.iterdir()]
    files.sort(key=lambda file: max(file[0].st_atime, file[0].st_mtime), reverse=True)
    total = 0
    for stat, path in files:
        total += stat.st_size
        if total > limit:
            path.unlink(missing_ok=True)
