"""Raw Arrow Flight: hand-packed commands, every ticket redeemed on the same connection, locations ignored."""

import json
import sys

import pyarrow.flight as flight


def varint(value):
    out = b""
    while value >= 0x80:
        out += bytes([value & 0x7F | 0x80])
        value >>= 7
    return out + bytes([value])


def field(number, payload):
    return varint(number * 8 + 2) + varint(len(payload)) + payload


def command(name, payload=b""):
    return field(1, b"type.googleapis.com/arrow.flight.protocol.sql." + name.encode()) + field(2, payload)


out = {}
client = flight.connect(sys.argv[1].replace("grpc://", "grpc+tcp://"))


def read(name, payload=b""):
    info = client.get_flight_info(flight.FlightDescriptor.for_command(command(name, payload)))
    tables = [client.do_get(endpoint.ticket).read_all() for endpoint in info.endpoints]
    for table in tables:
        table.validate(full=True)
        assert table.schema.equals(info.schema), (table.schema, info.schema)
    schema = client.get_schema(flight.FlightDescriptor.for_command(command(name, payload))).schema
    assert schema.equals(info.schema), (schema, info.schema)
    return info, tables


def failing(action):
    try:
        action()
    except Exception as error:
        return [type(error).__name__, str(error)]
    return None


def columns(tables):
    return [[f.name, str(f.type), f.nullable] for f in tables[0].schema]


info, tables = read("CommandStatementQuery", field(1, b"select numbers 4 3"))
out["rows"] = sum(table.num_rows for table in tables)
out["locations"] = [[location.uri.decode() for location in endpoint.locations] for endpoint in info.endpoints]
out["total_records"] = info.total_records
_, tables = read("CommandGetSqlInfo")
out["sql_info"] = {row["info_name"]: row["value"] for row in tables[0].to_pylist()}
out["sql_info_type"] = str(tables[0].schema.field("value").type)
_, tables = read("CommandGetSqlInfo", bytes([0x0A, 2, 0, 8]))
out["some_info"] = [row["info_name"] for row in tables[0].to_pylist()]
for name in [
    "CommandGetCatalogs", "CommandGetDbSchemas", "CommandGetTableTypes", "CommandGetPrimaryKeys",
    "CommandGetExportedKeys", "CommandGetImportedKeys", "CommandGetCrossReference",
]:  # fmt: skip
    _, tables = read(name)
    out[name] = [columns(tables), tables[0].to_pylist()]
_, tables = read("CommandGetXdbcTypeInfo")
out["xdbc_types"] = [tables[0]["type_name"].to_pylist(), columns(tables)]
_, tables = read("CommandGetTables")
out["tables"] = [columns(tables), tables[0].to_pylist()]
for name, payload in {
    "pattern": field(3, b"n_mb%"),
    "escaped": field(3, rb"big\_numbers"),
    "views": field(4, b"VIEW"),
    "other_catalog": field(1, b"elsewhere"),
    "no_catalog": field(1, b""),
    "other_schema": field(2, b"x%"),
}.items():
    _, tables = read("CommandGetTables", payload)
    out[f"tables_{name}"] = tables[0]["table_name"].to_pylist()
_, tables = read("CommandGetTables", bytes([0x28, 1]))
out["tables_with_schema"] = columns(tables)
out["actions"] = [action.type for action in client.list_actions()]
out["flights"] = list(client.list_flights())
out["substrait"] = failing(lambda: read("CommandStatementSubstraitPlan"))
out["ingest"] = failing(lambda: read("CommandStatementIngest"))
out["transaction"] = failing(lambda: list(client.do_action(flight.Action("BeginTransaction", b""))))
out["foreign_ticket"] = failing(lambda: client.do_get(flight.Ticket(b"hello")).read_all())
out["foreign_command"] = failing(lambda: client.get_flight_info(flight.FlightDescriptor.for_command(b"hello")))
out["syntax_error"] = failing(lambda: read("CommandStatementQuery", field(1, b"selec 1")))
out["basic"] = client.authenticate_basic_token("user", "password")[1].decode()
reader = client.do_get(
    client.get_flight_info(
        flight.FlightDescriptor.for_command(command("CommandStatementQuery", field(1, b"select endless")))
    ).endpoints[0].ticket
)
reader.read_chunk()
reader.cancel()
print(json.dumps(out, default=str))
