"""The part of `dataclasses` that keylint uses, with the same meaning but quick to define.

`dataclasses` writes source code for each class and compiles it, 0.5 ms a class, and imports `inspect`. For
the sixty classes of a scan that is 40 ms at every start, three times what Python itself takes: too much for
a hook. Here all classes share their methods, and making an instance costs 1 µs more. Classes of which there
are many instances get an initializer of their own: with slots when the first instance is made, else a little
later. What asks a class for its fields (`dataclasses.fields`, `replace`, `asdict`) works, too.
"""

from __future__ import annotations

from operator import attrgetter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from dataclasses import dataclass, field, replace
    from typing import Any
else:

    def dataclass(cls=None, *, frozen=False, slots=False):
        """As `dataclasses.dataclass`, for classes that inherit no fields."""

        def make(cls):
            return _make(cls, frozen, slots)

        return make if cls is None else make(cls)

    def field(**options):
        """As `dataclasses.field`, with `default`, `default_factory` and `repr`."""
        return _Field(options)

    def replace(instance, **changes):
        """As `dataclasses.replace`."""
        names = instance.__match_args__
        values = getattr(instance, "__dict__", ())  # none with slots
        if len(values) != len(names):
            values = {name: getattr(instance, name) for name in names}
        return type(instance)(**{**values, **changes})


__all__ = ["dataclass", "field", "replace"]

_MANY = 200  # instances, from which on an initializer of its own pays for a class


class _Field:
    def __init__(self, options: dict[str, Any]) -> None:
        self.options = options


def _make(cls: Any, frozen: bool, slots: bool) -> Any:
    names = tuple(cls.__annotations__)
    stated = {name: vars(cls)[name] for name in names if name in vars(cls)}
    options = {name: value.options for name, value in stated.items() if isinstance(value, _Field)}
    defaults = {name: value for name, value in stated.items() if name not in options}
    factories = {}
    for name, given in options.items():
        delattr(cls, name)
        if "default" in given:
            defaults[name] = given["default"]
            setattr(cls, name, given["default"])
        elif "default_factory" in given:
            factories[name] = given["default_factory"]
    if slots:
        cls = _with_slots(cls, names)
    hidden = frozenset(name for name, given in options.items() if not given.get("repr", True))
    initializer = _late_initializer if slots else _initializer
    methods = {
        "__init__": initializer(cls, names, defaults, factories),
        "__repr__": _representer(names, hidden),
        "__eq__": _equal,
        "__match_args__": names,
        "__values__": attrgetter(*(names or ("__class__",))),
        "__dataclass_fields__": _Fields(stated, frozen),
    }
    for name, method in methods.items():
        if name not in vars(cls):
            setattr(cls, name, method)
    cls.__hash__ = _hash if frozen else None
    if frozen:
        cls.__setattr__ = _refuse_to_set
        cls.__delattr__ = _refuse_to_delete
    return cls


def _with_slots(cls: Any, names: tuple[str, ...]) -> Any:
    body = {
        name: value
        for name, value in vars(cls).items()
        if name not in names and name not in ("__dict__", "__weakref__")
    }
    state = {"__slots__": names, "__getstate__": _values, "__setstate__": _restore}
    made = type(cls)(cls.__name__, cls.__bases__, {**body, **state})
    made.__qualname__ = cls.__qualname__
    return made


def _initializer(
    cls: Any, names: tuple[str, ...], defaults: dict[str, Any], factories: dict[str, Any]
) -> Any:
    check = vars(cls).get("__post_init__")
    known = frozenset(names)
    count = len(names)
    made = 0

    def initialize(self: Any, *values: Any, **named: Any) -> None:
        nonlocal made
        made += 1
        if made == _MANY:
            cls.__init__ = _compiled_initializer(cls, names, defaults, factories, slots=False)
        own = self.__dict__
        own.update(defaults)
        own.update(zip(names, values))  # noqa: B905  (too many values are refused below)
        own.update(named)
        for name, factory in factories.items():
            if name not in own:
                own[name] = factory()
        if own.keys() != known or len(values) > count or not named.keys().isdisjoint(names[: len(values)]):
            raise TypeError(_complaint(cls.__name__, names, len(values), [*named], own))
        if check:
            check(self)

    return initialize


