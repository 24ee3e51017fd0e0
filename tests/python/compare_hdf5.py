"""Whether an HDF5 file holds the arrays of an .npz, as h5py sees it, and of MATLAB's as mat73 does.

    python compare_hdf5.py ARRAYS.npz FILE.mat|FILE.h5

Prints what the attributes say of each array, as JSON.
"""

import json
import sys

import h5py
import mat73
import numpy as np


def expected(name, array):
    """What stands in the file for an array of the .npz."""
    if name == "header":
        return array.tobytes().decode()
    if name == "area_names":
        return json.loads(array.tobytes())
    return array


def char(dataset):
    """The text of a row of char; of an empty one its lengths stand in the file."""
    return "" if "MATLAB_empty" in dataset.attrs else "".join(map(chr, dataset[:, 0]))


def words(dataset, file):
    """The texts of a cell, or of a list of texts."""
    if dataset.dtype == h5py.ref_dtype:
        return [char(file[reference]) for reference in dataset[0]]
    return [text.decode() for text in dataset[()]]


def check_h5py(name, wanted, dataset, file, is_matlab):
    kind = dataset.attrs["MATLAB_class"].decode() if is_matlab else None
    if isinstance(wanted, str):
        found = char(dataset) if is_matlab else dataset[()].decode()
        assert found == wanted, name
    elif isinstance(wanted, list) or wanted.dtype.kind == "U":
        assert words(dataset, file) == list(wanted), name
        assert kind in (None, "cell"), (name, kind)
    elif wanted.size == 0 and is_matlab:
        assert dataset.attrs["MATLAB_empty"] == 1, name
    else:
        found = dataset[()]
        if is_matlab:
            shape = wanted.shape + (1,) * (2 - wanted.ndim)
            assert found.shape == shape[::-1], (name, found.shape, shape)
            found = found.T.reshape(wanted.shape)
            logical = wanted.dtype == bool
            classes = {"float32": "single", "float64": "double", "bool": "logical"}
            assert kind == classes.get(str(wanted.dtype), str(wanted.dtype)), (name, kind)
            found = found.astype(bool) if logical else found
        assert found.dtype == wanted.dtype, (name, found.dtype)
        np.testing.assert_array_equal(found, wanted, name)


def check_mat73(name, wanted, found):
    if isinstance(wanted, str):
        assert found == wanted, name
    elif isinstance(wanted, list) or wanted.dtype.kind == "U":
        rows = found if isinstance(found, list) else [found]  # a cell n x 1 is a list of lists
        found = [row[0] if isinstance(row, list) else row for row in rows]
        assert [word or "" for word in found] == list(wanted), name  # an empty text is None
    elif wanted.size == 0:
        assert found is None or np.size(found) == 0, (name, found)
    else:
        np.testing.assert_array_equal(np.squeeze(found), np.squeeze(wanted), name)


arrays = np.load(sys.argv[1], allow_pickle=False)
is_matlab = sys.argv[2].endswith(".mat")
with h5py.File(sys.argv[2]) as file:
    assert file.userblock_size == (512 if is_matlab else 0)
    datasets = {name: file[name] for name in file if name != "#refs#"}
    called = {dataset.attrs.get("name", name.encode()).decode(): name for name, dataset in datasets.items()}
    wanted = {name: expected(name, arrays[name]) for name in arrays.files}
    assert set(called) == set(wanted), set(called) ^ set(wanted)
    for name, array in wanted.items():
        check_h5py(name, array, datasets[called[name]], file, is_matlab)
    if is_matlab:
        loaded = mat73.loadmat(sys.argv[2])
        for name, array in wanted.items():
            check_mat73(name, array, loaded[called[name]])
    text = lambda value: value.decode() if isinstance(value, bytes) else str(value)
    print(json.dumps({name: {key: text(value) for key, value in d.attrs.items()} for name, d in datasets.items()}))
