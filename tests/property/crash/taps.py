"""The ports as the roles of a town see them: every call is counted, and one of them goes wrong."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Any

from sosw import ports, storage
from sosw.aws.dynamodb import TableFailed
from sosw.domain.errors import InvokeRefused, InvokeUncertain, SoswError, SourceUnavailable
from sosw.ports import Outcome
from sosw.storage import ObjectsFailed
from tests.property.world.stepping import Crash


class Kind(Enum):
    """What a method of a port does."""

    READ = "reads"
    WRITE = "writes once"
    MANY = "writes many, or raises"
    OUTCOMES = "writes many, and tells what became of each"


class Mode(Enum):
    """What goes wrong with a call."""

    DIES_BEFORE = "the caller dies before it"
    DIES_AFTER = "the caller dies after it took effect"
    THROTTLED = "it is throttled"
    LOST = "it takes effect, its reply is lost"
    REPEATED = "it takes effect, its reply is lost, and its repetition is answered"
    ARRIVES_LATE = "it is given up, and takes effect a minute later"
    HEARS_LATE = "its reply comes when a lease's time has passed"
    HALF = "half of the batch takes effect, the rest is throttled"
    DIES_AMID = "half of the batch takes effect, and the caller dies"


OF_WRITES = (Mode.DIES_AFTER, Mode.LOST, Mode.REPEATED, Mode.ARRIVES_LATE)
MODES: dict[Kind, tuple[Mode, ...]] = {
    Kind.READ: (Mode.DIES_BEFORE, Mode.THROTTLED, Mode.HEARS_LATE),
    Kind.WRITE: (Mode.DIES_BEFORE, Mode.THROTTLED, Mode.HEARS_LATE, *OF_WRITES),
    Kind.MANY: (Mode.DIES_BEFORE, Mode.THROTTLED, Mode.HEARS_LATE, *OF_WRITES, Mode.HALF, Mode.DIES_AMID),
    Kind.OUTCOMES: (Mode.DIES_BEFORE, Mode.THROTTLED, Mode.HEARS_LATE, *OF_WRITES, Mode.HALF, Mode.DIES_AMID),
}


@dataclass(frozen=True)
class Port:
    """A port of AWS: its methods, and what its callers are told when it does not answer."""

    protocol: type
    methods: dict[str, Kind]
    throttled: Callable[[], SoswError]
    unclear: Callable[[], SoswError]
    local: frozenset[str] = frozenset()
    """What else can be asked of it, without any call."""


def _table_failed() -> SoswError:
    return TableFailed.of("table", "Call", "Throttling", "", is_passing=True)


def _uncertain() -> SoswError:
    return InvokeUncertain("f", "no answer")


def _objects_failed() -> SoswError:
    return ObjectsFailed("b", "a call", "SlowDown")


READ, WRITE, MANY, OUTCOMES = Kind
PORTS: dict[str, Port] = {
    "tasks": Port(
        ports.TaskStore,
        {"create": MANY, "get": READ, "get_many": READ, "places": READ, "apply": WRITE, "apply_all": OUTCOMES},
        _table_failed, _table_failed,
    ),
    "slots": Port(ports.SlotStore, {"rows": READ, "write": WRITE}, _table_failed, _table_failed),
    "records": Port(
        ports.RecordStore, {"read": READ, "write": WRITE, "note": WRITE, "log": READ}, _table_failed, _table_failed
    ),
    "jobs": Port(
        ports.JobStore,
        {
            "open": WRITE, "get": READ, "apply": WRITE, "left": READ, "recent": READ, "count": WRITE,
            "uncounted": READ, "recount": READ, "keep": WRITE, "count_again": WRITE,
        },
        _table_failed, _table_failed,
    ),
    "watches": Port(
        storage.WatchStore, {"watch": WRITE, "due": READ, "get": READ, "save": WRITE}, _table_failed, _table_failed
    ),
    "bucket": Port(
        storage.ObjectStore, {"put": WRITE, "get": READ, "keys": READ}, _objects_failed, _objects_failed,
        local=frozenset({"bucket", "to_get", "to_put"}),
    ),
    "notifier": Port(ports.Notifier, {"publish": WRITE}, _uncertain, _uncertain),
    "config": Port(ports.ConfigStore, {"get": READ, "look": READ, "replace": WRITE}, _table_failed, _table_failed),
    "sources": Port(
        ports.SourceReader, {"pin": READ, "lines": READ, "objects": READ},
        lambda: SourceUnavailable("s3://b/k", "is busy"), lambda: SourceUnavailable("s3://b/k", "is silent"),
    ),
    "invoker": Port(
        ports.Invoker, {"start": WRITE}, lambda: InvokeRefused("f", "throttled", is_passing=True), _uncertain
    ),
    "reminder": Port(ports.Reminder, {"remind": MANY}, _uncertain, _uncertain),
}  # fmt: skip
"""By the names that the Worlds of the Essentials give them. What is new must be told here what it does."""

NO_PORT_OF_AWS = {
    "Counts": "lines of the log",
    "UrlSigner": "signs by itself",
    "Clock": "time is the machine's own",
    "Limits": "made of records",
    "Admission": "made of records and slots",
    "Gates": "made of records and slots",
    "InParallel": "threads",
    "HealthSource": "measures; one that does not answer is a reading that says so",
    "ConfigSource": "the reading half of ConfigStore",
}
"""Protocols that nobody can be cut off from in the middle of a call."""
ONCE = frozenset({"invoker"})
"""Ports that send once, and repeat nothing."""


def unknown() -> list[str]:
    """Ports and methods of `sosw.ports` and `sosw.storage` that nobody has told the harness of."""
    known = {port.protocol: set(port.methods) for port in PORTS.values()}
    told = []
    for name, protocol in {**vars(ports), **vars(storage)}.items():
        if not getattr(protocol, "_is_protocol", False) or name in {"Protocol", *NO_PORT_OF_AWS}:
            continue
        told += [f"{name}.{method}" for method in _methods(protocol) if method not in known.get(protocol, ())]
    return told


def _methods(protocol: type) -> Iterator[str]:
    return (name for name, _ in inspect.getmembers(protocol, inspect.isfunction) if not name.startswith("_"))


@dataclass(frozen=True)
class Point:
    """Call number `number` of a story, counted from 0, goes wrong in that way."""

    number: int
    mode: Mode


@dataclass(frozen=True)
class Made:
    """A call that was made: by whom, and of what."""

    role: str
    port: str
    method: str
    is_batch: bool
    moves: tuple[str, ...]
    """Names of the transitions that it asks for."""

    @property
    def modes(self) -> tuple[Mode, ...]:
        """The ways in which it can go wrong."""
        modes = MODES[PORTS[self.port].methods[self.method]]
        halves = () if self.is_batch else (Mode.HALF, Mode.DIES_AMID)
        without = {*halves, *((Mode.REPEATED,) if self.port in ONCE else ())}
        return tuple(mode for mode in modes if mode not in without)


class Wire:
    """All calls of a town go over it."""

    def __init__(self, point: Point | None, meanwhile: Callable[[], None]) -> None:
        """`meanwhile` lets the world go on while a caller waits for its reply."""
        self.point, self._meanwhile = point, meanwhile
        self.made: list[Made] = []
        self.late: list[Callable[[], Any]] = []
        self.role = ""
        self.wrong: list[tuple[Made, Mode]] = []
        """Calls that went wrong so far, and how."""
        self._scripted: dict[tuple[str, str, str], list[Mode | None]] = {}

    def script(self, role: str, port: str, method: str, *modes: Mode | None) -> None:
        """The story itself asks for faults, at the next such calls of that role."""
        self._scripted[role, port, method] = list(modes)

    def call(self, port: str, method: str, effect: Callable[..., Any], args: tuple[Any, ...], named: Any) -> Any:
        kind = PORTS[port].methods.get(method)
        assert kind, f"the harness does not know {port}.{method}: say in tests/property/crash/taps.py what it does"
        batch = args[0] if args and kind in {MANY, OUTCOMES} else ()
        moves = tuple(f"{port}.{move}" for move in _moves(args))
        self.made.append(Made(self.role, port, method, len(batch) > 1, moves))
        script = self._scripted.get((self.role, port, method))
        mode = script.pop(0) if script else None
        if self.point and len(self.made) - 1 == self.point.number:
            mode = self.point.mode
        if mode is None:
            return effect(*args, **named)
        self.wrong.append((self.made[-1], mode))
        return self._go_wrong(mode, PORTS[port], kind, lambda *given: effect(*(given or args), **named), batch)

    def _go_wrong(self, mode: Mode, port: Port, kind: Kind, effect: Callable[..., Any], batch: Any) -> Any:
        match mode:
            case Mode.DIES_BEFORE:
                raise Crash
            case Mode.DIES_AFTER | Mode.DIES_AMID:
                _attempt(lambda: effect(*([_half(batch)] if mode is Mode.DIES_AMID else [])))
                raise Crash
            case Mode.REPEATED:
                _attempt(effect)
                return effect()
            case Mode.HEARS_LATE:
                answer = _attempt(effect)
                self.sleep()
                return _told(answer)
            case Mode.HALF:
                done = effect(_half(batch))
                return self._deny(port.throttled, kind, len(batch) - len(_half(batch)), done)
            case Mode.LOST:
                _attempt(effect)
            case Mode.ARRIVES_LATE:
                self.late.append(lambda: _attempt(effect))
        return self._deny(port.throttled if mode is Mode.THROTTLED else port.unclear, kind, len(batch))

    @staticmethod
    def _deny(error: Callable[[], SoswError], kind: Kind, count: int, done: Any = ()) -> Any:
        """Of a batch whose outcomes are told, nobody knows; else an error is raised."""
        if kind is OUTCOMES:
            return [*done, *[Outcome.UNCERTAIN] * count]
        raise error()

    def sleep(self) -> None:
        """The caller waits for its reply, and the world goes on."""
        role = self.role
        self._meanwhile()
        self.role = role


class Tap:
    """A port, by its name."""

    def __init__(self, wire: Wire, port: str, real: Any) -> None:
        self._wire, self._port, self._real = wire, port, real

    def __getattr__(self, method: str) -> Any:
        effect = getattr(self._real, method)
        if method in PORTS[self._port].local:
            return effect
        return lambda *args, **named: self._wire.call(self._port, method, effect, args, named)


def _attempt(effect: Callable[[], Any]) -> Any:
    """What came of it: an error of ours is an answer, too."""
    try:
        return effect()
    except SoswError as error:
        return error


def _told(answer: Any) -> Any:
    if isinstance(answer, SoswError):
        raise answer
    return answer


def _half(batch: Any) -> Any:
    return list(batch)[: len(batch) // 2]


def _moves(args: tuple[Any, ...]) -> tuple[str, ...]:
    asked = args[0] if args and isinstance(args[0], list) else args[:1]
    return tuple(move for move in (getattr(one, "move", None) for one in asked) if isinstance(move, str))
