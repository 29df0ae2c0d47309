/**
 * Runs generated queries on Onager and on DuckDB and prints what differs, cut down, with its seed.
 * `npm run fuzz -- --queries 10000 --seed 7`; `--show` prints every query; `--no-shrink` leaves failures as they are.
 */
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { checkQuery, type Outcome } from "./check-query.ts";
import { OnagerUnderTest, Oracle } from "./engines.ts";
import { QueryGenerator } from "./query-generator.ts";
import { Random } from "./random.ts";
import { shrink } from "./shrink.ts";
import { print, type Sql } from "./sql-tree.ts";

const { values: options } = parseArgs({
  options: {
    queries: { type: "string", default: "1000" },
    seed: { type: "string", default: String(Date.now() % 1_000_000_000) },
    show: { type: "boolean", default: false },
    shrink: { type: "boolean", default: true },
    failures: { type: "string", default: "20" },
    save: { type: "string" },
  },
  allowNegative: true,
});

const slowMs = 30_000;
const progressEvery = 250;
const seed = Number(options.seed);
const ours = await OnagerUnderTest.start();
const oracle = await Oracle.start();
const counts = { same: 0, empty: 0, failed: 0, skipped: 0 };
const reasons = new Map<string, number>();
console.log(`seed ${seed}`);
const started = performance.now();
for (let index = 0; index < Number(options.queries) && counts.failed < Number(options.failures); index++) {
  const querySeed = seed + index;
  const { sql, ordered } = new QueryGenerator(new Random(querySeed)).statement();
  const textsOf = (tree: Sql) => ({ ours: print(tree, "ours"), duck: print(tree, "duck"), ordered });
  if (options.show) console.log(`-- ${querySeed}\n${textsOf(sql).ours}`);
  if (index > 0 && index % progressEvery === 0) console.log(`-- ${JSON.stringify(counts)}`);
  const before = performance.now();
  const outcome = await checkQuery(textsOf(sql), ours, oracle);
  const milliseconds = performance.now() - before;
  if (milliseconds > slowMs) console.log(`-- slow: seed ${querySeed} took ${(milliseconds / 1000).toFixed(0)} s`);
  counts[outcome.outcome]++;
  if (outcome.outcome === "same" && outcome.rows === 0) counts.empty++;
  if (outcome.outcome === "skipped") {
    const reason = `${outcome.by}: ${outcome.reason
      .split("\n")[0]!
      .replaceAll(/[0-9]+/g, "#")
      .slice(0, 110)}`;
    reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
  }
  if (outcome.outcome === "failed") await report(querySeed, sql, outcome, textsOf);
}

async function report(
  querySeed: number,
  sql: Sql,
  outcome: Outcome & { outcome: "failed" },
  textsOf: (tree: Sql) => { ours: string; duck: string; ordered: boolean },
): Promise<void> {
  console.log(`\n== seed ${querySeed}, ${outcome.variant}: ${outcome.detail}`);
  let smallest = sql;
  if (options.shrink) {
    smallest = await shrink(sql, async (candidate) => {
      const again = await checkQuery(textsOf(candidate), ours, oracle);
      return again.outcome === "failed" && again.kind === outcome.kind;
    });
  }
  const texts = textsOf(smallest);
  const last = await checkQuery(texts, ours, oracle);
  if (last.outcome === "failed") console.log(`   ${last.variant}: ${last.detail}`);
  console.log(`   ${texts.ours}${texts.duck === texts.ours ? "" : `\n   DuckDB: ${texts.duck}`}`);
  if (options.save !== undefined)
    writeFileSync(`${options.save}/${querySeed}.json`, `${JSON.stringify({ seed: querySeed, ...texts }, null, 2)}\n`);
}

const seconds = (performance.now() - started) / 1000;
console.log(
  `\n${counts.same} same (${counts.empty} without rows), ${counts.failed} failed, ${counts.skipped} skipped in ${seconds.toFixed(0)} s`,
);
for (const [reason, count] of [...reasons].toSorted((left, right) => right[1] - left[1]).slice(0, 25))
  console.log(`${String(count).padStart(6)} × ${reason}`);
oracle.close();
await ours.close();
process.exit(counts.failed > 0 ? 1 : 0);
