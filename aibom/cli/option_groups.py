"""Options that belong together, handed to a command as one value."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import fields
from typing import Any

__all__ = ["option_group"]

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


def option_group(
    name: str, group: type[Any], options: Iterable[Decorator]
) -> Decorator:
    """A decorator that adds ``options`` and passes them as ``group`` under ``name``.

    ``group`` is a dataclass with a field for each option.
    """
    listed = tuple(options)
    keys = [field.name for field in fields(group)]

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        def wrapped(**values: Any) -> Any:
            asked = group(**{key: values.pop(key) for key in keys})
            return command(**values, **{name: asked})

        wrapped.__doc__ = command.__doc__
        ours: Callable[..., Any] = wrapped
        for option in reversed(listed):
            ours = option(ours)
        # click keeps them in reverse; what the command has already comes after ours.
        params = "__click_params__"
        both = [*getattr(command, params, []), *getattr(ours, params, [])]
        setattr(ours, params, both)
        return ours

    return decorate
