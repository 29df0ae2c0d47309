import assert from "node:assert/strict";
import { simpleType } from "../../src/arrow/data-type.ts";
import { decodeClientBatch } from "../../src/arrow/read-batch.ts";
import type { Schema } from "../../src/arrow/schema.ts";
import type { Value } from "../../src/arrow/value.ts";
import { makePartitionSink } from "../../src/operator/make-partition-sink.ts";
import { ShuffleReadOperator } from "../../src/operator/shuffle-read.ts";
import { UnionOperator } from "../../src/operator/union.ts";
import { LimitOperator } from "../../src/operator/limit.ts";
import type { TaskContext } from "../../src/operator/operator.ts";
import type { PhysicalNode } from "../../src/physical/physical-node.ts";
import { type EncodedBatch, encodedBodyBytesMax } from "../../src/shuffle/encoded-batch.ts";
import type { ShuffleStream } from "../../src/shuffle/shuffle-fetcher.ts";
import type { StageSink } from "../../src/stage/stage.ts";
import { allTypes } from "../shuffle/all-types.ts";
import { collectRows, makeTaskContext, rowSource, sortedText } from "../support/operator-harness.ts";

const estimate = { rows: 0, bytes: 0 };
const inputNode: PhysicalNode = { kind: "values", schema: [], estimate, rows: [] };
const schema: Schema = allTypes.map(({ name, type }) => ({ name, type, nullable: true }));
const makeRow = (i: number): Value[] =>
  allTypes.map(({ value }, column) => ((i + column) % 11 === 0 ? null : value(i)));

function write(
  context: TaskContext,
  sink: StageSink,
  of: Schema,
  rows: readonly Value[][],
  batchRows = 1000,
): Map<number, EncodedBatch[]> {
  const partitions = new Map<number, EncodedBatch[]>();
  const target = makePartitionSink(context, sink, of, (partition, batch) => {
    assert.ok(batch.rowCount > 0 && batch.body.byteLength <= encodedBodyBytesMax);
    partitions.set(partition, [...(partitions.get(partition) ?? []), batch]);
  });
  const source = rowSource(context, of, rows, { batchRows, selections: true });
  try {
    source.open();
    target.open();
    for (let batch = source.next(); batch !== null; batch = source.next()) target.write(batch);
    target.finish();
  } finally {
    target.close();
    source.close();
  }
  assert.equal(context.memory.usedBytes, 0);
  return partitions;
}

function streamOf(batches: readonly EncodedBatch[], closed: string[]): ShuffleStream {
  let next = 0;
  return { next: () => batches[next++] ?? null, close: () => void closed.push("closed") };
}

function read(
  of: Schema,
  streams: readonly (readonly EncodedBatch[])[],
  mergeKeys: (PhysicalNode & { kind: "shuffle_read" })["mergeKeys"] = null,
): Value[][] {
  const closed: string[] = [];
  const context = makeTaskContext({ shuffle: { open: () => streams.map((batches) => streamOf(batches, closed)) } });
  const rows = collectRows(
    context,
    new ShuffleReadOperator(context, { kind: "shuffle_read", schema: of, estimate, stageId: 0, mergeKeys }),
  );
  assert.equal(closed.length, streams.length);
  assert.equal(context.memory.usedBytes, 0);
  return rows;
}

