/** What the physical planner decides by. Bytes of scans are scanWork below; all others are as in memory. */
export type PhysicalOptions = {
  /** Slots of the whole cluster. */
  readonly slots: number;
  /** What one task should read. */
  readonly targetPartitionBytes: number;
  /** Less than this is not worth a task of its own. */
  readonly minimumPartitionBytes: number;
  /** A build side up to this size may be sent to every task. */
  readonly broadcastBytesMax: number;
  /** A query whose scans read no more than this runs as one task without any exchange. */
  readonly smallInputBytes: number;
  /** Sorts up to this size are done by one task; larger ones by all tasks, then merged. */
  readonly singleSortBytes: number;
  /** An aggregate puts its groups into one partition up to this size. */
  readonly singleAggregateBytes: number;
  /** When set: every exchange has this many partitions and every scan as many tasks (tests, SET partitions). */
  readonly partitionCount: number | null;
  /** Rounds that a recursive query may take. */
  readonly recursionMax: number;
};

const mebibyte = 1024 * 1024;

export const defaultPhysicalOptions: PhysicalOptions = {
  slots: 2,
  targetPartitionBytes: 32 * mebibyte,
  minimumPartitionBytes: mebibyte,
  broadcastBytesMax: 24 * mebibyte,
  smallInputBytes: 8 * mebibyte,
  singleSortBytes: 8 * mebibyte,
  singleAggregateBytes: mebibyte,
  partitionCount: null,
  recursionMax: 10_000,
};

/** Tasks per slot above which smaller partitions no longer pay: scans, whose memory does not grow with their input. */
const scanWaves = 3;
/** The same for exchanges, whose readers hold a partition's hash table in memory. */
const exchangeWaves = 32;

/**
 * What a scan costs, in bytes of a file: its compressed bytes, or a part of its rows' size in memory where they are
 * compressed so well that their number counts for more than their bytes.
 */
export function scanWork(storedBytes: number, memoryBytes: number): number {
  return Math.max(storedBytes, memoryBytes / 4);
}

/** How many tasks should do so much scanning. */
export function scanTaskCount(bytes: number, options: PhysicalOptions): number {
  return taskCount(bytes, scanWaves, options);
}

/** How many partitions an exchange of so many bytes should have. */
export function exchangePartitionCount(bytes: number, options: PhysicalOptions): number {
  return taskCount(bytes, exchangeWaves, options);
}

/** By bytes; at least one per slot where each gets enough to do, and in whole waves over the slots beyond that. */
function taskCount(bytes: number, waves: number, options: PhysicalOptions): number {
  const { slots, targetPartitionBytes, minimumPartitionBytes, partitionCount } = options;
  if (partitionCount !== null) return Math.max(1, partitionCount);
  const byTarget = Math.ceil(bytes / targetPartitionBytes);
  if (byTarget <= slots) return Math.max(1, Math.min(slots, Math.floor(bytes / minimumPartitionBytes)));
  return Math.min(Math.ceil(byTarget / slots), waves) * slots;
}
