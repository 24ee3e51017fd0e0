"""Writes nn4n_rs/_nn4n.pyi, the types of the extension module, from the module itself; --check compares instead."""

import inspect
import sys
from pathlib import Path

sys.path.pop(0)  # the folder of this file, where the package lies without the extension

import nn4n_rs._nn4n as module

HEAD = '''"""The extension module. Written by python/stubs.py from the module itself."""

from typing import Any, final

'''


def signature(name, function, is_method):
    try:
        found = inspect.signature(function)
    except ValueError:
        found = inspect.Signature()
    first = ["self"] if is_method else []
    given = [one for one in found.parameters.values() if one.name not in ("self", "cls")]
    parts = [f"{one.name}: Any" + (" = ..." if one.default is not one.empty else "") for one in given]
    positional = ["/"] if given and all(one.kind is one.POSITIONAL_ONLY for one in given) else []
    return f"def {name}({', '.join(first + parts + positional)}) -> Any: ..."


def of_class(name, one):
    lines = ["@final", f"class {name}:"]
    for member in sorted(vars(one)):
        value = inspect.getattr_static(one, member)
        if member == "__new__":
            lines.append(
                "    " + signature("__new__", one, False).replace("__new__(", "__new__(cls, ").replace(", )", ")")
            )
        elif member.startswith("__"):
            continue
        elif isinstance(value, (staticmethod, classmethod)):
            lines += ["    @staticmethod", "    " + signature(member, getattr(one, member), False)]
        elif callable(value):
            lines.append("    " + signature(member, value, True))
        else:
            lines += ["    @property", f"    def {member}(self) -> Any: ..."]
    return "\n".join(lines if len(lines) > 2 else [*lines, "    ..."])


def stubs():
    parts = ["__version__: str"]
    for name in sorted(vars(module)):
        value = getattr(module, name)
        if name.startswith("__"):
            continue
        parts.append(of_class(name, value) if inspect.isclass(value) else signature(name, value, False))
    return HEAD + "\n".join(parts) + "\n"


def main():
    path = Path(__file__).parent / "nn4n_rs" / "_nn4n.pyi"
    if "--check" in sys.argv:
        if path.read_text() != stubs():
            sys.exit(f"{path}: is not that of the module; write it anew with python python/stubs.py")
    else:
        path.write_text(stubs())


if __name__ == "__main__":
    main()
