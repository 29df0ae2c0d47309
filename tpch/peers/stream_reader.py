"""Bytes per second of Flight streams, read by pyarrow's C++ client: Onager's beside a pyarrow C++ server's.

usage: stream_reader.py URL QUERY STREAMS ITERATIONS
Prints one JSON object. Both servers send the same batches in the same run; each is read whole, several times.
"""

import json
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pyarrow.flight as flight


def statement(query):
    """CommandStatementQuery packed as google.protobuf.Any, by hand: field 1 of each is length-delimited."""

    def field(number, payload):
        size, rest = b"", len(payload)
        while rest > 127:
            size, rest = size + bytes([rest & 127 | 128]), rest >> 7
        return bytes([number << 3 | 2]) + size + bytes([rest]) + payload

    url = b"type.googleapis.com/arrow.flight.protocol.sql.CommandStatementQuery"
    return field(1, url) + field(2, field(1, query.encode()))


def read(url, tickets, streams):
    """Reads each ticket once, on as many connections as there are streams; gives (seconds, bytes, rows)."""
    clients = [flight.connect(url) for _ in range(streams)]

    def read_some(index):
        size = rows = 0
        for ticket in tickets[index::streams]:
            for chunk in clients[index].do_get(ticket):
                size += chunk.data.nbytes
                rows += chunk.data.num_rows
        return size, rows

    start = time.perf_counter()
    with ThreadPoolExecutor(streams) as pool:
        parts = list(pool.map(read_some, range(streams)))
    seconds = time.perf_counter() - start
    for client in clients:
        client.close()
    return seconds, sum(size for size, _ in parts), sum(rows for _, rows in parts)


SERVER = """
import sys
import pyarrow as pa
import pyarrow.flight as flight

with pa.memory_map(sys.argv[1]) as source:
    table = pa.ipc.open_file(source).read_all()

class Server(flight.FlightServerBase):
    def do_get(self, context, ticket):
        return flight.RecordBatchStream(table)

server = Server("grpc://127.0.0.1:0")
print(server.port, flush=True)
server.serve()
"""


def rate(measured):
    seconds, size, _ = min(measured)
    return {"seconds": seconds, "megabytes_per_second": size / seconds / 1e6}


def main():
    url, query, streams, iterations = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    client = flight.connect(url)

    def run():
        """Computes the query and reads it once; gives (seconds, tickets, batches, schema)."""
        start = time.perf_counter()
        info = client.get_flight_info(flight.FlightDescriptor.for_command(statement(query)))
        tickets = [endpoint.ticket for endpoint in info.endpoints]
        batches, schema = [], None
        for ticket in tickets:
            reader = client.do_get(ticket)
            schema = reader.schema
            batches.extend(chunk.data for chunk in reader)
        return time.perf_counter() - start, tickets, batches, schema

    # A result is freed some seconds after it was read: each measured read follows a run of its own.
    computed, onager = [], []
    for _ in range(iterations):
        seconds, tickets, batches, schema = run()
        computed.append((seconds, sum(batch.nbytes for batch in batches), 0))
        endpoints = len(tickets)
        onager.append(read(url, tickets, streams))
    size = computed[0][1]

    import os
    import tempfile

    import pyarrow as pa

    path = os.path.join(tempfile.mkdtemp(), "batches.arrow")
    with pa.OSFile(path, "wb") as sink, pa.ipc.new_file(sink, schema) as writer:
        for batch in batches:
            writer.write_batch(batch)
    del batches
    server = subprocess.Popen([sys.executable, "-c", SERVER, path], stdout=subprocess.PIPE, text=True)
    try:
        port = int(server.stdout.readline())
        # One ticket gives the whole table, so that several streams read several times the bytes.
        tickets = [flight.Ticket(b"all")] * streams
        pyarrow = [read(f"grpc://127.0.0.1:{port}", tickets, streams) for _ in range(iterations)]
    finally:
        server.terminate()
        server.wait()
        os.remove(path)
    print(
        json.dumps(
            {
                "bytes": size,
                "rows": onager[0][2],
                "endpoints": endpoints,
                "first_read": rate(computed),
                "onager": rate(onager),
                "pyarrow": rate(pyarrow),
                "ratio": rate(onager)["megabytes_per_second"] / rate(pyarrow)["megabytes_per_second"],
            }
        )
    )


main()
