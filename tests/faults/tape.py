"""Records what SQLite writes, syncs, truncates and deletes: a layer of our own between it and the operating system.

It is a VFS registered in the very library the `sqlite3` module uses, so what is recorded is what really happens. Asked
to, it also lets a step fail as a disk does.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Generator
from contextlib import contextmanager
from ctypes import CFUNCTYPE, c_char_p, c_int, c_int64, c_void_p
from typing import Any, Final, Literal, NamedTuple, TypeAlias

Kind = Literal["write", "sync", "failed sync", "truncate", "delete", "told"]


class Step(NamedTuple):
    """One step of the tape; "told" is ours: a call was acknowledged."""

    kind: Kind
    file: str = ""
    offset: int = 0
    data: bytes = b""


Fails: TypeAlias = Callable[[Step], int | None]
"""Asked before each step: None to let it be done, else SQLite's code of the error; 0 conceals that it failed."""

_OPEN = CFUNCTYPE(c_int, c_void_p, c_void_p, c_void_p, c_int, c_void_p)
_DELETE = CFUNCTYPE(c_int, c_void_p, c_void_p, c_int)
_WRITE = CFUNCTYPE(c_int, c_void_p, c_void_p, c_int, c_int64)
_TRUNCATE = CFUNCTYPE(c_int, c_void_p, c_int64)
_SYNC = CFUNCTYPE(c_int, c_void_p, c_int)


class _Vfs(ctypes.Structure):
    """`sqlite3_vfs`, version 3."""

    _fields_ = (
        *(("version", c_int), ("file_size", c_int), ("longest_path", c_int), ("next", c_void_p), ("name", c_char_p)),
        *(("data", c_void_p), ("open", c_void_p), ("delete", c_void_p)),
        *((f"other{number}", c_void_p) for number in range(14)),
    )
    version: int
    name: bytes
    open: int
    delete: int


class _Methods(ctypes.Structure):
    """`sqlite3_io_methods`, version 3."""

    _fields_ = (
        *(("version", c_int), ("close", c_void_p), ("read", c_void_p)),
        *(("write", c_void_p), ("truncate", c_void_p), ("sync", c_void_p)),
        *((f"other{number}", c_void_p) for number in range(13)),
    )
    write: int
    truncate: int
    sync: int


_alive: Final[list[object]] = []
"""Files that are still open call what is kept here."""


def library() -> ctypes.CDLL | None:
    """The SQLite of this Python, if its functions can be reached."""
    import _sqlite3

    try:
        found = ctypes.CDLL(_sqlite3.__file__)
        found.sqlite3_vfs_find.restype = c_void_p
        found.sqlite3_vfs_register.argtypes = [c_void_p, c_int]
        found.sqlite3_vfs_unregister.argtypes = [c_void_p]
    except (AttributeError, OSError):
        return None
    return found


@contextmanager
def recording(fails: Fails = lambda _: None) -> Generator[list[Step]]:
    """Record what happens to the files opened inside."""
    sqlite = library()
    assert sqlite is not None, "ask library() first"
    tape: list[Step] = []
    address = sqlite.sqlite3_vfs_find(None)
    ours = _Vfs.from_buffer_copy(_Vfs.from_address(address))
    ours.name = b"caretrail-tape"
    recorder = _Recorder(address, ours, tape, fails)
    _alive.append(recorder)
    sqlite.sqlite3_vfs_register(ctypes.byref(ours), 1)
    try:
        yield tape
    finally:
        sqlite.sqlite3_vfs_unregister(ctypes.byref(ours))


class _Recorder:
    """Puts its own functions in the place of the five that change files; they call the real ones."""

    def __init__(self, address: int, ours: _Vfs, tape: list[Step], fails: Fails) -> None:
        self._address = address
        self._tape = tape
        self._fails = fails
        self._open = _OPEN(ours.open)
        self._delete = _DELETE(ours.delete)
        self._names: dict[int, str] = {}
        self._real: dict[int, tuple[Callable[..., int], Callable[..., int], Callable[..., int]]] = {}
        self._methods: dict[int, _Methods] = {}
        self._kept: list[Any] = [ours, _OPEN(self._opened), _DELETE(self._deleted)]
        self._kept += [_WRITE(self._written), _TRUNCATE(self._truncated), _SYNC(self._synced)]
        ours.open, ours.delete = _address_of(self._kept[1]), _address_of(self._kept[2])

    def _opened(self, _vfs: int, name: int | None, file: int, mode: int, out: int | None) -> int:
        result = self._open(self._address, name, file, mode, out)
        place = c_void_p.from_address(file)
        if result == 0 and name is not None and place.value is not None:
            self._names[file] = _text(name)
            place.value = ctypes.addressof(self._wrapped(file, place.value))
        return int(result)

    def _wrapped(self, file: int, real: int) -> _Methods:
        methods = _Methods.from_address(real)
        self._real[file] = (_WRITE(methods.write), _TRUNCATE(methods.truncate), _SYNC(methods.sync))
        if real not in self._methods:
            copy = _Methods.from_buffer_copy(methods)
            copy.write, copy.truncate, copy.sync = (_address_of(function) for function in self._kept[3:6])
            self._methods[real] = copy
        return self._methods[real]

    def _written(self, file: int, buffer: int, amount: int, offset: int) -> int:
        step = Step("write", self._names[file], offset, ctypes.string_at(buffer, amount))
        failed = self._fails(step)
        if failed is not None:  # half of it is there
            amount //= 2
            step = step._replace(data=step.data[:amount])
        self._tape.append(step)
        result = self._real[file][0](file, buffer, amount, offset)
        return result if failed is None else failed

    def _truncated(self, file: int, size: int) -> int:
        step = Step("truncate", self._names[file], size)
        if (failed := self._fails(step)) is not None:
            return failed
        self._tape.append(step)
        return self._real[file][1](file, size)

    def _synced(self, file: int, mode: int) -> int:
        step = Step("sync", self._names[file])
        if (failed := self._fails(step)) is not None:
            self._tape.append(step._replace(kind="failed sync"))
            return failed
        result = self._real[file][2](file, mode)
        self._tape.append(step)
        return result

    def _deleted(self, _vfs: int, name: int, sync: int) -> int:
        step = Step("delete", _text(name))
        if (failed := self._fails(step)) is not None:
            return failed
        self._tape.append(step)
        return int(self._delete(self._address, name, sync))


def _text(name: int) -> str:
    """The last part of a file's name."""
    return ctypes.string_at(name).decode().rpartition("/")[2]


def _address_of(function: Any) -> int:
    address = ctypes.cast(function, c_void_p).value
    assert address is not None
    return address
