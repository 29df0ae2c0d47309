import type { Operator, ScanRequest, TableSource } from "../operator/operator.ts";
import type { Kernels } from "../kernel/load-kernels.ts";
import type { SlotMemory } from "../kernel/slot-memory.ts";
import { type Address, type DuckDbLibrary, loadDuckDb } from "./native-library.ts";
import { ParquetScanOperator } from "./parquet-scan.ts";

/** Reads Parquet files for one slot through the process's DuckDB (openDuckDatabase), whose handle works on any thread. */
export class ParquetTableSource implements TableSource {
  readonly #library: DuckDbLibrary;
  readonly #database: Address;
  readonly #memory: SlotMemory;
  readonly #kernels: Kernels;
  readonly #checkCancelled: () => void;
  /** Where the slot's linear memory lies in the process: it never grows, so it never moves. */
  readonly #memoryBase: Address;

  /** `database` is the handle of openDuckDatabase, as a number or bigint. */
  constructor(database: Address | bigint, memory: SlotMemory, kernels: Kernels, checkCancelled: () => void) {
    this.#library = loadDuckDb();
    this.#database = Number(database);
    this.#memory = memory;
    this.#kernels = kernels;
    this.#checkCancelled = checkCancelled;
    this.#memoryBase = this.#library.addressOf(memory.u8);
  }

  scan(request: ScanRequest): Operator {
    return new ParquetScanOperator(
      {
        library: this.#library,
        database: this.#database,
        memory: this.#memory,
        kernels: this.#kernels,
        memoryBase: this.#memoryBase,
        checkCancelled: this.#checkCancelled,
      },
      request,
    );
  }
}
