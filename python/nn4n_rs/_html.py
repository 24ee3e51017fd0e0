"""How things are shown in notebooks."""

from html import escape


def table(title, rows):
    """Names and values, one below the other."""
    cells = "".join(
        f"<tr><th style='text-align:left'>{escape(str(name))}</th><td style='text-align:left'>{escape(str(value))}</td></tr>"
        for name, value in rows
        if value not in (None, "", [])
    )
    return f"<table><caption style='text-align:left;font-weight:bold'>{escape(title)}</caption>{cells}</table>"


class Listing(list):
    """Dictionaries that are shown by their ids and summaries."""

    def __repr__(self):
        return "\n".join(f"{one['id']:<32} {self._words(one)}" for one in self)

    @staticmethod
    def _words(one):
        return f"{one['summary']} [{one['default']!r}]" if "default" in one else one["summary"]

    def _repr_html_(self):
        return table(f"{len(self)} entries", [(one["id"], self._words(one)) for one in self])


class Svg:
    """A figure of the library; in a notebook it is shown."""

    def __init__(self, text):
        self.text = text

    def __repr__(self):
        return f"Svg({len(self.text)} characters)"

    def _repr_html_(self):
        return self.text

    def save(self, path):
        """Write the figure as an SVG file."""
        text = self.text
        if "xmlns=" not in text.split(">", 1)[0]:
            text = text.replace("<svg", '<svg xmlns="http://www.w3.org/2000/svg"', 1)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
