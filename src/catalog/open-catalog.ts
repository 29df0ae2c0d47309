import { stat } from "node:fs/promises";
import { EngineError } from "../common/engine-error.ts";
import { must } from "../common/assert.ts";
import { buildTable } from "./build-table.ts";
import { findDirectoryTables, findTableFiles } from "./find-files.ts";
import type { TableFiles } from "./find-files.ts";
import { readParquetFooter } from "./parquet-footer.ts";
import type { ParquetFooter } from "./parquet-footer.ts";
import type { Catalog, Relation, Table, View } from "./table.ts";

export type CatalogOptions = {
  readonly dataDirs: readonly string[];
  readonly tables: readonly { readonly name: string; readonly pathOrGlob: string }[];
};

/** A catalog whose views change by SQL and whose tables follow the files. */
export interface MutableCatalog extends Catalog {
  /** Throws duplicate_object if the name is taken, unless it is a view and `orReplace`. */
  createView(view: View, orReplace: boolean): void;
  /** Throws undefined_object if there is no such view, unless `ifExists`. */
  dropView(name: string, ifExists: boolean): void;
  /**
   * Looks at the files again and reads the footers of those that changed. `maxAgeMs`: not if the last look is younger.
   * Call it before planning: splits and statistics of a file that was replaced are wrong for the new one.
   */
  refresh(maxAgeMs?: number): Promise<void>;
  /** Another number whenever a table or view is another one than before. */
  readonly version: number;
  /** Tables that cannot be used, and why; `find` throws the same error, `names` leaves them out. */
  readonly problems: readonly { readonly name: string; readonly error: EngineError }[];
}

/** Footers that are read at the same time. */
const concurrency = 16;

/**
 * Finds the tables of the folders and of the `tables` given one by one. Throws undefined_file for a missing folder or
 * path and duplicate_object for two tables of one name; a broken file concerns its own table only (`problems`).
 */
export async function openCatalog(options: CatalogOptions): Promise<MutableCatalog> {
  const catalog = new FileCatalog(options);
  await catalog.refresh();
  return catalog;
}

type Entry =
  | { readonly kind: "table"; readonly table: Table }
  | { readonly kind: "broken"; readonly error: EngineError };

class FileCatalog implements MutableCatalog {
  readonly #options: CatalogOptions;
  readonly #views = new Map<string, View>();
  readonly #footers = new Map<string, ParquetFooter>();
  #entries: ReadonlyMap<string, Entry> = new Map();
  #refreshedAt = Number.NEGATIVE_INFINITY;
  #refreshing: Promise<void> | null = null;
  #version = 0;

  constructor(options: CatalogOptions) {
    this.#options = options;
  }

  get version(): number {
    return this.#version;
  }

  get problems(): { readonly name: string; readonly error: EngineError }[] {
    return [...this.#entries].flatMap(([name, entry]) =>
      entry.kind === "broken" ? [{ name, error: entry.error }] : [],
    );
  }

  find(name: string): Relation | undefined {
    const entry = this.#entries.get(name);
    if (entry?.kind === "broken") throw entry.error;
    if (entry !== undefined) return entry;
    const view = this.#views.get(name);
    return view === undefined ? undefined : { kind: "view", view };
  }

  names(): readonly string[] {
    const tables = [...this.#entries].filter(([, entry]) => entry.kind === "table").map(([name]) => name);
    return [...tables, ...this.#views.keys()].sort();
  }

  createView(view: View, orReplace: boolean): void {
    if (this.#entries.has(view.name))
      throw new EngineError("duplicate_object", `relation "${view.name}" already exists and is a table`);
    if (this.#views.has(view.name) && !orReplace)
      throw new EngineError("duplicate_object", `view "${view.name}" already exists`);
    this.#views.set(view.name, view);
    this.#version++;
  }

  dropView(name: string, ifExists: boolean): void {
    this.#version++;
    if (this.#entries.has(name)) throw new EngineError("undefined_object", `"${name}" is a table, not a view`);
    if (!this.#views.delete(name) && !ifExists)
      throw new EngineError("undefined_object", `view "${name}" does not exist`);
  }

  async refresh(maxAgeMs = 0): Promise<void> {
    if (maxAgeMs > 0 && performance.now() - this.#refreshedAt < maxAgeMs) return;
    this.#refreshing ??= this.#load().finally(() => {
      this.#refreshing = null;
    });
    await this.#refreshing;
  }

  async #load(): Promise<void> {
    const listed = await this.#list();
    const paths = [...new Set(listed.flatMap((table) => table.paths))];
    const errors = new Map<string, EngineError>();
    await forEachBounded(paths, async (path) => {
      try {
        await this.#readFooter(path);
      } catch (error) {
        errors.set(path, EngineError.from(error));
      }
    });
    for (const path of this.#footers.keys()) if (!paths.includes(path)) this.#footers.delete(path);
    const entries = new Map(listed.map((table) => [table.name, this.#entryOf(table, errors)]));
    const isSame =
      entries.size === this.#entries.size && [...entries].every(([name, entry]) => this.#entries.get(name) === entry);
    if (!isSame) this.#version++;
    this.#entries = entries;
    for (const name of this.#entries.keys()) this.#views.delete(name);
    this.#refreshedAt = performance.now();
  }

  async #list(): Promise<TableFiles[]> {
    const { dataDirs, tables } = this.#options;
    const found = await Promise.all([
      ...dataDirs.map(findDirectoryTables),
      ...tables.map(async ({ name, pathOrGlob }) => [await findTableFiles(name, pathOrGlob)]),
    ]);
    const byName = new Map<string, TableFiles>();
    for (const table of found.flat()) {
      const other = byName.get(table.name);
      if (other !== undefined && other.origin !== table.origin) {
        throw new EngineError(
          "duplicate_object",
          `two tables are named "${table.name}": "${other.origin}" and "${table.origin}"`,
        );
      }
      byName.set(table.name, table);
    }
    return [...byName.values()];
  }

  /** From the cache unless size or time of change differ. */
  async #readFooter(path: string): Promise<void> {
    const known = this.#footers.get(path)?.file;
    if (known !== undefined) {
      const facts = await stat(path).catch(() => null);
      if (facts !== null && facts.mtimeMs === known.modifiedMs && facts.size === known.byteSize) return;
      this.#footers.delete(path);
    }
    this.#footers.set(path, await readParquetFooter(path));
  }

  /** The same Table object as before when none of its files changed, so that plans can be compared cheaply. */
  #entryOf({ name, paths }: TableFiles, errors: ReadonlyMap<string, EngineError>): Entry {
    const error = paths.map((path) => errors.get(path)).find((found) => found !== undefined);
    if (error !== undefined) return { kind: "broken", error };
    const footers = paths.map((path) => must(this.#footers.get(path), "a file without error has its footer"));
    const before = this.#entries.get(name);
    if (before?.kind === "table" && before.table.files.length === footers.length) {
      if (footers.every((footer, index) => footer.file === before.table.files[index])) return before;
    }
    try {
      return { kind: "table", table: buildTable(name, footers) };
    } catch (thrown) {
      return { kind: "broken", error: EngineError.from(thrown) };
    }
  }
}

async function forEachBounded<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < items.length) await work(items[next++]!);
  };
  await Promise.all(Array.from({ length: Math.min(concurrency, items.length) }, worker));
}
