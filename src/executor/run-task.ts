import type { MessagePort } from "node:worker_threads";
import { EngineError, toPlainError } from "../common/engine-error.ts";
import { decodeStage } from "../codec/encode-stage.ts";
import { ExpressionCompiler } from "../compile/expression-compiler.ts";
import { ParquetTableSource } from "../duckdb/parquet-table-source.ts";
import { loadKernels, type Kernels } from "../kernel/load-kernels.ts";
import { SlotMemory } from "../kernel/slot-memory.ts";
import { buildOperators } from "../operator/build-operators.ts";
import { makePartitionSink } from "../operator/make-partition-sink.ts";
import { SummarizingSink } from "../operator/summarizing-sink.ts";
import type { Operator, TaskContext } from "../operator/operator.ts";
import { encodedByteSize, type EncodedBatch } from "../shuffle/encoded-batch.ts";
import type { PartitionSink } from "../shuffle/partition-sink.ts";
import type { OperatorMetrics, PartitionSize } from "../stage/task-report.ts";
import { outputKib } from "./output-kib.ts";
import { SpillDirectory } from "./spill-directory.ts";
import { WorkerFetcher } from "./worker-fetcher.ts";
import { controlWords, outputBytesMax, type FromWorker, type RunMessage, type SlotOptions } from "./worker-protocol.ts";

type DecodedStage = ReturnType<typeof decodeStage>;

/** Recent plans, decoded: the tasks of a stage share one, and so do jobs of the same statement. */
const decodedPlansMax = 64;

/** What lives as long as the slot: its memory, kernels, compiled expressions and decoded plans. */
export class TaskRunner {
  readonly #options: SlotOptions;
  readonly #memory: SlotMemory;
  readonly #kernels: Kernels;
  readonly #compiler: ExpressionCompiler;
  readonly #control: Int32Array;
  readonly #port: MessagePort;
  readonly #post: (message: FromWorker) => void;
  readonly #plans = new Map<string, DecodedStage>();

  constructor(options: SlotOptions, port: MessagePort, post: (message: FromWorker) => void) {
    this.#options = options;
    this.#port = port;
    this.#post = post;
    this.#control = new Int32Array(options.control);
    this.#memory = new SlotMemory(options.memoryBytes, { poison: options.poison });
    this.#kernels = loadKernels(this.#memory);
    this.#compiler = new ExpressionCompiler(this.#memory, this.#kernels);
  }

  /** Runs a task to its end and reports it; never throws. */
  run(message: RunMessage): void {
    try {
      const { partitions, operators } = this.#execute(message);
      this.#post({ kind: "finished", task: message.task, partitions, operators });
    } catch (error) {
      this.#post({ kind: "failed", task: message.task, error: toPlainError(error) });
    }
  }

