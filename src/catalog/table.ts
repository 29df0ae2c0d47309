import type { Schema } from "../arrow/schema.ts";
import type { Value } from "../arrow/value.ts";

/** Facts about one column over all files of a table, from Parquet footers; undefined where a footer is silent. */
export type ColumnStatistics = {
  readonly min?: Value;
  readonly max?: Value;
  readonly nullCount?: number;
  /** An estimate of the number of distinct values. */
  readonly distinctCount?: number;
  /** Average bytes of one value as stored in memory, for strings. */
  readonly averageByteSize?: number;
  /** Compressed bytes of the column in the file, for choices of task counts. */
  readonly storedByteSize?: number;
};

export type RowGroup = {
  readonly firstRow: number;
  readonly rowCount: number;
  /** Compressed bytes in the file. */
  readonly byteSize: number;
  /** By column position in the table's schema. */
  readonly columns: readonly ColumnStatistics[];
};

export type DataFile = {
  readonly path: string;
  readonly byteSize: number;
  /** Milliseconds since the epoch; a change means that the cached footer is stale. */
  readonly modifiedMs: number;
  readonly rowCount: number;
  readonly rowGroups: readonly RowGroup[];
};

export type Table = {
  readonly name: string;
  readonly schema: Schema;
  readonly files: readonly DataFile[];
  readonly rowCount: number;
  /** By column position. */
  readonly statistics: readonly ColumnStatistics[];
  /** Columns of the files that are not in `schema`, since their type cannot be read: an error when referred to. */
  readonly unsupportedColumns?: readonly { readonly name: string; readonly typeName: string }[];
};

/** A view is kept as the text of its query and bound anew at each use. */
export type View = { readonly name: string; readonly sql: string; readonly columnNames: readonly string[] | null };

export type Relation =
  | { readonly kind: "table"; readonly table: Table }
  | { readonly kind: "view"; readonly view: View };

/** What the binder sees. Names are already case-folded; the one catalog is "onager", the one schema "public". */
export interface Catalog {
  find(name: string): Relation | undefined;
  /** All names, sorted, for SHOW TABLES, metadata and nearest-name hints. */
  names(): readonly string[];
  /** What views read from, where callers may use a view without what is behind it. */
  behindViews?(): Catalog;
}

export const catalogName = "onager";
export const schemaName = "public";
