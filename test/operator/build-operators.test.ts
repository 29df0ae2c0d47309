import assert from "node:assert/strict";
import { decimalType, simpleType } from "../../src/arrow/data-type.ts";
import type { Schema } from "../../src/arrow/schema.ts";
import { resolveAggregate } from "../../src/expr/aggregate-registry.ts";
import type { Expression } from "../../src/expr/expression.ts";
import { buildOperators } from "../../src/operator/build-operators.ts";
import type { PhysicalNode } from "../../src/physical/physical-node.ts";
import { InterpretingCompiler } from "../support/interpreting-compiler.ts";
import type { HarnessOptions, Row } from "../support/operator-harness.ts";
import { collectRows, makeTaskContext, randomNumbers, schemaOf } from "../support/operator-harness.ts";

const estimate = { rows: 1, bytes: 1 };
const [bool, int32, int64, utf8] = (["bool", "int32", "int64", "utf8"] as const).map((kind) => simpleType(kind)) as [
  ReturnType<typeof simpleType>,
  ReturnType<typeof simpleType>,
  ReturnType<typeof simpleType>,
  ReturnType<typeof simpleType>,
];
const price = decimalType(12, 2);
const orders = schemaOf(["customer", int32], ["price", price], ["status", utf8]);
const customers = schemaOf(["id", int32], ["name", utf8]);

function column(schema: Schema, index: number): Expression {
  return { kind: "input", index, type: schema[index]!.type, nullable: true };
}

/** select name, count(*), sum(price) from customers join orders on id = customer where status <> 'void' group by name order by name limit 3 */
function samplePlan(): PhysicalNode {
  const scan: PhysicalNode = {
    kind: "scan",
    scanId: 0,
    tableName: "orders",
    columns: ["customer", "price", "status"],
    pushed: null,
    schema: orders,
    estimate,
  };
  const predicate: Expression = {
    kind: "call",
    name: "ne",
    type: bool,
    args: [column(orders, 2), { kind: "literal", type: utf8, value: "void" }],
  };
  const filter: PhysicalNode = { kind: "filter", input: scan, predicate, schema: orders, estimate };
  const picked = [orders[0]!, orders[1]!];
  const project: PhysicalNode = {
    kind: "project",
    input: filter,
    expressions: [column(orders, 0), column(orders, 1)],
    schema: picked,
    estimate,
  };
  const names: readonly Row[] = [
    [1, "Ann"],
    [2, "Bob"],
    [3, "Cleopatra the seventh"],
    [4, "Dan"],
  ];
  const values: PhysicalNode = { kind: "values", rows: names, schema: customers, estimate };
  const joined = [...picked, ...customers];
  const join: PhysicalNode = {
    kind: "hash_join",
    joinType: "inner",
    probe: project,
    build: values,
    keys: [{ probe: column(picked, 0), build: column(customers, 0), nullEqual: false }],
    residual: null,
    nullAware: false,
    buildUnique: true,
    schema: joined,
    estimate,
  };
  const calls = [
    resolveAggregate("count", [], { distinct: false, filter: null }),
    resolveAggregate("sum", [column(joined, 1)], { distinct: false, filter: null }),
  ];
  const grouped = schemaOf(["name", utf8], ["orders", int64], ["total", calls[1]!.type]);
  const aggregate: PhysicalNode = {
    kind: "hash_aggregate",
    mode: "single",
    input: join,
    groups: [column(joined, 3)],
    aggregates: calls,
    schema: grouped,
    estimate,
  };
  const sort: PhysicalNode = {
    kind: "sort",
    input: aggregate,
    keys: [{ expression: column(grouped, 0), descending: false, nullsFirst: false }],
    schema: grouped,
    estimate,
  };
  return { kind: "limit", input: sort, limit: 3, offset: 0, schema: grouped, estimate };
}

function sampleOrders(): Row[] {
  const random = randomNumbers(3);
  return Array.from({ length: 5000 }, () => [
    random() < 0.1 ? null : Math.floor(random() * 6),
    BigInt(Math.floor(random() * 10_000)),
    ["open", "void", "delivered in full", null][Math.floor(random() * 4)]!,
  ]);
}

