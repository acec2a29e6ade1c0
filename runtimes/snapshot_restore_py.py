"""Runtime hooks of snapshot start, as AWS's package of this name has them.

    from snapshot_restore_py import register_before_snapshot, register_after_restore

Both take a function with its arguments, or decorate one. Those before the snapshot run in the reverse order of
their registration, those after a restore in its order.
"""

_before_snapshot = []
_after_restore = []


def register_before_snapshot(func, *args, **kwargs):
    _before_snapshot.append((func, args, kwargs))
    return func


def register_after_restore(func, *args, **kwargs):
    _after_restore.append((func, args, kwargs))
    return func


def get_before_snapshot():
    return _before_snapshot


def get_after_restore():
    return _after_restore
