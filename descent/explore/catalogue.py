"""Which explorables there are, found by looking, so that nothing lists them by hand."""

import importlib
import pkgutil

import descent.explore
from descent.explore import base


def explorables() -> list[type[base.Explorable]]:
    """All public explorables of the package, module after module.

    returns  classes that are constructed without arguments
    """
    found = []
    for module in pkgutil.iter_modules(descent.explore.__path__):
        name = f"descent.explore.{module.name}"
        classes = [c for c in vars(importlib.import_module(name)).values() if isinstance(c, type)]
        found += [c for c in classes if issubclass(c, base.Explorable) and c.__module__ == name]
    return [c for c in found if c is not base.Explorable and not c.__name__.startswith("_")]
