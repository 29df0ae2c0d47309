import datafusion

from timing import arrow_rows, emit, read_job, time_queries

job = read_job()
context = datafusion.SessionContext(datafusion.SessionConfig().with_target_partitions(job["threads"]))
for table in job["tables"]:
    context.register_parquet(table, f"{job['folder']}/{table}/")
emit({"version": f"DataFusion {datafusion.__version__}"})
time_queries(job, lambda sql: context.sql(sql).to_arrow_table(), arrow_rows)
