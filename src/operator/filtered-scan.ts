import type { Schema } from "../arrow/schema.ts";
import { andAll, conjuncts } from "../expr/expression-properties.ts";
import type { Batch } from "../kernel/batch.ts";
import { batchRowCount } from "../kernel/batch.ts";
import { hashColumns } from "../kernel/hash.ts";
import type { Region } from "../kernel/slot-memory.ts";
import type { PhysicalScan } from "../physical/physical-node.ts";
import type { Operator, TaskContext } from "./operator.ts";
import { filterPredicate, readRuntimeFilter } from "./runtime-filter.ts";

type Bloom = { readonly column: number; readonly address: number; readonly mask: number; seen: number; kept: number };

/** After so many rows a Bloom filter that keeps more than this share of them is left out: testing costs more than it saves. */
const trialRows = 65_536;
const keptShareMax = 0.75;

/**
 * Source: a scan with the filters that finished stages left for it. Bounds and short lists become part of its predicate,
 * Bloom filters drop rows of its batches. All of them only drop rows that a join above would drop.
 */
export class FilteredScanOperator implements Operator {
  readonly schema: Schema;
  readonly #context: TaskContext;
  readonly #node: PhysicalScan;
  readonly #region: Region;
  readonly #read: ReadonlySet<number> | undefined;
  #scan: Operator | null = null;
  #blooms: readonly Bloom[] = [];
  #hashes = 0;
  #selections: readonly number[] = [];
  #listed = 0;
  #ranges = 0;
  #dropped = 0;
  #emptied = 0;

  /** `read`: as in ScanRequest. */
  constructor(context: TaskContext, node: PhysicalScan, read: ReadonlySet<number> | undefined) {
    this.schema = node.schema;
    this.#context = context;
    this.#node = node;
    this.#region = context.memory.region();
    this.#read = read;
  }

  open(): void {
    const { schema, columns, pushed, tableName, scanId, runtimeFilters = [] } = this.#node;
    const parts = pushed === null ? [] : conjuncts(pushed);
    const blooms: Bloom[] = [];
    let splits = this.#context.splits.get(scanId) ?? [];
    for (const use of runtimeFilters) {
      const filter = readRuntimeFilter(this.#context, use, this.#region);
      if (filter === null) continue;
      if (filter.rowCount === 0) {
        splits = [];
        this.#emptied = 1;
      }
      const { type, nullable } = schema[use.column]!;
      const predicate = filterPredicate(filter, use, type, nullable);
      const isListed = predicate.some(
        (part) => part.kind === "in_list" || (part.kind === "call" && part.name === "eq"),
      );
      if (isListed) this.#listed += filter.values?.length ?? 1;
      else if (predicate.length > 0) this.#ranges++;
      parts.push(...predicate);
      if (filter.bloom !== 0 && !isListed)
        blooms.push({ column: use.column, address: filter.bloom, mask: filter.bloomWords - 1, seen: 0, kept: 0 });
    }
    this.#blooms = blooms;
    if (blooms.length > 0) {
      this.#hashes = this.#region.allocate(batchRowCount * 8);
      this.#selections = [0, 1].map(() => this.#region.allocate(batchRowCount * 4));
    }
    const read = this.#read === undefined ? undefined : new Set([...this.#read, ...blooms.map(({ column }) => column)]);
    this.#scan = this.#context.tables.scan({ schema, columns, pushed: andAll(parts), read, tableName, splits });
    this.#scan.open();
  }

  next(): Batch | null {
    for (;;) {
      const batch = this.#scan!.next();
      if (batch === null || this.#blooms.length === 0) return batch;
      const kept = this.#select(batch);
      if (kept !== null) return kept;
    }
  }

  close(): void {
    this.#scan?.close();
    this.#region.free();
  }

  counters(): Readonly<Record<string, number>> {
    return {
      ...this.#scan?.counters?.(),
      filterRanges: this.#ranges,
      filterValues: this.#listed,
      filterDroppedRows: this.#dropped,
      filterEmptied: this.#emptied,
    };
  }

  /** The rows that may be in every Bloom filter; null for none. */
  #select(batch: Batch): Batch | null {
    const { kernels } = this.#context;
    const bloomSelect = kernels["bloomSelect"]!;
    let { selection, rowCount } = batch;
    let useless = false;
    this.#blooms.forEach((bloom, index) => {
      if (rowCount === 0) return;
      const vector = batch.vectors[bloom.column]!;
      const target = this.#selections[index % 2]!;
      hashColumns(kernels, [vector], batch.rowCount, this.#hashes);
      const found = bloomSelect(bloom.address, bloom.mask, this.#hashes, vector.validity, selection, rowCount, target);
      bloom.seen += rowCount;
      bloom.kept += found;
      if (bloom.seen >= trialRows && bloom.kept > bloom.seen * keptShareMax) useless = true;
      if (found < rowCount) selection = target;
      rowCount = found;
    });
    if (useless)
      this.#blooms = this.#blooms.filter(({ seen, kept }) => seen < trialRows || kept <= seen * keptShareMax);
    this.#dropped += batch.rowCount - rowCount;
    return rowCount === 0 ? null : { rowCount, vectors: batch.vectors, selection };
  }
}
