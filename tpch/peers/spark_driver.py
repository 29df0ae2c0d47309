import pyspark
from pyspark.sql import SparkSession

from timing import emit, read_job, time_queries

job = read_job()
threads = job["threads"]
spark = (
    SparkSession.builder.master(f"local[{threads}]")
    .appName("tpch")
    .config("spark.driver.memory", "6g")
    .config("spark.driver.bindAddress", "127.0.0.1")
    .config("spark.driver.host", "127.0.0.1")
    .config("spark.ui.enabled", "false")
    .config("spark.sql.shuffle.partitions", str(4 * threads))
    .config("spark.sql.adaptive.enabled", "true")
    .config("spark.sql.autoBroadcastJoinThreshold", "64m")
    .getOrCreate()
)
spark.sparkContext.setLogLevel("ERROR")
for table in job["tables"]:
    spark.read.parquet(f"{job['folder']}/{table}").createOrReplaceTempView(table)
emit({"version": f"Spark {pyspark.__version__}"})
time_queries(job, lambda sql: spark.sql(sql).collect(), lambda rows: rows)
spark.stop()
