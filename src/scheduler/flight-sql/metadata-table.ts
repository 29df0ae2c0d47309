import { encodePlainSchema } from "../../arrow/arrow-schema.ts";
import { simpleType, type SimpleKind } from "../../arrow/data-type.ts";
import type { Schema } from "../../arrow/schema.ts";
import type { Value } from "../../arrow/value.ts";
import { encodeRows } from "../../arrow/write-batch.ts";
import type { EncodedTable } from "../../flight/nested-tables.ts";

/** A schema in short: `name`, its type, and `!` for not null, e.g. `["table_name", "utf8!"]`. */
export function metadataSchema(
  ...columns: readonly (readonly [name: string, type: SimpleKind | `${SimpleKind}!`])[]
): Schema {
  return columns.map(([name, type]) => ({
    name,
    type: simpleType(type.replace("!", "") as SimpleKind),
    nullable: !type.endsWith("!"),
  }));
}

/** A metadata result; no batch at all when there are no rows, since old JDBC drivers stop at an empty one. */
export function metadataTable(schema: Schema, rows: readonly (readonly Value[])[]): EncodedTable {
  return { schemaHeader: encodePlainSchema(schema), batches: rows.length === 0 ? [] : [encodeRows(schema, rows)] };
}
