import { simpleType, typeName, type DataType } from "../arrow/data-type.ts";
import type { Value } from "../arrow/value.ts";
import { catalogName, schemaName, type Catalog, type Relation } from "../catalog/table.ts";
import { EngineError, type TextSpan } from "../common/engine-error.ts";
import { nearestNameHint } from "../common/nearest-name.ts";
import type { RelationName } from "../sql/ast.ts";
import { type BindContext, type BoundQuery, newColumn } from "./bind-context.ts";

/** Columns of a relation, as a caller of the binder can tell them for views too. */
export type ColumnsOf = (
  relation: Relation,
) => readonly { readonly name: string; readonly type: DataType; readonly nullable: boolean }[];

type Row = readonly Value[];
type SystemView = {
  /** Names, with the kind of those that are no text. */
  readonly columns: readonly (string | readonly [string, "int32"])[];
  readonly rows: (catalog: Catalog, columnsOf: ColumnsOf) => readonly Row[];
};

const informationSchema = "information_schema";

/** SQL's information_schema: what a caller may see, each time as it is now. */
const views: Readonly<Record<string, SystemView>> = {
  information_schema_catalog_name: { columns: ["catalog_name"], rows: () => [[catalogName]] },
  schemata: {
    columns: ["catalog_name", "schema_name", "schema_owner", "sql_path"],
    rows: () => [informationSchema, schemaName].map((name) => [catalogName, name, null, null]),
  },
  tables: {
    columns: ["table_catalog", "table_schema", "table_name", "table_type", "is_insertable_into", "is_typed"],
    rows: (catalog) => [
      ...Object.keys(views).map((name) => [catalogName, informationSchema, name, "VIEW", "NO", "NO"]),
      ...relationsOf(catalog).map(({ name, relation }) => {
        const type = relation.kind === "table" ? "BASE TABLE" : "VIEW";
        return [catalogName, schemaName, name, type, "NO", "NO"];
      }),
    ],
  },
  columns: {
    columns: [
      "table_catalog",
      "table_schema",
      "table_name",
      "column_name",
      ["ordinal_position", "int32"],
      "column_default",
      "is_nullable",
      "data_type",
      ["character_maximum_length", "int32"],
      ["character_octet_length", "int32"],
      ["numeric_precision", "int32"],
      ["numeric_precision_radix", "int32"],
      ["numeric_scale", "int32"],
      ["datetime_precision", "int32"],
    ],
    rows: (catalog, columnsOf) => [
      ...Object.entries(views).flatMap(([name, { columns }]) =>
        columnRows(informationSchema, name, columns.map(systemColumn)),
      ),
      ...relationsOf(catalog).flatMap(({ name, relation }) => columnRows(schemaName, name, columnsOf(relation))),
    ],
  },
  views: {
    columns: ["table_catalog", "table_schema", "table_name", "view_definition", "check_option", "is_updatable"],
    rows: (catalog) =>
      relationsOf(catalog).flatMap(({ name, relation }) =>
        relation.kind === "view" ? [[catalogName, schemaName, name, relation.view.sql, "NONE", "NO"]] : [],
      ),
  },
};

/** Whether a name is qualified with information_schema. */
export function isInformationSchema(qualifiers: readonly string[]): boolean {
  const [schema, catalog] = qualifiers.toReversed();
  return schema === informationSchema && (catalog === undefined || catalog === catalogName) && qualifiers.length <= 2;
}

/** The rows of a view of information_schema. Throws undefined_table for one that it does not have. */
export function bindInformationSchema(
  { name, span }: RelationName,
  context: BindContext,
  columnsOf: ColumnsOf,
): BoundQuery {
  const view = Object.hasOwn(views, name) ? views[name] : undefined;
  if (view === undefined) {
    const hint = nearestNameHint(name, Object.keys(views));
    throw new EngineError("undefined_table", `table "${informationSchema}.${name}" does not exist`, {
      span,
      ...(hint === undefined ? {} : { hint }),
    });
  }
  const columns = view.columns.map(systemColumn).map((column) => newColumn(context, column.name, column.type, true));
  const rows = view
    .rows(context.catalog, columnsOf)
    .map((row) => row.map((value, index) => literal(value, columns[index]!.type, span)));
  return { plan: { kind: "values", columns, rows }, columns: columns.map((column) => ({ name: column.name, column })) };
}

function literal(value: Value, type: DataType, span: TextSpan) {
  return { kind: "literal", type, value, span } as const;
}

function systemColumn(column: string | readonly [string, "int32"]): {
  name: string;
  type: DataType;
  nullable: boolean;
} {
  const [name, kind] = typeof column === "string" ? ([column, "utf8"] as const) : column;
  return { name, type: simpleType(kind), nullable: true };
}

/** Tables whose files cannot be read are left out, as in all other lists. */
function relationsOf(catalog: Catalog): readonly { readonly name: string; readonly relation: Relation }[] {
  return catalog.names().flatMap((name) => {
    const relation = catalog.find(name);
    return relation === undefined ? [] : [{ name, relation }];
  });
}

function columnRows(schema: string, table: string, columns: ReturnType<ColumnsOf>): readonly Row[] {
  return columns.map(({ name, type, nullable }, index) => {
    const place = [catalogName, schema, table, name, index + 1, null];
    return [
      ...place,
      nullable ? "YES" : "NO",
      typeName(type),
      null,
      null,
      ...numericFacts(type),
      datetimePrecision(type),
    ];
  });
}

/** Precision, its radix, and scale. */
function numericFacts(type: DataType): readonly (number | null)[] {
  if (type.kind === "decimal") return [type.precision, 10, type.scale];
  const float = { float32: 24, float64: 53 }[type.kind as "float32" | "float64"] as number | undefined;
  if (float !== undefined) return [float, 2, null];
  const bits = /^u?int(\d+)$/.exec(type.kind)?.[1];
  return bits === undefined ? [null, null, null] : [Number(bits), 2, 0];
}

function datetimePrecision(type: DataType): number | null {
  if (type.kind === "date") return 0;
  return ["time", "timestamp", "timestamptz", "interval"].includes(type.kind) ? 6 : null;
}
