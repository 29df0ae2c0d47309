import { parentPort, workerData } from "node:worker_threads";
import { simpleType } from "../../src/arrow/data-type.ts";
import { must } from "../../src/common/assert.ts";
import { ParquetTableSource } from "../../src/duckdb/parquet-table-source.ts";
import { loadKernels } from "../../src/kernel/load-kernels.ts";
import { SlotMemory } from "../../src/kernel/slot-memory.ts";
import { readBatch } from "../support/operator-harness.ts";

/** A slot's thread: scans one split through the database of the main thread, and posts a sum and a row count. */
const { handle, path, firstRow, lastRow } = workerData as {
  handle: number;
  path: string;
  firstRow: number;
  lastRow: number;
};
const memory = new SlotMemory(64 * 1024 * 1024, { poison: true });
const source = new ParquetTableSource(handle, memory, loadKernels(memory), () => {});
const operator = source.scan({
  schema: [{ name: "i32", type: simpleType("int32"), nullable: true }],
  columns: ["i32"],
  pushed: null,
  splits: [{ path, firstRow, lastRow, byteSize: 1 }],
  tableName: "t",
});
let rows = 0;
let sum = 0;
operator.open();
for (let batch = operator.next(); batch !== null; batch = operator.next()) {
  for (const [value] of readBatch(memory, batch)) sum += value as number;
  rows += batch.rowCount;
}
operator.close();
must(parentPort, "runs in a worker").postMessage({ rows, sum });
