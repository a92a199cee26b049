"""What `trainer convert` writes, read by pyarrow, and what pyarrow writes in other ways, for `trainer convert` to read.

    python exchange.py FOLDER

FOLDER has out.parquet, out.arrow and vectors.npy of one catalogue. Both tables have to hold the vectors of vectors.npy; they are printed
without these, as JSON: {column: [value, ...]}. Written back into FOLDER, from the last row to the first, are tables in
the ways that other writers have: in-*.parquet and in-*.arrow.
"""

import json
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.ipc
import pyarrow.parquet as pq

folder = Path(sys.argv[1])
vectors = np.load(folder / "vectors.npy")
with pa.memory_map(str(folder / "out.arrow")) as source:
    table = pa.ipc.open_file(source).read_all()
table.validate(full=True)
if not pq.read_table(folder / "out.parquet").equals(table):
    sys.exit("the two tables differ")
wanted = pa.list_(pa.field("item", pa.float32(), nullable=False), vectors.shape[1])
if table.schema.field("vector").type != wanted:
    sys.exit(f"the vectors are {table.schema.field('vector').type}")
found = table["vector"].combine_chunks().flatten().to_numpy().reshape(vectors.shape)
if not (found == vectors).all():
    sys.exit("the vectors differ")
print(json.dumps(table.drop_columns(["vector"]).to_pydict()))

turned = pa.table({"number": pa.array(range(len(vectors))[::-1]), "id": table["id"].combine_chunks()[::-1]})
numbers = vectors[::-1].reshape(-1)
ends = pa.array(np.arange(len(vectors) + 1, dtype=np.int32) * vectors.shape[1])
fixed = pa.FixedSizeListArray.from_arrays(pa.array(numbers), vectors.shape[1])
lists = pa.ListArray.from_arrays(ends, pa.array(numbers.astype(np.float64)))


def parquet(name, column, **how):
    pq.write_table(turned.append_column("vector", column), folder / f"in-{name}.parquet", **how)


def arrow(name, table, **how):
    with pa.ipc.new_file(folder / f"in-{name}.arrow", table.schema, **how) as file:
        file.write_table(table, max_chunksize=4)


parquet("as-usual", fixed)
parquet("as-doubles", lists, data_page_version="2.0")
parquet("plain", fixed, compression="none", use_dictionary=False, row_group_size=4)
parquet("in-many-pages", lists, data_page_size=64, write_batch_size=1)
parquet("in-many-pages-of-version-2", fixed, data_page_size=64, write_batch_size=1, data_page_version="2.0", version="2.6")
arrow("as-usual", turned.append_column("vector", fixed))
arrow("as-doubles", turned.append_column("vector", lists))
arrow("as-halves", turned.append_column("vector", fixed.cast(pa.list_(pa.float16(), vectors.shape[1]))))
# Columns before the two that count, in each kind of which the number of parts differs.
kinds = {
    "nothing": pa.nulls(len(turned)),
    "runs": pa.RunEndEncodedArray.from_arrays(pa.array([len(turned)], pa.int32()), pa.array(["x"])),
    "words": pa.array(["a", "b"] * (len(turned) // 2)).dictionary_encode(),
    "views": pa.array(["a text that is longer than twelve bytes"] * len(turned), pa.string_view()),
    "groups": pa.array([{"a": 1, "b": [True]}] * len(turned)),
    "pairs": pa.array([[("a", 1)]] * len(turned), pa.map_(pa.string(), pa.int8())),
    "large": pa.array(["x"] * len(turned), pa.large_string()),
}
many = turned.append_column("vector", lists.cast(pa.large_list(pa.float32())))
for at, (name, column) in enumerate(kinds.items()):
    many = many.add_column(at, name, column)
arrow("among-many", many.set_column(many.schema.get_field_index("id"), "id", many["id"].cast(pa.large_string())))
stream = turned.append_column("vector", fixed)
with pa.ipc.new_stream(folder / "in-as-a-stream.arrow", stream.schema) as file:
    file.write_table(stream)
