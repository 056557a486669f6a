"""`keylint.records` behaves as `dataclasses` does, for all that keylint uses."""

from __future__ import annotations

import copy
import dataclasses
from typing import Any
from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keylint import records

NAMES = ("a", "b", "c", "unknown")


def pair(frozen: bool, slots: bool) -> list[type]:
    """The same class, made by the standard library and by keylint."""
    made = []
    for module in (dataclasses, records):

        @module.dataclass(frozen=frozen, slots=slots)  # type: ignore[attr-defined]
        class Thing:
            a: int
            b: str = "b"
            c: Any = module.field(default_factory=list, repr=False)  # type: ignore[attr-defined]

            def double(self) -> int:
                return self.a * 2

        made.append(Thing)
    return made


KINDS = pytest.mark.parametrize(("frozen", "slots"), [(True, False), (False, False), (True, True)])


def outcome(kind: type, values: list[int], named: dict[str, int]) -> object:
    try:
        made: Any = kind(*values, **named)
    except TypeError:
        return TypeError
    return repr(made), made.a, made.b, made.c, made.double()


@KINDS
@given(
    values=st.lists(st.integers(0, 9), max_size=4),
    named=st.dictionaries(st.sampled_from(NAMES), st.integers(0, 9)),
)
def test_every_call_gives_what_the_standard_library_gives(
    frozen: bool, slots: bool, values: list[int], named: dict[str, int]
) -> None:
    expected, actual = pair(frozen, slots)
    assert outcome(actual, values, named) == outcome(expected, values, named)
    with mock.patch.object(records, "_MANY", 2):  # from here on with an initializer of its own
        assert outcome(actual, [0], {}) == outcome(expected, [0], {})
    assert outcome(actual, values, named) == outcome(expected, values, named)


@KINDS
def test_instances_compare_hash_and_copy_like_dataclasses(frozen: bool, slots: bool) -> None:
    for kind in pair(frozen, slots):
        one, same, other = kind(1, c=()), kind(1, c=()), kind(2, c=())
        assert one == same
        assert one != other
        assert one != (1, "b", ())
        assert copy.deepcopy(one) == one
        assert hasattr(one, "__dict__") is not slots
        if frozen:
            assert hash(one) == hash(same)
        else:
            with pytest.raises(TypeError):
                hash(one)


@KINDS
def test_the_functions_of_dataclasses_know_these_classes(frozen: bool, slots: bool) -> None:
    standard, own = pair(frozen, slots)
    assert dataclasses.is_dataclass(own)
    assert [f.name for f in dataclasses.fields(own)] == [f.name for f in dataclasses.fields(standard)]
    assert [f.repr for f in dataclasses.fields(own)] == [f.repr for f in dataclasses.fields(standard)]
    assert dataclasses.asdict(own(1, c=[2])) == {"a": 1, "b": "b", "c": [2]}
    assert dataclasses.replace(own(1, c=()), a=3) == records.replace(own(2, c=()), a=3) == own(3, c=())


def test_a_frozen_one_cannot_be_changed() -> None:
    for slots in (False, True):
        thing: Any = pair(frozen=True, slots=slots)[1](1)
        with pytest.raises(AttributeError):
            thing.a = 2
        with pytest.raises(AttributeError):
            del thing.a
        assert thing.a == 1


def test_a_factory_makes_a_new_value_each_time() -> None:
    kind: Any = pair(frozen=False, slots=False)[1]
    assert kind(1).c is not kind(1).c


def test_a_check_after_making_runs_and_own_methods_stay() -> None:
    @records.dataclass(frozen=True)
    class Even:
        number: int

        def __post_init__(self) -> None:
            if self.number % 2:
                raise ValueError("odd")

        def __repr__(self) -> str:
            return "Even"

    assert repr(Even(2)) == "Even"
    with pytest.raises(ValueError, match="odd"):
        Even(1)


def test_a_wrong_call_names_the_fields_and_no_value() -> None:
    own: Any = pair(frozen=True, slots=False)[1]
    with pytest.raises(TypeError, match="missing: a; unknown: d; given twice: none") as caught:
        own(d="hush")
    assert "hush" not in str(caught.value)
    with pytest.raises(TypeError, match="takes 3 values, not 4"):
        own(1, 2, 3, 4)


def test_an_instance_matches_by_position() -> None:
    own: Any = pair(frozen=True, slots=False)[1]
    match own(1, "x"):
        case own(a, b):
            assert (a, b) == (1, "x")
        case _:
            pytest.fail("no match")