  #execute(message: RunMessage): { partitions: PartitionSize[]; operators: OperatorMetrics[] } {
    const { task } = message;
    const stage = this.#decode(message);
    const checkCancelled = (): void => {
      if (Atomics.load(this.#control, controlWords.cancel) !== 0)
        throw new EngineError("query_canceled", "the query was cancelled");
    };
    const fetcher = new WorkerFetcher({
      task,
      inputs: message.inputs,
      port: this.#port,
      control: this.#control,
      post: this.#post,
      checkCancelled,
    });
    const spillPrefix = `${task.jobId}-${task.stageId}-${task.task}-${task.attempt}`;
    const spill = new SpillDirectory(this.#options.spillDirectory, spillPrefix, this.#options.spillBytesMax);
    const context: TaskContext = {
      memory: this.#memory,
      kernels: this.#kernels,
      compiler: this.#compiler,
      tables: new ParquetTableSource(this.#options.databaseHandle, this.#memory, this.#kernels, checkCancelled),
      shuffle: fetcher,
      spill,
      splits: new Map(message.splits.map(({ scanId, splits }) => [scanId, splits])),
      checkCancelled,
    };
    const putOut = (partition: number, batch: EncodedBatch): void =>
      this.#putOut(message, partition, batch, checkCancelled);
    const output = new OutputSizes(putOut);
    this.#memory.resetPeak();
    const tree = buildOperators(stage.plan, context);
    const { plan, filters = [] } = stage;
    const rowSink = makePartitionSink(context, stage.sink, plan.schema, output.take);
    const sink = filters.length === 0 ? rowSink : new SummarizingSink(context, rowSink, filters, plan.schema, putOut);
    const sinkMicros = pump(tree.root, sink, checkCancelled, () => spill.removeAll());
    const sinkMetrics: OperatorMetrics = {
      name: stage.sink.kind,
      rowCount: output.rowCount,
      batchCount: output.batchCount,
      selfMicros: Math.round(sinkMicros),
      peakBytes: this.#memory.peakBytes,
      counters: {
        outputBytes: output.byteSize,
        fetchWaitMicros: Math.round(fetcher.waitMicros),
        spilledBytes: spill.spilledBytes,
      },
    };
    return { partitions: output.partitions(), operators: [...tree.metrics(), sinkMetrics] };
  }

  #decode(message: RunMessage): DecodedStage {
    const { plan } = message;
    const key = Buffer.from(plan.buffer, plan.byteOffset, plan.byteLength).toString("latin1");
    let stage = this.#plans.get(key);
    if (stage === undefined) {
      stage = decodeStage(plan);
      this.#plans.set(key, stage);
      if (this.#plans.size > decodedPlansMax) this.#plans.delete(this.#plans.keys().next().value!);
    }
    return stage;
  }

  /** Hands a batch to the main thread, and waits while that is too far behind. */
  #putOut(message: RunMessage, partition: number, batch: EncodedBatch, checkCancelled: () => void): void {
    const kib = outputKib(batch);
    Atomics.add(this.#control, controlWords.outputKib, kib);
    this.#post({ kind: "output", task: message.task, partition, batch });
    while (Atomics.load(this.#control, controlWords.outputKib) > outputBytesMax / 1024) {
      checkCancelled();
      const seen = Atomics.load(this.#control, controlWords.signal);
      if (Atomics.load(this.#control, controlWords.outputKib) <= outputBytesMax / 1024) return;
      Atomics.wait(this.#control, controlWords.signal, seen, 1000);
    }
  }
}

/** Moves all rows from the root to the sink, and closes both whatever happens. Gives the microseconds inside the sink. */
function pump(root: Operator, sink: PartitionSink, checkCancelled: () => void, cleanUp: () => void): number {
  let sinkMicros = 0;
  const timed = (run: () => void): void => {
    const start = performance.now();
    run();
    sinkMicros += (performance.now() - start) * 1000;
  };
  try {
    sink.open();
    root.open();
    for (let batch = root.next(); batch !== null; batch = root.next()) {
      checkCancelled();
      const written = batch;
      timed(() => sink.write(written));
    }
    timed(() => sink.finish());
  } finally {
    try {
      root.close();
    } finally {
      sink.close();
      cleanUp();
    }
  }
  return sinkMicros;
}

/** Counts what goes out by partition on its way. */
class OutputSizes {
  readonly #sizes = new Map<number, { rowCount: number; byteSize: number }>();
  readonly take: (partition: number, batch: EncodedBatch) => void;
  rowCount = 0;
  byteSize = 0;
  batchCount = 0;

  constructor(next: (partition: number, batch: EncodedBatch) => void) {
    this.take = (partition, batch) => {
      const byteSize = encodedByteSize(batch);
      const size = this.#sizes.get(partition) ?? { rowCount: 0, byteSize: 0 };
      this.#sizes.set(partition, { rowCount: size.rowCount + batch.rowCount, byteSize: size.byteSize + byteSize });
      this.rowCount += batch.rowCount;
      this.byteSize += byteSize;
      this.batchCount++;
      next(partition, batch);
    };
  }

  partitions(): PartitionSize[] {
    return [...this.#sizes].map(([partition, size]) => ({ partition, ...size }));
  }
}
