import duckdb

from timing import arrow_rows, emit, read_job, time_queries

job = read_job()
connection = duckdb.connect(":memory:", config={"threads": job["threads"]})
for table in job["tables"]:
    connection.execute(f"create view {table} as select * from read_parquet('{job['folder']}/{table}/*.parquet')")
emit({"version": f"DuckDB {duckdb.__version__}"})
time_queries(job, lambda sql: connection.sql(sql).to_arrow_table(), arrow_rows)
