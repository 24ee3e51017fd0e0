"""The notebooks of the repository as they are kept: executed, small, and of no machine in particular."""

import json
import re
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[2] / "examples" / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))


def test_there_are_notebooks():
    assert {path.stem for path in NOTEBOOKS} == {
        "first_network",
        "fixed_points",
        "own_data",
        "pytorch",
        "recordings",
        "study",
    }


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_kept_with_its_outputs_and_small(path):
    assert path.stat().st_size < 1_000_000
    cells = [cell for cell in json.loads(path.read_text(encoding="utf-8"))["cells"] if cell["cell_type"] == "code"]
    assert [cell["execution_count"] for cell in cells] == list(range(1, len(cells) + 1)), "run it from its beginning"
    outputs = [output for cell in cells for output in cell["outputs"]]
    kinds = {output["output_type"] for output in outputs}
    assert "error" not in kinds and kinds & {"execute_result", "display_data"}
    written = json.dumps(outputs)
    assert not [output for output in outputs if output.get("name") == "stderr"], "a warning is kept"
    # Pictures are base64, in which anything may be spelt.
    text = re.sub(r'"image/png": "[^"]*"', "", written)
    assert not re.findall(r"(?:/home|/root|/tmp|/work|/Users|[A-Z]:\\\\)[/\\\w-]*", text)
