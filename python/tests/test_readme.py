"""What the READMEs show runs, in a folder of its own, line by line as it stands there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def shown(path):
    """The Python of a file that imports the module."""
    blocks = re.findall(r"^```python\n(.*?)^```", (ROOT / path).read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    return [block for block in blocks if "import nn4n_rs" in block]


@pytest.mark.parametrize("path", ["README.md", "python/README.md"])
def test_the_lines_of_a_readme_run(path, tmp_path, monkeypatch):
    matplotlib = pytest.importorskip("matplotlib")
    for name in ("pandas", "xarray"):
        pytest.importorskip(name)
    matplotlib.use("agg")
    monkeypatch.chdir(tmp_path)
    blocks = shown(path)
    assert blocks, f"{path} shows no Python"
    for block in blocks:
        exec(compile(block, path, "exec"), {"__name__": "__main__"})
