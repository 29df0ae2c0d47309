import { encodeClientSchema } from "../../arrow/arrow-schema.ts";
import { EngineError } from "../../common/engine-error.ts";
import { encapsulate } from "../../flight/ipc-message.ts";
import { encodeXdbcTypes, encodeSqlInfo, type EncodedTable } from "../../flight/nested-tables.ts";
import { decodeProto, type AnyMessage } from "../../flight/proto-codec.ts";
import type { CommandGetDbSchemas, CommandGetTables } from "../../gen/protos.ts";
import type { QueryService, Session } from "../query-service.ts";
import { catalogName, schemaName } from "../../catalog/table.ts";
import { likePattern } from "./like-pattern.ts";
import { metadataSchema, metadataTable } from "./metadata-table.ts";
import { sqlInfo } from "./sql-info.ts";
import { xdbcTypes } from "./xdbc-types.ts";

const catalogsSchema = metadataSchema(["catalog_name", "utf8!"]);
const dbSchemasSchema = metadataSchema(["catalog_name", "utf8"], ["db_schema_name", "utf8!"]);
const tableTypesSchema = metadataSchema(["table_type", "utf8!"]);
const tablesSchema = metadataSchema(
  ["catalog_name", "utf8"],
  ["db_schema_name", "utf8"],
  ["table_name", "utf8!"],
  ["table_type", "utf8!"],
);
const tablesWithColumnsSchema = [...tablesSchema, ...metadataSchema(["table_schema", "binary!"])];
const primaryKeysSchema = metadataSchema(
  ["catalog_name", "utf8"],
  ["db_schema_name", "utf8"],
  ["table_name", "utf8!"],
  ["column_name", "utf8!"],
  ["key_sequence", "int32!"],
  ["key_name", "utf8"],
);
const foreignKeysSchema = metadataSchema(
  ["pk_catalog_name", "utf8"],
  ["pk_db_schema_name", "utf8"],
  ["pk_table_name", "utf8!"],
  ["pk_column_name", "utf8!"],
  ["fk_catalog_name", "utf8"],
  ["fk_db_schema_name", "utf8"],
  ["fk_table_name", "utf8!"],
  ["fk_column_name", "utf8!"],
  ["key_sequence", "int32!"],
  ["fk_key_name", "utf8"],
  ["pk_key_name", "utf8"],
  ["update_rule", "uint8!"],
  ["delete_rule", "uint8!"],
);

const sqlPackage = "arrow.flight.protocol.sql.";

/** Answers one metadata command; null for commands that are none. Files have no keys, so key results are empty. */
export async function answerMetadata(
  command: AnyMessage,
  queries: QueryService,
  session: Session,
): Promise<EncodedTable | null> {
  if (!command.typeName.startsWith(sqlPackage)) return null;
  const { value } = command;
  switch (command.typeName.slice(sqlPackage.length)) {
    case "CommandGetSqlInfo": {
      const wanted = new Set(decodeProto(`${sqlPackage}CommandGetSqlInfo`, value).info);
      return encodeSqlInfo(wanted.size === 0 ? sqlInfo : sqlInfo.filter((entry) => wanted.has(entry.id)));
    }
    case "CommandGetXdbcTypeInfo": {
      const { dataType } = decodeProto(`${sqlPackage}CommandGetXdbcTypeInfo`, value);
      return encodeXdbcTypes(
        dataType === undefined ? xdbcTypes : xdbcTypes.filter((type) => type.dataType === dataType),
      );
    }
    case "CommandGetCatalogs":
      return metadataTable(catalogsSchema, [[catalogName]]);
    case "CommandGetDbSchemas":
      return dbSchemas(decodeProto(`${sqlPackage}CommandGetDbSchemas`, value));
    case "CommandGetTables":
      return tables(decodeProto(`${sqlPackage}CommandGetTables`, value), queries, session);
    case "CommandGetTableTypes":
      return metadataTable(tableTypesSchema, [["TABLE"], ["VIEW"]]);
    case "CommandGetPrimaryKeys":
      return metadataTable(primaryKeysSchema, []);
    case "CommandGetExportedKeys":
    case "CommandGetImportedKeys":
    case "CommandGetCrossReference":
      return metadataTable(foreignKeysSchema, []);
    default:
      return null;
  }
}

/** A catalog filter is exact; an empty one asks for what is in no catalog. */
function matchesCatalog(catalog: string | undefined): boolean {
  return catalog === undefined || catalog === catalogName;
}

function matchesSchema(pattern: string | undefined): boolean {
  return pattern === undefined || likePattern(pattern).test(schemaName);
}

function dbSchemas(command: CommandGetDbSchemas): EncodedTable {
  const matches = matchesCatalog(command.catalog) && matchesSchema(command.dbSchemaFilterPattern);
  return metadataTable(dbSchemasSchema, matches ? [[catalogName, schemaName]] : []);
}

async function tables(command: CommandGetTables, queries: QueryService, session: Session): Promise<EncodedTable> {
  const schema = command.includeSchema ? tablesWithColumnsSchema : tablesSchema;
  if (!matchesCatalog(command.catalog) || !matchesSchema(command.dbSchemaFilterPattern))
    return metadataTable(schema, []);
  const pattern = command.tableNameFilterPattern === undefined ? null : likePattern(command.tableNameFilterPattern);
  const types = new Set(command.tableTypes);
  const relations = (await queries.relations(session))
    .filter(
      (relation) => (pattern === null || pattern.test(relation.name)) && (types.size === 0 || types.has(relation.type)),
    )
    .sort((left, right) => (left.name < right.name ? -1 : left.name > right.name ? 1 : 0));
  const rows = relations.map((relation) => {
    const row = [catalogName, schemaName, relation.name, relation.type];
    return command.includeSchema ? [...row, encapsulate(encodeClientSchema(relation.schema))] : row;
  });
  return metadataTable(schema, rows);
}

/** Throws for commands of Flight SQL that Onager does not have, so that clients can fall back. */
export function refuseCommand(command: AnyMessage | null): never {
  const name = command?.typeName.startsWith(sqlPackage) === true ? command.typeName.slice(sqlPackage.length) : null;
  switch (name) {
    case "CommandStatementSubstraitPlan":
      throw new EngineError("feature_not_supported", "Substrait plans are not supported: send SQL");
    case "CommandStatementIngest":
      throw new EngineError(
        "feature_not_supported",
        "bulk ingestion is not supported: tables are Parquet files that Onager reads in place",
      );
    case null:
      throw new EngineError("invalid_argument", "the descriptor is no Flight SQL command");
    default:
      throw new EngineError("feature_not_supported", `${name} is not supported here`);
  }
}
