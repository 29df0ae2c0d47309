/** Sends broken texts for some seconds: `npm run fuzz:texts -- --seconds 120 --seed 7`. None may give an internal error. */
import { parseArgs } from "node:util";
import { EngineError } from "../../src/common/engine-error.ts";
import { failureOf } from "./check-query.ts";
import { OnagerUnderTest } from "./engines.ts";
import { mutate } from "./mutate-text.ts";
import { Random } from "./random.ts";

const { values: options } = parseArgs({
  options: {
    seconds: { type: "string", default: "60" },
    seed: { type: "string", default: String(Date.now() % 1_000_000_000) },
  },
});
const ours = await OnagerUnderTest.start();
const codes = new Map<string, number>();
const seen = new Set<string>();
let one = Number(options.seed);
let failures = 0;
console.log(`seed ${one}`);
const end = performance.now() + Number(options.seconds) * 1000;
for (; performance.now() < end; one++) {
  const text = mutate(new Random(one));
  let code = "no error";
  try {
    await ours.tryOut(text, one % 2);
  } catch (error) {
    code = EngineError.from(error).code;
    const failure = failureOf(error, "");
    if (failure !== null) {
      failures++;
      if (!seen.has(failure.kind)) console.log(`\n== seed ${one}: ${failure.detail}\n   ${text}`);
      seen.add(failure.kind);
    }
  }
  codes.set(code, (codes.get(code) ?? 0) + 1);
}
console.log(`\n${one - Number(options.seed)} texts, ${failures} failed`);
for (const [code, count] of [...codes].toSorted((left, right) => right[1] - left[1]))
  console.log(`${String(count).padStart(7)} × ${code}`);
await ours.close();
process.exit(failures > 0 ? 1 : 0);
