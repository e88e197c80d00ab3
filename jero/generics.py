"""Resolves type aliases and type variables: `list[T]` in a generic base, for a class that binds `T`.

Runs at startup. Independent of msgspec.
"""

from collections.abc import Iterator, Mapping
from types import UnionType, get_original_bases
from typing import (
    Annotated,
    Any,
    Final,
    Generic,
    Literal,
    NewType,
    Protocol,
    TypeAliasType,
    TypeVar,
    Union,
    cast,
    get_args,
    get_origin,
    get_type_hints,
)

type _Values = Mapping[object, object]
"""The type that each type variable is bound to."""

_UNBOUND: Final = (Generic, Protocol, object)


def hints_of(owner: object, method: str) -> dict[str, object]:
    """The annotations of a method of `owner`, with aliases resolved and type variables bound as `owner` binds them.

    `owner` can be `Store[Order]()` itself, or an instance of any subclass of `Store[Order]`. Raises the error of an
    annotation that cannot be evaluated, and `TypeError` for an alias that refers to itself.
    """
    given: object = getattr(owner, "__orig_class__", type(owner))
    values, names = _variables_of(given, method)
    hints = get_type_hints(getattr(owner, method), localns=names, include_extras=True)
    return {name: expand(substitute(hint, values)) for name, hint in hints.items()}


def _variables_of(given: object, method: str) -> tuple[_Values, dict[str, object]]:
    """The bindings of the type variables in the class that defines `method`, and those variables by name."""
    own = cast("type", get_origin(given) or given)
    definer = next((each for each in own.__mro__ if method in vars(each)), own)
    values = dict(_bases_of(given, {})).get(definer, {})
    # With postponed evaluation an annotation is a string, and these names are not in the module's globals.
    names = {each.__name__: each for each in getattr(definer, "__type_params__", ())}
    return values, names


def _bases_of(kind: object, values: _Values) -> Iterator[tuple[type, _Values]]:
    """`kind` and each of its bases, with the bindings of its type variables."""
    origin = cast("type", get_origin(kind) or kind)
    if origin in _UNBOUND:
        return
    variables: tuple[object, ...] = getattr(origin, "__parameters__", ())
    arguments = [substitute(each, values) for each in get_args(kind)]
    own = _with_defaults(variables, arguments)
    yield origin, own
    for base in get_original_bases(origin):
        yield from _bases_of(base, own)


def _with_defaults(variables: tuple[object, ...], arguments: list[object]) -> _Values:
    values = dict(zip(variables, arguments, strict=False))
    for variable in variables[len(arguments) :]:
        if isinstance(variable, TypeVar) and variable.has_default():
            values[variable] = substitute(variable.__default__, values)
    return values


def substitute(annotation: object, values: _Values) -> object:
    """The annotation with type variables replaced, as far as `values` binds them."""
    if isinstance(annotation, TypeVar):
        return values.get(annotation, annotation)
    variables = free_variables(annotation)
    if not variables or isinstance(annotation, TypeAliasType):
        return annotation
    generic: Any = annotation
    return generic[tuple(values.get(each, each) for each in variables)]


def free_variables(annotation: object) -> tuple[object, ...]:
    """The unbound type variables of an annotation."""
    if isinstance(annotation, TypeVar):
        return (annotation,)
    return () if isinstance(annotation, type) else getattr(annotation, "__parameters__", ())


def value_of(alias: object) -> object:
    """The value of a type alias (`type Page[T] = …`), with its arguments if it has any; resolves one level."""
    name = cast("TypeAliasType", get_origin(alias) or alias)
    values = _with_defaults(name.__type_params__, list(get_args(alias)))
    return substitute(name.__value__, values)


def is_alias(annotation: object) -> bool:
    """Whether this is a type alias, with or without arguments."""
    return isinstance(annotation, TypeAliasType) or isinstance(
        get_origin(annotation), TypeAliasType
    )


def expand(annotation: object, within: tuple[object, ...] = ()) -> object:
    """The annotation with every alias and `NewType` in it resolved.

    msgspec does that itself, but passes the arguments of a generic alias in the order in which its value uses them.
    Raises `TypeError` for an alias that refers to itself, which msgspec cannot read.
    """
    if isinstance(annotation, NewType):
        return expand(annotation.__supertype__, within)
    if is_alias(annotation):
        if annotation in within:
            raise TypeError(
                f"the type alias {annotation} refers to itself: use `Any`, or a Struct, which can refer to itself"
            )
        return expand(value_of(annotation), (*within, annotation))
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        inner, *metadata = arguments
        return Annotated[expand(inner, within), *metadata]
    if annotation is object:
        return Any
    is_union = origin in {Union, UnionType}
    # A generic class of the application is documented by the names of its arguments.
    is_own = not is_union and hasattr(origin, "__parameters__")
    if origin is None or origin is Literal or is_own:
        return annotation
    if not all(map(_is_annotation, arguments)):  # those of `Callable` are not
        return annotation
    expanded = tuple(each if each is ... else expand(each, within) for each in arguments)
    if expanded == arguments:
        return annotation
    if is_union:
        return Union[expanded]  # noqa: UP007 - the parts are known only at run time
    generic: Any = origin
    return generic[expanded]


def _is_annotation(argument: object) -> bool:
    return not isinstance(argument, list)
