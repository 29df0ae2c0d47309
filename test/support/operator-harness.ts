import type { Schema } from "../../src/arrow/schema.ts";
import type { DataType } from "../../src/arrow/data-type.ts";
import type { Value } from "../../src/arrow/value.ts";
import { must } from "../../src/common/assert.ts";
import { ExpressionCompiler } from "../../src/compile/expression-compiler.ts";
import type { Batch } from "../../src/kernel/batch.ts";
import type { Kernels } from "../../src/kernel/load-kernels.ts";
import { loadKernels } from "../../src/kernel/load-kernels.ts";
import { SlotMemory } from "../../src/kernel/slot-memory.ts";
import type { Region } from "../../src/kernel/slot-memory.ts";
import { readValue, writeVector } from "../../src/kernel/vector-values.ts";
import type { Operator, ScanRequest, SpillFile, SpillSpace, TaskContext } from "../../src/operator/operator.ts";

export type Row = readonly Value[];
export type HarnessOptions = {
  readonly memoryBytes?: number;
  readonly poison?: boolean;
  /** Rows of tables by name, for scans. */
  readonly tables?: ReadonlyMap<string, readonly Row[]>;
  readonly shuffle?: TaskContext["shuffle"];
  /** Default: the real one. */
  readonly compiler?: (memory: SlotMemory, kernels: Kernels) => ExpressionCompiler;
};

/** A task's context over a fresh memory (64 MiB, poisoned when freed), with spill files in JavaScript memory. */
export function makeTaskContext(
  options: HarnessOptions = {},
): TaskContext & { readonly spill: { readonly openFiles: number } } {
  const memory = new SlotMemory(options.memoryBytes ?? 64 * 2 ** 20, { poison: options.poison ?? true });
  const kernels = loadKernels(memory);
  const context: ReturnType<typeof makeTaskContext> = {
    memory,
    kernels,
    compiler: options.compiler?.(memory, kernels) ?? new ExpressionCompiler(memory, kernels),
    tables: {
      scan(request: ScanRequest) {
        const rows = must(options.tables?.get(request.tableName), `no table ${request.tableName}`);
        return rowSource(context, request.schema, rows);
      },
    },
    shuffle: options.shuffle ?? { open: () => [] },
    spill: memorySpillSpace(),
    splits: new Map(),
    checkCancelled() {},
  };
  return context;
}

/** Spill files as growing arrays; `openFiles` counts those that were not removed. */
export function memorySpillSpace(): SpillSpace & { readonly openFiles: number } {
  let openFiles = 0;
  let spilledBytes = 0;
  return {
    get openFiles() {
      return openFiles;
    },
    get spilledBytes() {
      return spilledBytes;
    },
    create(): SpillFile {
      openFiles++;
      let parts: Uint8Array[] = [];
      let byteSize = 0;
      let whole: Uint8Array | null = null;
      return {
        get byteSize() {
          return byteSize;
        },
        write(bytes) {
          const offset = byteSize;
          parts.push(bytes.slice());
          byteSize += bytes.length;
          spilledBytes += bytes.length;
          whole = null;
          return offset;
        },
        read(offset, target) {
          whole ??= Buffer.concat(parts);
          target.set(whole.subarray(offset, offset + target.length));
        },
        remove() {
          openFiles--;
          parts = [];
        },
      };
    },
  };
}

/** `[name, type]` pairs as a schema of nullable fields. */
export function schemaOf(...fields: readonly (readonly [string, DataType])[]): Schema {
  return fields.map(([name, type]) => ({ name, type, nullable: true }));
}

/** Rows as a batch in `region`. With `spread`, every row is followed by one that the batch's selection leaves out. */
export function makeBatch(
  memory: SlotMemory,
  region: Region,
  schema: Schema,
  rows: readonly Row[],
  spread = false,
): Batch {
  const stored = spread ? rows.flatMap((row) => [row, row.map(() => null)]) : rows;
  const vectors = schema.map((field, column) =>
    writeVector(
      memory,
      region,
      field.type,
      stored.map((row) => row[column]!),
    ),
  );
  if (!spread) return { rowCount: rows.length, vectors, selection: 0 };
  const selection = region.allocate(rows.length * 4);
  rows.forEach((_, index) => void (memory.u32[selection / 4 + index] = index * 2));
  return { rowCount: rows.length, vectors, selection };
}

/** A batch's rows as JavaScript values. */
export function readBatch(memory: SlotMemory, batch: Batch): Value[][] {
  return Array.from({ length: batch.rowCount }, (_, index) => {
    const row = batch.selection === 0 ? index : memory.u32[batch.selection / 4 + index]!;
    return batch.vectors.map((vector) => readValue(memory, vector, row));
  });
}

export type SourceOptions = { readonly batchRows?: number; readonly selections?: boolean };

/**
 * An operator that gives these rows in batches of `batchRows` (default 1000); each batch is freed, and so poisoned, at the
 * next call. With `selections`, every second batch has a selection.
 */
export function rowSource(
  context: TaskContext,
  schema: Schema,
  rows: readonly Row[],
  options: SourceOptions = {},
): Operator & { readonly state: { opened: number; closed: number; batches: number } } {
  const region = context.memory.region();
  const state = { opened: 0, closed: 0, batches: 0 };
  const batchRows = options.batchRows ?? 1000;
  let next = 0;
  return {
    schema,
    state,
    open() {
      state.opened++;
    },
    next() {
      region.reset();
      if (next >= rows.length) return null;
      const slice = rows.slice(next, next + batchRows);
      next += slice.length;
      state.batches++;
      return makeBatch(context.memory, region, schema, slice, (options.selections ?? false) && state.batches % 2 === 0);
    },
    close() {
      state.closed++;
      region.free();
    },
  };
}

/** Runs an operator from open to close and gives its rows. Fails when a batch is empty or larger than 8,192 rows. */
export function collectRows(context: TaskContext, operator: Operator): Value[][] {
  const rows: Value[][] = [];
  try {
    operator.open();
    for (let batch = operator.next(); batch !== null; batch = operator.next()) {
      if (batch.rowCount < 1 || batch.rowCount > 8192) throw new Error(`a batch of ${batch.rowCount} rows`);
      rows.push(...readBatch(context.memory, batch));
    }
  } finally {
    operator.close();
  }
  return rows;
}

/** Rows as sorted text, to compare results whose order is free. */
export function sortedText(rows: readonly Row[]): string[] {
  return rows.map((row) => row.map(valueText).join(" | ")).sort();
}

function valueText(value: Value): string {
  if (value === null) return "NULL";
  if (value instanceof Uint8Array) return `x'${Buffer.from(value).toString("hex")}'`;
  if (typeof value === "object") return `${value.months}mon ${value.days}d ${value.micros}us`;
  if (typeof value === "string") return JSON.stringify(value);
  return String(value);
}

/** Seeded random numbers in [0, 1): the same sequence on every machine. */
export function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
