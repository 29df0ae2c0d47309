"""What every driver does: read the job, time its queries, write one JSON line per run."""

import json
import sys
import time


def read_job():
    """The job that bench-peers.ts wrote: folder, tables, queries, iterations, threads and the peer's own settings."""
    with open(sys.argv[1], encoding="utf-8") as file:
        return json.load(file)


def emit(record):
    print(json.dumps(record), flush=True)


def arrow_rows(table):
    """The rows of an Arrow table as tuples of Python values."""
    columns = [column.to_pylist() for column in table.columns]
    return list(zip(*columns)) if columns else []


def time_queries(job, run, rows_of):
    """
    Times `run(sql)`, which returns when the client has the last row; `rows_of` then takes its result apart. Run 0 is
    the cold one and carries the answer, as text.
    """
    for query in job["queries"]:
        for iteration in range(job["iterations"] + 1):
            started = time.perf_counter()
            try:
                result = run(query["sql"])
            except Exception as error:  # A peer's failure is a result, not the end of the benchmark.
                message = str(error).strip().splitlines()
                emit({"query": query["name"], "error": message[0] if message else type(error).__name__})
                break
            record = {"query": query["name"], "ms": (time.perf_counter() - started) * 1000}
            if iteration == 0:
                record["answer"] = [[None if cell is None else str(cell) for cell in row] for row in rows_of(result)]
            emit(record)
