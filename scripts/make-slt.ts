/**
 * Fills in the expected rows of test/slt/**\/*.slt from DuckDB. Only missing ones, unless `--all` is given; records with
 * `skipif duckdb` stay as they are. `--check` changes nothing and exits 1 where DuckDB says otherwise. Files may be named.
 */
import { globSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { DuckDbEngine } from "../test/support/duckdb-engine.ts";
import { parseSlt, type SltRecord } from "../test/support/slt-file.ts";
import { appliesTo, printRow, runRecord, sortRows } from "../test/support/slt-runner.ts";

const folder = fileURLToPath(new URL("../", import.meta.url));

type Edit = { readonly start: number; readonly end: number; readonly lines: readonly string[] };

const { values: options, positionals } = parseArgs({
  options: { all: { type: "boolean", default: false }, check: { type: "boolean", default: false } },
  allowPositionals: true,
});

async function expectedLines(record: SltRecord & { kind: "query" }, engine: DuckDbEngine): Promise<string[]> {
  const { rows } = await engine.run(record.sql);
  return ["----", ...(record.isSorted ? sortRows(rows, record.types) : rows).map(printRow)];
}

async function makeFile(file: string, engine: DuckDbEngine): Promise<number> {
  const text = readFileSync(`${folder}${file}`, "utf8");
  const edits: Edit[] = [];
  let failures = 0;
  for (const record of parseSlt(text, file)) {
    if (!appliesTo(record, engine)) continue;
    try {
      if (options.check || record.kind !== "query") await runRecord(record, engine);
      else if (options.all || record.rows === undefined) {
        edits.push({ ...record.rowLines, lines: await expectedLines(record, engine) });
      }
    } catch (error) {
      failures++;
      console.error(`${file}:${record.line}: ${(error as Error).message}`);
    }
  }
  const lines = text.split("\n");
  for (const { start, end, lines: replacement } of edits.toReversed()) lines.splice(start, end - start, ...replacement);
  if (edits.length > 0) writeFileSync(`${folder}${file}`, lines.join("\n"));
  console.log(`${file}: ${edits.length} filled in, ${failures} failed`);
  return failures;
}

let failures = 0;
for (const file of positionals.length > 0 ? positionals : globSync("test/slt/**/*.slt", { cwd: folder }).sort()) {
  const engine = await DuckDbEngine.start();
  failures += await makeFile(file, engine);
  await engine.close();
}
process.exitCode = failures > 0 ? 1 : 0;
