"""Runs queries for a program that writes one JSON object {"sql": …} a line, and answers each with its rows as text.

usage: query_loop.py CLIENT HOST:PORT
CLIENT is `adbc`, which follows every endpoint to its location, or `pyarrow`: raw Flight on the one connection to the
front, locations ignored, the command packed by hand, as many users of pyarrow.flight do.
"""

import json
import sys
import time

from timing import arrow_rows, emit


def adbc_runner(address):
    import adbc_driver_flightsql.dbapi as flight_sql

    connection = flight_sql.connect(f"grpc+tcp://{address}", autocommit=True)

    def run(sql):
        with connection.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetch_arrow_table()

    return run


def packed(number, payload):
    """A length-delimited protobuf field."""
    size, length = b"", len(payload)
    while length > 127:
        size, length = size + bytes([length & 127 | 128]), length >> 7
    return bytes([number << 3 | 2]) + size + bytes([length]) + payload


def pyarrow_runner(address):
    import pyarrow
    import pyarrow.flight as flight

    client = flight.connect(f"grpc://{address}")
    url = b"type.googleapis.com/arrow.flight.protocol.sql.CommandStatementQuery"

    def run(sql):
        command = packed(1, url) + packed(2, packed(1, sql.encode()))
        info = client.get_flight_info(flight.FlightDescriptor.for_command(command))
        return pyarrow.concat_tables(client.do_get(endpoint.ticket).read_all() for endpoint in info.endpoints)

    return run


run = {"adbc": adbc_runner, "pyarrow": pyarrow_runner}[sys.argv[1]](sys.argv[2])
for line in sys.stdin:
    started = time.perf_counter()
    try:
        table = run(json.loads(line)["sql"])
        elapsed = (time.perf_counter() - started) * 1000
        rows = [[None if cell is None else str(cell) for cell in row] for row in arrow_rows(table)]
        emit({"ms": elapsed, "columns": table.column_names, "rows": rows})
    except Exception as error:  # The caller decides what a failure means.
        emit({"error": str(error)})
