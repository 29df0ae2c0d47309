import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { checkQuery, failureOf, type QueryTexts } from "./check-query.ts";
import { OnagerUnderTest, Oracle } from "./engines.ts";
import { mutate } from "./mutate-text.ts";
import { QueryGenerator } from "./query-generator.ts";
import { Random } from "./random.ts";
import { print } from "./sql-tree.ts";

const folder = fileURLToPath(new URL("regressions/", import.meta.url));
const seed = Number(process.env["ONAGER_FUZZ_SEED"] ?? Date.now() % 1_000_000_000);
const queryCount = 150;
const mutatedCount = 400;
const blockSize = 25;

describe("random queries against DuckDB", () => {
  let ours: OnagerUnderTest;
  let oracle: Oracle;

  before(async function () {
    this.timeout(60_000);
    ours = await OnagerUnderTest.start();
    oracle = await Oracle.start();
  });

  after(async () => {
    oracle?.close();
    await ours?.close();
  });

  for (const file of globSync("*.json", { cwd: folder }).sort()) {
    it(`what once was wrong: ${file}`, async () => {
      const outcome = await checkQuery(
        JSON.parse(readFileSync(`${folder}${file}`, "utf8")) as QueryTexts,
        ours,
        oracle,
      );
      assert.equal(outcome.outcome, "same", JSON.stringify(outcome));
    });
  }

  for (let first = seed; first < seed + queryCount; first += blockSize) {
    it(`gives the same rows, seeds ${first} to ${first + blockSize - 1}`, async () => {
      for (let one = first; one < first + blockSize; one++) {
        const { sql, ordered } = new QueryGenerator(new Random(one)).statement();
        const texts = { ours: print(sql, "ours"), duck: print(sql, "duck"), ordered };
        const outcome = await checkQuery(texts, ours, oracle);
        assert.notEqual(
          outcome.outcome,
          "failed",
          `npm run fuzz -- --queries 1 --seed ${one}\n${texts.ours}\n${JSON.stringify(outcome)}`,
        );
      }
    }).timeout(120_000);
  }

  it(`refuses ${mutatedCount} broken texts without breaking, seed ${seed}`, async () => {
    for (let one = seed; one < seed + mutatedCount; one++) {
      const text = mutate(new Random(one));
      try {
        await ours.tryOut(text, 0);
      } catch (error) {
        assert.equal(failureOf(error, ""), null, `seed ${one}: ${(error as Error).message}\n${text}`);
      }
    }
  }).timeout(120_000);
});
