"""Times a Flight SQL server from the ADBC driver, following every endpoint to its location."""

import time

import adbc_driver_flightsql.dbapi as flight_sql

from timing import arrow_rows, emit, read_job, time_queries

job = read_job()


def connect():
    """A server that has just been started may not listen yet."""
    for _ in range(100):
        try:
            connection = flight_sql.connect(job["url"], autocommit=True)
            with connection.cursor() as cursor:
                cursor.execute("select 1")
                cursor.fetchall()
            return connection
        except flight_sql.Error:
            time.sleep(0.2)
    return flight_sql.connect(job["url"], autocommit=True)


connection = connect()


def run(sql):
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetch_arrow_table()


for statement in job["setup"]:
    run(statement)
emit({"version": job["version"]})
time_queries(job, run, arrow_rows)
connection.close()