def _late_initializer(
    cls: Any, names: tuple[str, ...], defaults: dict[str, Any], factories: dict[str, Any]
) -> Any:
    """Gives the class a compiled initializer, three times as fast, when its first instance is made."""

    def initialize(self: Any, *values: Any, **named: Any) -> None:
        cls.__init__ = _compiled_initializer(cls, names, defaults, factories, slots=True)
        cls.__init__(self, *values, **named)

    return initialize


def _compiled_initializer(
    cls: Any, names: tuple[str, ...], defaults: dict[str, Any], factories: dict[str, Any], *, slots: bool
) -> Any:
    """A function with a parameter for each field. Its source has nothing but the names of the fields."""
    scope: dict[str, Any] = {f"put_{name}": vars(cls)[name].__set__ for name in names if slots}
    scope |= {f"default_{name}": value for name, value in defaults.items()}
    scope |= {f"make_{name}": factory for name, factory in factories.items()}
    scope["unset"] = object()
    parameters = []
    lines = [] if slots else [" own = self.__dict__"]
    for name in names:
        value = name
        if name in defaults:
            parameters.append(f"{name}=default_{name}")
        elif name in factories:
            parameters.append(f"{name}=unset")
            value = f"make_{name}() if {name} is unset else {name}"
        else:
            parameters.append(name)
        lines.append(f" put_{name}(self, {value})" if slots else f" own[{name!r}] = {value}")
    if "__post_init__" in vars(cls):
        lines.append(" self.__post_init__()")
    exec("\n".join([f"def __init__(self, {', '.join(parameters)}):", *lines]), scope)  # noqa: S102
    return scope["__init__"]


def _complaint(kind: str, names: tuple[str, ...], given: int, named: list[str], own: dict[str, Any]) -> str:
    """Why a call does not fit. Names only: values may be secret."""
    if given > len(names):
        return f"{kind} takes {len(names)} values, not {given}"
    missing = ", ".join(name for name in names if name not in own) or "none"
    unknown = ", ".join(name for name in named if name not in names) or "none"
    twice = ", ".join(name for name in named if name in names[:given]) or "none"
    return f"{kind}: missing: {missing}; unknown: {unknown}; given twice: {twice}"


def _representer(names: tuple[str, ...], hidden: frozenset[str]) -> Any:
    shown = [name for name in names if name not in hidden]

    def represent(self: Any) -> str:
        body = ", ".join(f"{name}={getattr(self, name)!r}" for name in shown)
        return f"{type(self).__qualname__}({body})"

    return represent


class _Fields:
    """Stands for `__dataclass_fields__` until somebody asks for it."""

    def __init__(self, stated: dict[str, Any], frozen: bool) -> None:
        self._stated = stated
        self._frozen = frozen

    def __get__(self, _instance: object, owner: Any) -> Any:
        import dataclasses

        body = {
            name: dataclasses.field(**value.options) if isinstance(value, _Field) else value
            for name, value in self._stated.items()
        }
        body["__annotations__"] = dict(owner.__annotations__)
        body["__module__"] = owner.__module__
        twin: Any = dataclasses.dataclass(frozen=self._frozen)(type(owner.__name__, (), body))
        owner.__dataclass_fields__ = twin.__dataclass_fields__
        return owner.__dataclass_fields__


def _equal(self: Any, other: object) -> bool:
    values = self.__values__
    return values(self) == values(other) if other.__class__ is self.__class__ else NotImplemented


def _hash(self: Any) -> int:
    return hash(self.__values__(self))


def _values(self: Any) -> tuple[Any, ...]:
    return tuple([getattr(self, name) for name in self.__match_args__])


def _refuse_to_set(self: object, name: str, _value: object) -> None:
    raise AttributeError(f"cannot assign to field {name!r}")


def _refuse_to_delete(self: object, name: str) -> None:
    raise AttributeError(f"cannot delete field {name!r}")


def _restore(self: Any, state: tuple[Any, ...]) -> None:
    """Fill a copy of an instance with slots."""
    for name, value in zip(self.__match_args__, state, strict=True):
        object.__setattr__(self, name, value)
