"""Writes the vectors as seeds of the fuzz targets: seeds.py CORPUS."""

import json
import pathlib
import sys

PART, RECORD = "\x1f", "\x1e"
VECTORS = pathlib.Path(__file__).resolve().parent.parent / "vectors"


def write(folder: pathlib.Path, seeds: list[str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(seeds):
        (folder / f"vector-{number:02}").write_bytes(seed.encode("utf-8", "surrogatepass"))


def vectors(name: str) -> list[dict]:
    return json.loads((VECTORS / name).read_text("utf-8"))


corpus = pathlib.Path(sys.argv[1])
rows = [
    RECORD.join(PART.join([row["key"], row["type"], row["value"]]) for row in vector["rows"])
    for vector in vectors("keypath_vectors.json")
]
templates = [vector["template"] + PART + vector.get("response_body", "") + PART + "-" for vector in vectors("template_vectors.json")]
write(corpus / "rows", rows)
write(corpus / "template", templates)
