import { sameType, typeName } from "../arrow/data-type.ts";
import type { Field } from "../arrow/schema.ts";
import { EngineError } from "../common/engine-error.ts";
import type { ParquetFooter } from "./parquet-footer.ts";
import { tableStatistics } from "./table-statistics.ts";
import type { Table } from "./table.ts";

/**
 * One table of its files' footers, at least one. All files have the same columns, of the same types and in the same
 * order; a column that is nullable in one is nullable in the table. Else invalid_definition, naming file and column.
 */
export function buildTable(name: string, footers: readonly ParquetFooter[]): Table {
  const [first, ...rest] = footers as [ParquetFooter, ...ParquetFooter[]];
  let schema = checkNames(name, first);
  for (const footer of rest) schema = mergeSchema(name, schema, first, footer);
  const files = footers.map((footer) => footer.file);
  return {
    name,
    schema,
    files,
    rowCount: files.reduce((sum, file) => sum + file.rowCount, 0),
    statistics: tableStatistics(
      schema,
      files,
      footers.map((footer) => footer.samples),
    ),
    ...(first.unsupported.length === 0 ? {} : { unsupportedColumns: first.unsupported }),
  };
}

function checkNames(table: string, footer: ParquetFooter): readonly Field[] {
  const seen = new Set<string>();
  for (const { name } of footer.schema) {
    if (seen.has(name)) throw mismatch(table, footer, `has two columns named "${name}"`);
    seen.add(name);
  }
  return footer.schema;
}

function mergeSchema(
  table: string,
  schema: readonly Field[],
  first: ParquetFooter,
  footer: ParquetFooter,
): readonly Field[] {
  const inFirst = `"${first.file.path}"`;
  const byName = new Map(footer.schema.map((field) => [field.name, field]));
  for (const field of footer.schema) {
    if (!schema.some((known) => known.name === field.name)) {
      throw mismatch(
        table,
        footer,
        `has the column "${field.name}" of type ${typeName(field.type)}, which ${inFirst} does not have`,
      );
    }
  }
  return schema.map((known) => {
    const field = byName.get(known.name);
    if (field === undefined) {
      throw mismatch(
        table,
        footer,
        `lacks the column "${known.name}" of type ${typeName(known.type)}, which ${inFirst} has`,
      );
    }
    if (!sameType(known.type, field.type)) {
      throw mismatch(
        table,
        footer,
        `has the column "${field.name}" as ${typeName(field.type)}, but ${inFirst} has it as ${typeName(known.type)}`,
      );
    }
    const position = footer.schema.indexOf(field);
    if (schema.indexOf(known) !== position) {
      throw mismatch(
        table,
        footer,
        `has the column "${field.name}" at another place (${position + 1}) than ${inFirst}`,
      );
    }
    return field.nullable && !known.nullable ? field : known;
  });
}

function mismatch(table: string, footer: ParquetFooter, what: string): EngineError {
  const { path } = footer.file;
  return new EngineError("invalid_definition", `files of table "${table}" differ: "${path}" ${what}`, { file: path });
}