describe("operators of a plan", () => {
  it("give the plan's rows, compiled and interpreted, and say what each did", () => {
    const rows = sampleOrders();
    const valid = rows.filter(
      ([customer, , status]) => [1, 2, 3].includes(customer as number) && status !== null && status !== "void",
    );
    const want = ["Ann", "Bob", "Cleopatra the seventh"].map((name, index) => {
      const own = valid.filter((row) => row[0] === index + 1);
      return [name, BigInt(own.length), own.reduce((sum, row) => sum + (row[1] as bigint), 0n)];
    });
    const compilers: readonly HarnessOptions["compiler"][] = [
      undefined,
      (memory, kernels) => new InterpretingCompiler(memory, kernels),
    ];
    for (const compiler of compilers) {
      const context = makeTaskContext({
        tables: new Map([["orders", rows]]),
        ...(compiler === undefined ? {} : { compiler }),
      });
      const { root, metrics } = buildOperators(samplePlan(), context);
      assert.deepEqual(collectRows(context, root), want);
      assert.equal(context.memory.usedBytes, 0);
      const seen = metrics();
      assert.deepEqual(
        seen.map(({ name }) => name),
        ["limit", "sort", "hash_aggregate", "hash_join", "project", "filter", "scan", "values"],
      );
      const kept = rows.filter((row) => row[2] !== null && row[2] !== "void").length;
      assert.deepEqual(
        seen.slice(4).map(({ rowCount }) => rowCount),
        [kept, kept, 5000, 4],
      );
      assert.ok(seen.every(({ selfMicros, batchCount }) => selfMicros >= 0 && batchCount > 0));
    }
  });

  it("free everything when a query is cancelled or fails half-way", () => {
    for (const failAt of [1, 3, 6, 9]) {
      let calls = 0;
      const context = {
        ...makeTaskContext({ tables: new Map([["orders", sampleOrders()]]) }),
        checkCancelled() {
          if (++calls === failAt) throw new Error("stop");
        },
      };
      const { root } = buildOperators(samplePlan(), context);
      assert.throws(() => collectRows(context, root), /stop/);
      assert.equal(context.memory.usedBytes, 0);
      assert.equal(context.spill.openFiles, 0);
    }
  });

  it("work where addresses need all 32 bits", () => {
    const context = makeTaskContext({
      memoryBytes: 3 * 2 ** 30,
      poison: false,
      tables: new Map([["orders", sampleOrders()]]),
    });
    // Never touched, so that it takes no memory of the machine.
    const below = context.memory.region();
    below.allocate(2 ** 30);
    below.allocate(2 ** 30);
    const { root } = buildOperators(samplePlan(), context);
    const above = collectRows(context, root);
    below.free();
    const plain = makeTaskContext({ tables: new Map([["orders", sampleOrders()]]) });
    assert.deepEqual(above, collectRows(plain, buildOperators(samplePlan(), plain).root));
  });

  it("give constant rows in batches, and none for none", () => {
    const rows: Row[] = Array.from({ length: 20_000 }, (_, index) => [
      index,
      index % 3 === 0 ? null : `text number ${index}`,
    ]);
    for (const some of [rows, []]) {
      const context = makeTaskContext();
      const { root } = buildOperators({ kind: "values", rows: some, schema: customers, estimate }, context);
      assert.deepEqual(collectRows(context, root), some);
      assert.equal(context.memory.usedBytes, 0);
    }
  });

  it("fail in a poisoned memory when a batch breaks the contract", () => {
    const context = makeTaskContext({ tables: new Map([["orders", [[1, 2n, "x"]]]]) });
    const wrong = {
      kind: "scan",
      scanId: 0,
      tableName: "orders",
      columns: [],
      pushed: null,
      schema: orders,
      estimate,
    } as const;
    const tables = {
      scan: () => ({ schema: orders, open() {}, next: () => ({ rowCount: 1, vectors: [], selection: 0 }), close() {} }),
    };
    const { root } = buildOperators(wrong, { ...context, tables });
    assert.throws(() => collectRows(context, root), /scan gave 0 columns/);
  });
});
