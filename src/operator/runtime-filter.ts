import type { DataType } from "../arrow/data-type.ts";
import type { Value } from "../arrow/value.ts";
import { EngineError } from "../common/engine-error.ts";
import type { Expression } from "../expr/expression.ts";
import type { Region } from "../kernel/slot-memory.ts";
import type { RuntimeFilterUse } from "../physical/physical-node.ts";
import { decodeBatch } from "../shuffle/decode-batch.ts";
import type { ShuffleStream } from "../shuffle/shuffle-fetcher.ts";
import { summaryKernel, summarySchema, summaryWords } from "./key-summary.ts";
import type { TaskContext } from "./operator.ts";

/** What all tasks of a stage say of a key column together. */
export type RuntimeFilter = {
  /** Keys that are not NULL; 0 means that no row can match. */
  readonly rowCount: number;
  /** Bounds; null for types whose order does not count. */
  readonly range: { readonly least: bigint; readonly greatest: bigint } | null;
  /** All distinct keys, ascending, where they are few. */
  readonly values: readonly bigint[] | null;
  /** Where the Bloom filter's words are in the region; 0 = none. */
  readonly bloom: number;
  readonly bloomWords: number;
};

/**
 * Reads a filter into `region`. null when it cannot be had (its writer's executor is gone): a filter only saves work, and
 * whoever needs the stage's rows finds out by itself.
 */
export function readRuntimeFilter(context: TaskContext, use: RuntimeFilterUse, region: Region): RuntimeFilter | null {
  const streams = context.shuffle.open(use.stageId, use.partition);
  if (streams.length === 0) return null;
  const scratch = context.memory.region();
  let merged: RuntimeFilter | null = null;
  try {
    for (const stream of streams) {
      scratch.reset();
      const part = readPart(context, stream, scratch);
      if (part === null) return null;
      merged = merged === null ? keep(context, part, region) : merge(context, merged, part);
    }
    return merged;
  } catch (thrown) {
    if (EngineError.from(thrown).code !== "fetch_failed") throw thrown;
    return null;
  } finally {
    for (const stream of streams) stream.close();
    scratch.free();
  }
}

/** One task's summary; null if it is not there. */
function readPart({ memory, kernels }: TaskContext, stream: ShuffleStream, region: Region): RuntimeFilter | null {
  const pieces: { readonly data: number; readonly rowCount: number }[] = [];
  for (let message = stream.next(); message !== null; message = stream.next()) {
    const { vectors, rowCount } = decodeBatch(memory, kernels, summarySchema, message, region);
    pieces.push({ data: vectors[0]!.data, rowCount });
  }
  const wordCount = pieces.reduce((sum, piece) => sum + piece.rowCount, 0);
  if (wordCount < summaryWords) return null;
  const address = region.allocate(wordCount * 8);
  let next = address;
  for (const { data, rowCount } of pieces) {
    memory.u8.copyWithin(next, data, data + rowCount * 8);
    next += rowCount * 8;
  }
  const words = new BigInt64Array(memory.u8.buffer, address, wordCount);
  const distinct = Math.max(0, Number(words[3]));
  const bloomWords = wordCount - summaryWords - distinct;
  return {
    rowCount: Number(words[0]),
    range: words[1]! > words[2]! ? null : { least: words[1]!, greatest: words[2]! },
    values: words[3]! < 0n ? null : [...words.subarray(summaryWords, summaryWords + distinct)],
    bloom: bloomWords === 0 ? 0 : address + (summaryWords + distinct) * 8,
    bloomWords,
  };
}

function keep({ memory }: TaskContext, part: RuntimeFilter, region: Region): RuntimeFilter {
  if (part.bloom === 0) return part;
  const bloom = region.allocate(part.bloomWords * 8);
  memory.u8.copyWithin(bloom, part.bloom, part.bloom + part.bloomWords * 8);
  return { ...part, bloom };
}

/** A part without rows has neither bounds nor values, and says nothing against those of the others. */
function merge({ kernels }: TaskContext, merged: RuntimeFilter, part: RuntimeFilter): RuntimeFilter {
  if (merged.bloom !== 0) kernels["mergeWords"]!(merged.bloom, part.bloom, merged.bloomWords);
  const ranges = [merged.range, part.range].filter((range) => range !== null);
  const values = merged.values === null || part.values === null ? null : new Set([...merged.values, ...part.values]);
  return {
    ...merged,
    rowCount: merged.rowCount + part.rowCount,
    range:
      ranges.length === 0
        ? null
        : {
            least: ranges.reduce((least, range) => (range.least < least ? range.least : least), ranges[0]!.least),
            greatest: ranges.reduce(
              (most, range) => (range.greatest > most ? range.greatest : most),
              ranges[0]!.greatest,
            ),
          },
    values: values === null ? null : [...values],
  };
}

/** A list pays where it leaves few of the column's values; a very short one always, since it skips whole row groups. */
const listShareMax = 0.05;
const shortListMax = 64;
/** Bounds that leave more than this share of the column's span exclude next to nothing. */
const rangeShareMax = 0.75;

/** The part of a filter that a scan evaluates while it decodes: bounds, which skip whole row groups, and a short list. */
export function filterPredicate(
  filter: RuntimeFilter,
  use: RuntimeFilterUse,
  type: DataType,
  nullable: boolean,
): Expression[] {
  if (filter.range === null || summaryKernel(type) === null) return [];
  const column: Expression = { kind: "input", index: use.column, type, nullable };
  const { least, greatest } = filter.range;
  const bool: DataType = { kind: "bool" };
  const compare = (name: string, value: bigint): Expression => ({
    kind: "call",
    name,
    args: [column, { kind: "literal", type, value: valueOf(type, value) }],
    type: bool,
  });
  if (least === greatest) return [compare("eq", least)];
  const span = use.span ?? Infinity;
  const isNarrow = Number(greatest - least) <= span * rangeShareMax;
  const parts = isNarrow ? [compare("ge", least), compare("le", greatest)] : [];
  if (filter.values !== null && isListed(filter.values.length, use.list, span)) {
    const values = filter.values.toSorted((left, right) => (left < right ? -1 : 1));
    parts.push({ kind: "in_list", arg: column, values: values.map((value) => valueOf(type, value)) });
  }
  return parts;
}

function isListed(count: number, list: boolean, span: number): boolean {
  return count <= shortListMax || (list && count <= span * listShareMax);
}

function valueOf(type: DataType, value: bigint): Value {
  return type.kind === "int32" || type.kind === "date" ? Number(value) : value;
}
