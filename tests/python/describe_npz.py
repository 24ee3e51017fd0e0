"""What is in an .npz, as JSON: type and shape of each array, and what JSON documents hold. Nothing is unpickled.

    python describe_npz.py FILE.npz
"""

import json
import sys

import numpy as np

with np.load(sys.argv[1], allow_pickle=False) as file:
    described = {name: {"dtype": str(file[name].dtype), "shape": file[name].shape} for name in file.files}
    described |= {name: json.loads(file[name].tobytes()) for name in ("header", "area_names")}
print(json.dumps(described))
