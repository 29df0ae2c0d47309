"""Times small queries through ADBC: `latency.py URL REPEATS CLIENTS SECONDS`, queries as JSON {name: sql} on stdin.

Prints JSON: by query the milliseconds of each repeat of a prepared statement, from execute until the client has the rows,
and of CLIENTS threads with a connection each that run it for SECONDS: the milliseconds of each run.
"""

import json
import sys
import threading
import time
import warnings

import adbc_driver_flightsql.dbapi as flightsql

warnings.filterwarnings("ignore")
WARM_RUNS = 20


def prepared(url, sql):
    connection = flightsql.connect(url)
    cursor = connection.cursor()
    cursor.adbc_prepare(sql)

    def run():
        start = time.perf_counter()
        cursor.execute(sql)
        rows = cursor.fetchall()
        assert len(rows) == 1, rows
        return (time.perf_counter() - start) * 1000

    def close():
        cursor.close()
        connection.close()

    return run, close


def one_client(url, sql, repeats):
    run, close = prepared(url, sql)
    for _ in range(WARM_RUNS):
        run()
    times = [run() for _ in range(repeats)]
    close()
    return times


def many_clients(url, sql, clients, seconds):
    ready = threading.Barrier(clients)
    times = [[] for _ in range(clients)]
    failures = []

    def work(number):
        try:
            run, close = prepared(url, sql)
            run()
            ready.wait()
            end = time.perf_counter() + seconds
            while time.perf_counter() < end:
                times[number].append(run())
            close()
        except Exception as error:  # told below; a thread's own error would be lost
            failures.append(str(error))
            ready.abort()

    threads = [threading.Thread(target=work, args=(number,)) for number in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise SystemExit(failures[0])
    return [one for client in times for one in client]


def main():
    url, repeats, clients, seconds = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])
    result = {}
    for name, sql in json.load(sys.stdin).items():
        result[name] = {
            "single": one_client(url, sql, repeats),
            "concurrent": many_clients(url, sql, clients, seconds),
        }
    json.dump(result, sys.stdout)


main()
