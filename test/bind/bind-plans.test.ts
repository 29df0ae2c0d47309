import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { typeName } from "../../src/arrow/data-type.ts";
import { EngineError } from "../../src/common/engine-error.ts";
import { bindStatement } from "../../src/bind/bind-statement.ts";
import type { BoundStatement } from "../../src/logical/logical-node.ts";
import { printLogicalPlan } from "../../src/logical/print-plan.ts";
import { formatErrorWithPosition } from "../../src/sql/format-error-with-position.ts";
import { loadParser, parse } from "../../src/sql/parse.ts";
import { assertGolden } from "../support/golden.ts";
import { checkPlan } from "./check-plan.ts";
import { testCatalog } from "./test-catalog.ts";

const catalog = testCatalog({
  totals: { sql: "select a, sum(b) as total from t group by a" },
  large_totals: { sql: "select * from totals where total > 1000", columnNames: ["key"] },
  broken: { sql: "select nope from t" },
  itself: { sql: "select * from itself" },
  one: { sql: "select * from other" },
  other: { sql: "select * from one" },
});

function bindOne(sql: string): BoundStatement {
  return bindStatement(parse(sql)[0]!, { catalog, sql });
}

function describeStatement(statement: BoundStatement): string {
  if (statement.kind === "explain")
    return `explain${statement.analyze ? " analyze" : ""}\n${describeStatement(statement.statement)}`;
  if (statement.kind !== "query") return JSON.stringify(statement);
  checkPlan(statement.plan);
  const outputs = statement.outputs.map(
    ({ name, column }) => `${name} ${typeName(column.type)}${column.nullable ? "" : " not null"}`,
  );
  const parameters = statement.parameterTypes.map((type, index) => `$${index + 1} ${typeName(type)}`);
  const facts = [`(${outputs.join(", ")})`, ...(statement.ordered ? ["ordered"] : []), ...parameters];
  return `${facts.join(" ")}\n${printLogicalPlan(statement.plan)}`;
}

/** What binding a statement gives: its columns and plan, or the error as a client sees it. */
function outcome(sql: string): string {
  try {
    return describeStatement(bindOne(sql));
  } catch (thrown) {
    if (!(thrown instanceof EngineError)) throw thrown;
    return `${thrown.code}: ${formatErrorWithPosition(thrown, sql)}`;
  }
}

/** test/bind/cases/<name>.sql has one statement a line, `--` lines being headings. */
function cases(name: string): readonly string[] {
  const file = fileURLToPath(new URL(`cases/${name}.sql`, import.meta.url));
  return readFileSync(file, "utf8")
    .split("\n")
    .filter((line) => line.trim() !== "");
}

describe("bound plans", () => {
  before(loadParser);

  for (const name of [
    "expressions",
    "joins",
    "grouping",
    "subqueries",
    "queries",
    "windows",
    "parameters",
    "statements",
  ]) {
    it(`of ${name}`, () => {
      const blocks = cases(name).map((line) => {
        if (line.startsWith("--")) return line;
        const text = outcome(line);
        assert.doesNotMatch(text, /\nLINE \d/, `${line}\n${text}`);
        return `${line}\n${text}`;
      });
      assertGolden(`golden/bind/${name}.txt`, blocks.join("\n\n"));
    });
  }

  it("of errors, with their code, place and hint", () => {
    const blocks = cases("errors").map((line) => {
      if (line.startsWith("--")) return line;
      const text = outcome(line);
      assert.match(text, /^[a-z_]+: .*\nLINE 1, column \d+\n/, `${line}\n${text}`);
      return text;
    });
    assertGolden("golden/bind/errors.txt", blocks.join("\n\n"));
  });

  for (let number = 1; number <= 22; number++) {
    const name = `q${String(number).padStart(2, "0")}`;
    it(`of TPC-H ${name}`, () => {
      const sql = readFileSync(fileURLToPath(new URL(`../../tpch/queries/${name}.sql`, import.meta.url)), "utf8");
      const statement = bindOne(sql);
      assert.equal(statement.kind, "query");
      assertGolden(`golden/bind/tpch/${name}.txt`, describeStatement(statement));
    });
  }
});
