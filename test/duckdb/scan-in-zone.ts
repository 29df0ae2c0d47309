import { simpleType } from "../../src/arrow/data-type.ts";
import { openDuckDatabase } from "../../src/duckdb/duck-database.ts";
import { ParquetTableSource } from "../../src/duckdb/parquet-table-source.ts";
import { loadKernels } from "../../src/kernel/load-kernels.ts";
import { SlotMemory } from "../../src/kernel/slot-memory.ts";
import { readBatch } from "../support/operator-harness.ts";

/** A process, started with a TZ of its own: prints the instants of column "ts" before 1,000 µs. */
const path = process.argv[2]!;
const memory = new SlotMemory(64 * 1024 * 1024, { poison: true });
const database = openDuckDatabase();
const source = new ParquetTableSource(database.handle, memory, loadKernels(memory), () => {});
const type = simpleType("timestamptz");
const operator = source.scan({
  schema: [{ name: "ts", type, nullable: true }],
  columns: ["ts"],
  pushed: {
    kind: "call",
    name: "lt",
    args: [
      { kind: "input", index: 0, type, nullable: true },
      { kind: "literal", type, value: 1000n },
    ],
    type: simpleType("bool"),
  },
  splits: [{ path, firstRow: 4998, lastRow: 5003, byteSize: 1 }],
  tableName: "t",
});
operator.open();
process.stdout.write(
  readBatch(memory, operator.next()!)
    .map(([value]) => (value as bigint).toString())
    .join(" "),
);
operator.close();
database.close();
