import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { bindStatement } from "../../src/bind/bind-statement.ts";
import { EngineError } from "../../src/common/engine-error.ts";
import { formatErrorWithPosition } from "../../src/sql/format-error-with-position.ts";
import { loadParser, parse } from "../../src/sql/parse.ts";
import { tokenAt, tokenize } from "../../src/sql/tokenize.ts";
import { checkPlan } from "./check-plan.ts";
import { testCatalog } from "./test-catalog.ts";

const folder = fileURLToPath(new URL("../../", import.meta.url));
const statements = [
  ...globSync("test/bind/cases/*.sql", { cwd: folder }).flatMap((file) =>
    readFileSync(`${folder}${file}`, "utf8").split("\n"),
  ),
  ...globSync("tpch/queries/*.sql", { cwd: folder }).map((file) => readFileSync(`${folder}${file}`, "utf8")),
].filter((sql) => sql.trim() !== "" && !sql.startsWith("--"));

function tokensOf(sql: string): readonly string[] {
  return tokenize(sql)
    .map(({ start, end }) => sql.slice(start, end))
    .filter((text) => text.trim() !== "");
}

const vocabulary = [...new Set(statements.flatMap(tokensOf))];
const catalog = testCatalog({ totals: { sql: "select a, sum(b) as total from t group by a" } });

/** Text errors may have any place; whatever the mistake, it is reported as one of ours, and what binds is sound. */
function bindAll(sql: string): void {
  try {
    for (const statement of parse(sql)) {
      const bound = bindStatement(statement, { catalog, sql });
      if (bound.kind === "query" && bound.parameterTypes.every(({ kind }) => kind !== "null")) checkPlan(bound.plan);
    }
  } catch (thrown) {
    assert(
      thrown instanceof EngineError && thrown.code !== "internal",
      (thrown instanceof Error ? thrown.stack : undefined) ?? String(thrown),
    );
    const { span } = thrown.details;
    if (span !== undefined)
      assert(span.start >= 0 && span.start <= span.end && span.end <= sql.length, "the span lies in the text");
    assert(Buffer.byteLength(formatErrorWithPosition(thrown, sql)) < 3072);
  }
}

const columns = new Set("a b s d x f flag c ts k".split(" "));

/** Tokens that can stand for each other without breaking the grammar. */
function classOf(token: string): string {
  if (columns.has(token)) return "column";
  if (["t", "u", "w"].includes(token)) return "table";
  if (["sum", "count", "min", "avg", "upper", "abs", "length", "coalesce"].includes(token)) return "function";
  if (["and", "or"].includes(token)) return "connective";
  if (["union", "intersect", "except"].includes(token)) return "set operation";
  if (["any", "all"].includes(token)) return "quantifier";
  if (["left", "right", "full", "inner"].includes(token)) return "join";
  const kind = tokenAt(token, 0).kind;
  return kind === "word" || kind === "punctuation" ? `only ${token}` : kind;
}

const alike = Map.groupBy(vocabulary, classOf);
const kinds = ["alike", "alike", "alike", "alike", "drop", "insert", "replace", "swap", "repeat"];
const edit = fc.record({ at: fc.nat(), kind: fc.constantFrom(...kinds), choice: fc.nat() });
type Edit = { readonly at: number; readonly kind: string; readonly choice: number };

function applyEdit(tokens: readonly string[], { at, kind, choice }: Edit): readonly string[] {
  const index = tokens.length === 0 ? 0 : at % tokens.length;
  const [before, after] = [tokens.slice(0, index), tokens.slice(index + 1)];
  const current = tokens[index] ?? "";
  const pick = (words: readonly string[]): string => words[choice % words.length] ?? "";
  if (kind === "alike")
    return [...before, pick(alike.get(current === "" ? "" : classOf(current)) ?? [current]), ...after];
  if (kind === "drop") return [...before, ...after];
  if (kind === "insert") return [...before, pick(vocabulary), current, ...after];
  if (kind === "replace") return [...before, pick(vocabulary), ...after];
  if (kind === "repeat") return [...before, current, current, ...after];
  return [...before, ...after.slice(0, 1), current, ...after.slice(1)];
}

describe("mutated statements", () => {
  before(loadParser);

  it("bind to a sound plan or end in an error of ours", () => {
    const mutated = fc.tuple(fc.constantFrom(...statements), fc.array(edit, { minLength: 1, maxLength: 4 }));
    fc.assert(
      fc.property(mutated, ([sql, edits]) =>
        bindAll(edits.reduce<readonly string[]>(applyEdit, tokensOf(sql)).join(" ")),
      ),
      { numRuns: Number(process.env["ONAGER_FUZZ_RUNS"] ?? 500) },
    );
  });

  it("need not be SQL at all", () => {
    const text = fc.oneof(
      fc.string({ unit: "binary", maxLength: 80 }),
      fc.array(fc.constantFrom(...vocabulary), { maxLength: 30 }).map((words) => words.join(" ")),
    );
    fc.assert(fc.property(text, bindAll), { numRuns: Number(process.env["ONAGER_FUZZ_RUNS"] ?? 500) });
  });
});
