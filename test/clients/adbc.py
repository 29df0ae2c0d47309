"""What an ADBC user does, in one connection; prints what came back as JSON."""

import datetime
import decimal
import json
import sys

import adbc_driver_flightsql.dbapi as flightsql

out = {}


def failing(action):
    try:
        action()
    except Exception as error:
        return [type(error).__name__, str(error)]
    return None


with flightsql.connect(sys.argv[1], autocommit=True) as connection:
    with connection.cursor() as cursor:
        cursor.execute("select numbers 3 2")
        out["rows"] = [[n, t, str(d)] for n, t, d in cursor.fetchall()]
        cursor.execute("select numbers 0 2")
        out["empty"] = [cursor.fetchall(), [column[0] for column in cursor.description]]
        cursor.execute("select numbers 50000 3")
        table = cursor.fetch_arrow_table()
        table.validate(full=True)
        out["large"] = [table.num_rows, sum(table["n"].to_pylist())]
        cursor.execute("create view v as x")
        out["update_rows"] = cursor.fetchall() if cursor.description else []
        values = (7, "seven", decimal.Decimal("1.25"), datetime.date(2020, 1, 2))
        cursor.execute("select $1, $2, $3, $4", values)
        out["parameters"] = [str(value) for value in cursor.fetchone()]
        cursor.execute("select $1, $2, $3, $4", (None, None, None, None))
        out["null_parameters"] = list(cursor.fetchone())
        inexact = (7, "seven", 0.055, datetime.date(2020, 1, 2))
        out["inexact"] = failing(lambda: cursor.execute("select $1, $2, $3, $4", inexact))
        cursor.executemany("create view v as x", [])
        out["syntax_error"] = failing(lambda: cursor.execute("selec 1"))
        out["failure"] = failing(lambda: cursor.execute("select fail division_by_zero"))
        out["schema"] = [str(field.type) for field in cursor.adbc_execute_schema("select numbers 3 2")]
        partitions, _ = cursor.adbc_execute_partitions("select numbers 3 2")
        sizes = []
        for partition in partitions:
            cursor.adbc_read_partition(partition)
            sizes.append(len(cursor.fetchall()))
        out["partitions"] = sizes
    out["info"] = connection.adbc_get_info()
    out["objects"] = connection.adbc_get_objects(depth="all").read_all().to_pylist()
    filtered = connection.adbc_get_objects(depth="tables", table_name_filter="big%").read_all().to_pylist()
    out["filtered"] = [
        table["table_name"] for schema in filtered[0]["catalog_db_schemas"] for table in schema["db_schema_tables"]
    ]
    out["table_schema"] = connection.adbc_get_table_schema("numbers").names
    out["table_types"] = connection.adbc_get_table_types()
    out["catalog"] = connection.adbc_current_catalog
    connection.adbc_current_catalog = "onager"
    out["wrong_catalog"] = failing(lambda: setattr(connection, "adbc_current_catalog", "elsewhere"))

with flightsql.connect(sys.argv[1], db_kwargs={"username": "u", "password": "p"}, autocommit=True) as connection:
    with connection.cursor() as cursor:
        cursor.execute("select numbers 1 1")
        out["with_password"] = len(cursor.fetchall())

print(json.dumps(out, default=str))
