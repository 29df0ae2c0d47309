import assert from "node:assert/strict";
import { simpleType } from "../../src/arrow/data-type.ts";
import type { Value } from "../../src/arrow/value.ts";
import { bindStatement } from "../../src/bind/bind-statement.ts";
import type { Catalog, Table } from "../../src/catalog/table.ts";
import { must } from "../../src/common/assert.ts";
import { EngineError } from "../../src/common/engine-error.ts";
import type { LogicalNode } from "../../src/logical/logical-node.ts";
import { outputColumns } from "../../src/logical/output-columns.ts";
import { printLogicalPlan } from "../../src/logical/print-plan.ts";
import { optimize } from "../../src/optimize/optimizer.ts";
import { parse } from "../../src/sql/parse.ts";
import { formatRow, runLogicalPlan } from "./logical-interpreter.ts";
import type { Row } from "./logical-interpreter.ts";

/**
 * Asserts that the bound plan, run by the definition of its nodes, and the plan after each rule have the same rows or
 * fail alike. `seed` chooses the rows of the tables t, u and w, and statistics that need not fit them: these may
 * change a plan, never its result.
 */
export function assertOptimizedRows(sql: string, seed: number): void {
  const tables = makeTables(seed);
  const statement = bindStatement(parse(sql)[0] as ReturnType<typeof parse>[number], {
    catalog: catalogOf(tables, seed),
    sql,
  });
  assert(statement.kind === "query");
  const ids = outputColumns(statement.plan).map(({ id }) => id);
  const rows = new Map([...tables].map(([name, table]) => [name, table.rows]));
  const expected = result(statement.plan, ids, rows);
  const check = (plan: LogicalNode, rule: string) => {
    assert.deepEqual(
      result(plan, ids, rows),
      expected,
      `seed ${seed}, after ${rule}:\n${printLogicalPlan(plan)}\nfrom:\n${printLogicalPlan(statement.plan)}`,
    );
  };
  check(optimize(statement.plan, { trace: ({ plan, rule }) => check(plan, rule) }), "all rules");
}

function result(
  plan: LogicalNode,
  ids: readonly number[],
  tables: ReadonlyMap<string, readonly Row[]>,
): string | readonly string[] {
  const positions = ids.map((id) => outputColumns(plan).findIndex((column) => column.id === id));
  try {
    return runLogicalPlan(plan, tables)
      .map((row) => formatRow(positions.map((position) => row[position] as Value)))
      .sort();
  } catch (thrown) {
    if (thrown instanceof EngineError) return thrown.code;
    throw thrown;
  }
}

type Rows = { readonly rows: readonly Row[]; readonly hasNulls: boolean };

/** Tables t, u and w of three int32 columns: small, with NULLs and duplicates; some empty; some without any NULL. */
function makeTables(seed: number): ReadonlyMap<string, Rows> {
  const random = randomOf(seed);
  const tables = new Map<string, Rows>();
  for (const name of ["t", "u", "w"]) {
    const rowCount = random(6) === 0 ? 0 : 2 + random(7);
    const hasNulls = random(3) > 0;
    const value = (): Value => (hasNulls && random(4) === 0 ? null : random(4));
    tables.set(name, { hasNulls, rows: Array.from({ length: rowCount }, () => [value(), value(), value()]) });
  }
  return tables;
}

function catalogOf(tables: ReadonlyMap<string, Rows>, seed: number): Catalog {
  const random = randomOf(seed + 1000);
  const sizes = new Map(
    [...tables.keys()].map((name) => [name, { rowCount: 10 ** random(7), distinctCount: 10 ** random(6) }]),
  );
  return {
    find(name) {
      const found = tables.get(name);
      if (found === undefined) return undefined;
      const { rows, hasNulls } = found;
      const { rowCount, distinctCount } = must(sizes.get(name), "a size for each table");
      const table: Table = {
        name,
        schema: ["a", "b", "c"].map((column) => ({ name: column, type: simpleType("int32"), nullable: hasNulls })),
        files: [],
        rowCount,
        statistics: ["a", "b", "c"].map((_, index) => ({
          min: 0,
          max: 3,
          distinctCount: Math.min(rowCount, distinctCount),
          nullCount: rows.filter((row) => row[index] === null).length,
        })),
      };
      return { kind: "table", table };
    },
    names: () => [...tables.keys()],
  };
}

/** Numbers from 0 to below the bound, the same for the same seed. */
export function randomOf(seed: number): (bound: number) => number {
  let state = seed * 2_654_435_761;
  return (bound) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    return (state >> 8) % bound;
  };
}

/** The tables t, u and w with nullable columns and middling statistics. */
export function optimizedCatalog(): Catalog {
  const rows: readonly Row[] = [[null, null, null]];
  const table = (): Rows => ({ rows, hasNulls: true });
  return catalogOf(
    new Map([
      ["t", table()],
      ["u", table()],
      ["w", table()],
    ]),
    3,
  );
}
