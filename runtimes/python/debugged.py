"""Starts the bootstrap (argv[1]) under debugpy, for `kiln debug`.

The function sees what it always sees: debugpy's folder is on sys.path only while debugpy is imported.
"""

import os
import sys


def debugpy_folder():
    import site

    version = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    folders = [*site.getsitepackages(), f"/usr/local/lib/{version}/dist-packages", "/usr/lib/python3/dist-packages"]
    for folder in folders:
        if os.path.isdir(os.path.join(folder, "debugpy")):
            return folder
    raise SystemExit(f"kiln debug: no debugpy for {sys.executable}; it was looked for in {', '.join(folders)}")


def listen():
    # The modules of Python's own start are frozen, which debugpy would warn about.
    os.environ.setdefault("PYDEVD_DISABLE_FILE_VALIDATION", "1")
    folder = debugpy_folder()
    sys.path.append(folder)
    try:
        import debugpy

        debugpy.listen(("127.0.0.1", int(os.environ.pop("KILN_DEBUG_PORT"))))
        if os.environ.pop("KILN_DEBUG_WAIT", "0") == "1":
            debugpy.wait_for_client()
    finally:
        sys.path.remove(folder)


listen()
del sys.argv[0]
sys.path[0] = os.path.dirname(sys.argv[0])
with open(sys.argv[0], "rb") as bootstrap:
    code = compile(bootstrap.read(), sys.argv[0], "exec")
__doc__ = None
__file__ = sys.argv[0]
exec(code, globals())
