"""What descriptions of networks and settings of trainings may say."""

from functools import cache

from . import _nn4n
from ._html import Listing


def fields(of="train"):
    """The fields of a description of a network (``"model"``) or of the settings of a training (``"train"``), or what one
    of them may be: ``fields("train.regularisers")``, ``fields("model.w_rec")``.

    A dictionary each: ``id``, ``summary``, and ``default`` where there is one.
    """
    place = _schema()
    for name in of.split("."):
        there = _fields_of(place)
        if name not in there:
            raise ValueError(f"of = {of!r}: {name!r} is none of {', '.join(there)}")
        place = there[name]
    found = [_row(f"kind={kind!r}", form) for kind, form in _kinds(place).items()]
    found += [_row(name, field) for name, field in _fields_of(place).items() if name != "kind" or not found]
    return Listing(found or [_row(of, place)])


@cache
def _schema():
    return _nn4n.schema()


def _forms(place):
    """What a field may be: itself, what it refers to, its alternatives, what a list of it holds."""
    parts = place.get("anyOf", []) + place.get("oneOf", [])
    if "$ref" in place:
        parts = [_schema()["$defs"][place["$ref"].rsplit("/", 1)[1]]]
    if isinstance(place.get("items"), dict):
        parts = [*parts, place["items"]]
    return [place] + [form for part in parts for form in _forms(part)]


def _kinds(place):
    """The forms that a field ``kind`` tells apart."""
    named = [(form.get("properties", {}).get("kind", {}).get("const"), form) for form in _forms(place)]
    return {kind: form for kind, form in named if kind is not None}


def _fields_of(place):
    return {name: field for form in _forms(place) for name, field in form.get("properties", {}).items()}


def _row(name, field):
    words = next((form["description"] for form in _forms(field) if "description" in form), "")
    row = {"id": name, "summary": " ".join(words.replace("`None`", "left out").split())}
    return {**row, "default": field["default"]} if "default" in field else row