describe("the way through a shuffle", () => {
  const rows = Array.from({ length: 20_000 }, (_, i) => makeRow(i));

  it("keeps all rows of every type, in order, in one partition", () => {
    for (const kind of ["single", "broadcast"] as const) {
      const partitions = write(makeTaskContext(), { kind }, schema, rows);
      assert.deepEqual([...partitions.keys()], [0]);
      assert.deepEqual(read(schema, [partitions.get(0)!]), rows);
    }
  });

  it("spreads rows by hash: equal keys to one partition, from whichever task", () => {
    const keyOf = (column: number): StageSink => ({
      kind: "hash",
      keys: [{ kind: "input", index: column, type: schema[column]!.type, nullable: true }],
      partitionCount: 7,
    });
    const column = schema.findIndex(({ name }) => name === "utf8");
    const tasks = [rows.slice(0, 9000), rows.slice(9000)].map((part) =>
      write(makeTaskContext(), keyOf(column), schema, part, 8192),
    );
    const partitionOf = new Map<Value, number>();
    const all: Value[][] = [];
    for (let partition = 0; partition < 7; partition++) {
      const part = read(
        schema,
        tasks.map((task) => task.get(partition) ?? []),
      );
      assert.ok(part.length > 1000, "partitions are alike in size");
      for (const row of part) {
        assert.equal(partitionOf.get(row[column]!) ?? partition, partition);
        partitionOf.set(row[column]!, partition);
      }
      all.push(...part);
    }
    assert.deepEqual(sortedText(all), sortedText(rows));
  });

  it("works in little memory, and with no rows", () => {
    const sink: StageSink = {
      kind: "hash",
      keys: [{ kind: "input", index: 3, type: schema[3]!.type, nullable: true }],
      partitionCount: 16,
    };
    const partitions = write(makeTaskContext({ memoryBytes: 8 * 2 ** 20 }), sink, schema, rows);
    assert.deepEqual(
      sortedText([...partitions.values()].flatMap((batches) => read(schema, [batches]))),
      sortedText(rows),
    );
    assert.equal(write(makeTaskContext(), sink, schema, []).size, 0);
    assert.deepEqual(read(schema, [[], []]), []);
    assert.deepEqual(read(schema, []), []);
  });

  it("gives its memory back when others need it", () => {
    const sink: StageSink = {
      kind: "hash",
      keys: [{ kind: "input", index: 3, type: schema[3]!.type, nullable: true }],
      partitionCount: 4,
    };
    for (const kind of [sink, { kind: "single" } as const]) {
      const context = makeTaskContext({ memoryBytes: 32 * 2 ** 20 });
      const batches: EncodedBatch[] = [];
      const target = makePartitionSink(context, kind, schema, (_partition, batch) => void batches.push(batch));
      const source = rowSource(context, schema, rows.slice(0, 4000), { batchRows: 500 });
      const other = context.memory.region();
      target.open();
      for (let batch = source.next(); batch !== null; batch = source.next()) {
        target.write(batch);
        if (other.byteSize === 0) {
          assert.equal(batches.length, 0);
          while (context.memory.freeBytes > 1.5 * 2 ** 20) other.allocate(65_536);
        }
        if (context.memory.freeBytes < 2 ** 20 && batches.length === 0) assert.fail("the sink keeps its memory");
      }
      target.finish();
      target.close();
      source.close();
      other.free();
      assert.ok(batches.length > (kind === sink ? 4 : 1), "more than one message for each partition");
      assert.deepEqual(sortedText(read(schema, [batches])), sortedText(rows.slice(0, 4000)));
      assert.equal(context.memory.usedBytes, 0);
    }
  });

  it("puts a result's first rows out at once, in the form that clients read", () => {
    const partitions = write(makeTaskContext(), { kind: "result" }, schema, rows);
    const batches = partitions.get(0)!;
    assert.equal(batches[0]!.rowCount, 1000);
    assert.deepEqual(
      batches.flatMap(({ header, body }) => decodeClientBatch(schema, header, body)),
      rows,
    );
  });

  it("merges writers whose rows are sorted", () => {
    const of: Schema = [
      { name: "n", type: simpleType("int32"), nullable: true },
      { name: "s", type: simpleType("utf8"), nullable: true },
    ];
    const mergeKeys = [
      {
        expression: { kind: "input" as const, index: 0, type: simpleType("int32"), nullable: true },
        descending: true,
        nullsFirst: true,
      },
    ];
    const all = Array.from({ length: 30_000 }, (_, i): Value[] => [
      i < 5 ? null : 30_000 - Math.floor(i / 3),
      `a string of row ${i}`,
    ]);
    for (const writers of [1, 2, 5]) {
      const parts = Array.from({ length: writers }, (_, writer) =>
        all.filter((_row, i) => i % writers === writer && writer !== 3),
      );
      const streams = parts.map((part) => write(makeTaskContext(), { kind: "single" }, of, part, 700).get(0) ?? []);
      const merged = read(of, streams, mergeKeys);
      assert.deepEqual(
        merged.map(([n]) => n),
        all.filter((_row, i) => i % writers !== 3).map(([n]) => n),
      );
      assert.deepEqual(sortedText(merged), sortedText(parts.flat()));
    }
  });

  it("splits strings over messages of at most 2 MiB", () => {
    const of: Schema = [{ name: "s", type: simpleType("utf8"), nullable: true }];
    const long = Array.from({ length: 300 }, (_, i): Value[] => [i % 7 === 0 ? null : String(i).repeat(20_000)]);
    for (const sink of [
      { kind: "single" },
      {
        kind: "hash",
        keys: [{ kind: "input", index: 0, type: simpleType("utf8"), nullable: true }],
        partitionCount: 2,
      },
    ] as const) {
      const partitions = write(makeTaskContext({ memoryBytes: 96 * 2 ** 20 }), sink, of, long, 300);
      assert.deepEqual(
        sortedText([...partitions.values()].flatMap((batches) => read(of, [batches]))),
        sortedText(long),
      );
    }
  });
});

describe("LimitOperator and UnionOperator", () => {
  const of: Schema = [{ name: "n", type: simpleType("int32"), nullable: true }];
  const rows = Array.from({ length: 5000 }, (_, i): Value[] => [i]);

  it("skip and stop anywhere, and ask for no more than needed", () => {
    for (const [limit, offset] of [
      [0, 0],
      [1, 0],
      [10, 995],
      [1000, 1000],
      [1500, 500],
      [null, 4990],
      [10, 6000],
      [null, 0],
    ] as const) {
      for (const selections of [false, true]) {
        const context = makeTaskContext();
        const source = rowSource(context, of, rows, { selections });
        const operator = new LimitOperator(
          context,
          { kind: "limit", schema: of, estimate, limit, offset, input: inputNode },
          source,
        );
        assert.deepEqual(
          collectRows(context, operator),
          rows.slice(offset, limit === null ? undefined : offset + limit),
        );
        if (limit !== null && offset + limit < 5000)
          assert.equal(source.state.batches, limit === 0 ? 0 : Math.ceil((offset + limit) / 1000));
        assert.equal(source.state.closed, 1);
        assert.equal(context.memory.usedBytes, 0);
      }
    }
  });

  it("give each input's rows in turn", () => {
    const context = makeTaskContext();
    const inputs = [rows.slice(0, 10), [], rows.slice(10, 3000)].map((part) => rowSource(context, of, part));
    const operator = new UnionOperator(
      context,
      { kind: "union", schema: of, estimate, inputs: [inputNode] },
      ...inputs,
    );
    assert.deepEqual(collectRows(context, operator), rows.slice(0, 3000));
    assert.deepEqual(
      inputs.map(({ state }) => [state.opened, state.closed]),
      [
        [1, 1],
        [1, 1],
        [1, 1],
      ],
    );
    assert.equal(context.memory.usedBytes, 0);
  });
});
