import { glob, readdir, stat } from "node:fs/promises";
import type { Dirent, Stats } from "node:fs";
import { basename, join, resolve } from "node:path";
import { EngineError } from "../common/engine-error.ts";

/** Files of one table, not yet read; paths are absolute and sorted. */
export type TableFiles = { readonly name: string; readonly paths: readonly string[]; readonly origin: string };

const extension = ".parquet";

/** Each subfolder with Parquet files, and each single Parquet file, is a table named after it, in lower case. */
export async function findDirectoryTables(directory: string): Promise<TableFiles[]> {
  const root = resolve(directory);
  const entries = (await listDirectory(root)).sort((left, right) => (left.name < right.name ? -1 : 1));
  const tables = await Promise.all(
    entries
      .filter((entry) => isVisible(entry.name))
      .map(async (entry): Promise<TableFiles | null> => {
        const path = join(root, entry.name);
        const facts = await describePath(path);
        if (facts?.isFile() === true && entry.name.toLowerCase().endsWith(extension)) {
          return { name: foldName(entry.name.slice(0, -extension.length)), paths: [path], origin: path };
        }
        if (facts?.isDirectory() !== true) return null;
        const paths = await parquetFilesIn(path);
        return paths.length === 0 ? null : { name: foldName(entry.name), paths, origin: path };
      }),
  );
  return tables.filter((table) => table !== null);
}

/** Files of `--table NAME=PATH_OR_GLOB`: a file, a folder's Parquet files, or what a pattern matches. */
export async function findTableFiles(name: string, pathOrGlob: string): Promise<TableFiles> {
  const origin = resolve(pathOrGlob);
  const facts = await describePath(origin);
  const paths =
    facts === null ? await matchingFiles(pathOrGlob) : facts.isDirectory() ? await parquetFilesIn(origin) : [origin];
  if (paths.length === 0) {
    throw new EngineError("undefined_file", `no Parquet file at "${pathOrGlob}" for table "${name}"`, { file: origin });
  }
  return { name: foldName(name), paths, origin };
}

/** Names fold as unquoted identifiers do in SQL. */
export function foldName(name: string): string {
  return name.toLowerCase();
}

async function matchingFiles(pattern: string): Promise<string[]> {
  const paths: string[] = [];
  for await (const match of glob(pattern)) {
    const path = resolve(match);
    if ((await describePath(path))?.isFile() === true) paths.push(path);
  }
  return paths.sort();
}

async function parquetFilesIn(directory: string): Promise<string[]> {
  const names = (await listDirectory(directory)).map((entry) => entry.name);
  return names
    .filter((name) => isVisible(name) && name.toLowerCase().endsWith(extension))
    .sort()
    .map((name) => join(directory, name));
}

/** Writers leave markers such as _SUCCESS and ._hidden files beside the data. */
function isVisible(name: string): boolean {
  return !basename(name).startsWith(".") && !basename(name).startsWith("_");
}

async function listDirectory(directory: string): Promise<Dirent[]> {
  try {
    return await readdir(directory, { withFileTypes: true });
  } catch (cause) {
    throw new EngineError("undefined_file", `cannot read folder "${directory}"`, { file: directory }, cause);
  }
}

async function describePath(path: string): Promise<Stats | null> {
  try {
    return await stat(path);
  } catch {
    return null;
  }
}
