"""Reads a repository with the hub's official client, and prints its files with their SHA-256 as JSON.

    client.py download OWNER/REPO      lists the files on the server and downloads them one by one and all at once
    client.py cached OWNER/REPO        finds them in the cache, without a server
"""

import hashlib
import json
import pathlib
import sys

from huggingface_hub import HfApi, hf_hub_download, snapshot_download, try_to_load_from_cache

command, repository = sys.argv[1:]


def sha256(path):
    return hashlib.sha256(pathlib.Path(path).read_bytes()).hexdigest()


if command == "download":
    names = HfApi().list_repo_files(repository)
    files = {name: sha256(hf_hub_download(repository, name)) for name in names}
    folder = pathlib.Path(snapshot_download(repository))
    assert files == {name: sha256(folder / name) for name in names}
    assert HfApi().model_info(repository).sha == folder.name
else:
    folder = pathlib.Path(hf_hub_download(repository, "model.safetensors", local_files_only=True)).parent
    names = [path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()]
    files = {name: sha256(try_to_load_from_cache(repository, name)) for name in names}
print(json.dumps(files))
