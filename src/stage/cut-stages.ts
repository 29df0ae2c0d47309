import { assert, must } from "../common/assert.ts";
import type { PhysicalExchange, PhysicalNode, PhysicalShuffleRead } from "../physical/physical-node.ts";
import type { PhysicalPlan } from "../physical/plan-physical.ts";
import type { ScanSource } from "../physical/plan-context.ts";
import { scanTaskCount } from "../physical/physical-options.ts";
import type { PhysicalOptions } from "../physical/physical-options.ts";
import { physicalChildren, withPhysicalChildren } from "../physical/print-physical.ts";
import { planKey } from "./plan-key.ts";
import { shareOut } from "./share-out-splits.ts";
import type { ScanSplit, Stage, StageGraph, StageSink, StageTask } from "./stage.ts";

/**
 * Cuts a physical plan at its exchanges. Exchanges with the same input and distribution become one stage that several
 * nodes read. `schema` is the plan's output. The number of a stage's tasks follows from what it reads:
 * a hash exchange: one per partition; a single exchange or constants: one; scans: by bytes, or one where the planner
 * counted on it; broadcast inputs do not count.
 */
export function cutStages(plan: PhysicalPlan, ordered: boolean, options: PhysicalOptions): StageGraph {
  const cutter = new StageCutter(plan.scans, options);
  const root = cutter.cut(plan.root);
  cutter.addStage(root, { kind: "result" });
  const stages = cutter.stages;
  assert(!ordered || stages.at(-1)!.tasks.length === 1, "an ordered result comes from one task");
  return { stages, schema: plan.root.schema, ordered };
}

class StageCutter {
  readonly stages: Stage[] = [];
  readonly #scans: readonly ScanSource[];
  readonly #options: PhysicalOptions;
  readonly #stageIds = new Map<string, number>();

  constructor(scans: readonly ScanSource[], options: PhysicalOptions) {
    this.#scans = scans;
    this.#options = options;
  }

  /** The node with its exchanges replaced by reads of stages that are added on the way. */
  cut(node: PhysicalNode): PhysicalNode {
    if (node.kind === "exchange") return this.#cutExchange(node);
    const inputs = physicalChildren(node);
    const cut = inputs.map((input) => this.cut(input));
    return cut.every((input, index) => input === inputs[index]) ? node : withPhysicalChildren(node, cut);
  }

  #cutExchange(node: PhysicalExchange): PhysicalShuffleRead {
    const { distribution, schema, estimate } = node;
    const input = this.cut(node.input);
    const sink: StageSink = distribution.kind === "single" ? { kind: "single" } : distribution;
    const key = planKey(input, sink, this.#scans);
    let stageId = this.#stageIds.get(key);
    if (stageId === undefined) this.#stageIds.set(key, (stageId = this.addStage(input, sink)));
    const mergeKeys = distribution.kind === "single" ? distribution.mergeKeys : null;
    return { kind: "shuffle_read", stageId, mergeKeys, schema, estimate };
  }

  addStage(plan: PhysicalNode, sink: StageSink): number {
    const stageId = this.stages.length;
    const leaves = leavesOf(plan);
    const inputs = [...new Set(leaves.flatMap((leaf) => (leaf.kind === "shuffle_read" ? [leaf.stageId] : [])))];
    this.stages.push({ stageId, plan, sink, inputs, tasks: this.#tasks(leaves) });
    return stageId;
  }

  #tasks(leaves: readonly PhysicalNode[]): StageTask[] {
    const scans = leaves.flatMap((leaf) =>
      leaf.kind === "scan" ? [must(this.#scans[leaf.scanId], "a scan has a source")] : [],
    );
    const reads = leaves.flatMap((leaf) => (leaf.kind === "shuffle_read" ? [this.stages[leaf.stageId]!.sink] : []));
    const counts = new Set(reads.flatMap((sink) => (sink.kind === "hash" ? [sink.partitionCount] : [])));
    const needsOneTask =
      leaves.some((leaf) => leaf.kind === "values" || leaf.kind === "work_table") ||
      reads.some((sink) => sink.kind === "single");
    if (counts.size > 0) {
      assert(counts.size === 1, "a stage's hash exchanges have equally many partitions");
      assert(
        scans.length === 0 && !needsOneTask,
        "a stage that reads hash exchanges reads nothing else but broadcasts",
      );
      return Array.from({ length: [...counts][0]! }, (_, partition) => ({ partition, splits: [] }));
    }
    return this.#scanTasks(scans, needsOneTask);
  }

  #scanTasks(scans: readonly ScanSource[], needsOneTask: boolean): StageTask[] {
    const bytes = scans.reduce((sum, scan) => sum + scan.byteSize, 0);
    const isOne = needsOneTask || scans.every((scan) => scan.oneTask);
    const shares = shareOut(
      scans.flatMap((scan) => scan.units.map((unit) => ({ scanId: scan.scanId, ...unit }))),
      isOne ? 1 : scanTaskCount(bytes, this.#options),
    );
    return shares.map((share, partition) => ({
      partition,
      splits: scans.flatMap(({ scanId }) => {
        const splits = share
          .filter((unit) => unit.scanId === scanId)
          .map(({ path, firstRow, lastRow, byteSize }): ScanSplit => ({ path, firstRow, lastRow, byteSize }));
        return splits.length === 0 ? [] : [{ scanId, splits }];
      }),
    }));
  }
}

function leavesOf(node: PhysicalNode): PhysicalNode[] {
  const inputs = physicalChildren(node);
  return inputs.length === 0 ? [node] : inputs.flatMap(leavesOf);
}
