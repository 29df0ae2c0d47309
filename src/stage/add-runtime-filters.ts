import { sameLayout } from "../arrow/data-type.ts";
import type { Table } from "../catalog/table.ts";
import type { Expression } from "../expr/expression.ts";
import type { PhysicalHashJoin, PhysicalNode, PhysicalScan, RuntimeFilterUse } from "../physical/physical-node.ts";
import { physicalChildren, withPhysicalChildren } from "../physical/print-physical.ts";
import type { ScanSource } from "../physical/plan-context.ts";
import type { Stage, StageFilter, StageGraph } from "./stage.ts";
import {
  dropsBuild,
  dropsProbe,
  keySources,
  keyTargets,
  putsOutBuild,
  type KeySource,
  type KeyTarget,
} from "./trace-keys.ts";

/** A filter that is thought to let through more than this share of the rows is not made. */
const passedShareMax = 0.5;
/** A stage is made to wait for another one only for a filter that lets through less. */
const waitShareMax = 0.3;
const bloomRowsMax = 2_000_000;
const bloomWordsMin = 256;
const bloomWordsMax = 1 << 17;
/** Estimates are often too low: a filter with too few bits lets everything through. */
const bloomBitsPerRow = 32;

type Candidate = { readonly source: KeySource; readonly target: KeyTarget; readonly passedShare: number };

/**
 * Adds runtime filters to a graph: for each equality of a join whose one side comes from a stage and whose other side
 * loses the rows without a partner, the scan on that side gets the keys that the stage has put out. The scan's stage
 * starts after that stage, which it mostly does anyway; edges that would close a circle are left out.
 */
export function addRuntimeFilters(graph: StageGraph, scans: readonly ScanSource[]): StageGraph {
  const adder = new FilterAdder(graph.stages, scans);
  const candidates = graph.stages.flatMap((stage) =>
    joinsOf(stage.plan).flatMap((join) => adder.candidates(stage, join)),
  );
  // The best first: a scan's column gets one filter, and edges may exclude each other.
  for (const candidate of candidates.toSorted((left, right) => left.passedShare - right.passedShare))
    adder.add(candidate);
  return { ...graph, stages: adder.finish() };
}

function joinsOf(node: PhysicalNode): PhysicalHashJoin[] {
  const below = physicalChildren(node).flatMap(joinsOf);
  return node.kind === "hash_join" ? [node, ...below] : below;
}

class FilterAdder {
  readonly #stages: readonly Stage[];
  readonly #scans: readonly ScanSource[];
  readonly #readerCounts = new Map<number, number>();
  /** Stages that must end before one starts. */
  readonly #before: Set<number>[];
  readonly #filters: StageFilter[][];
  readonly #uses = new Map<PhysicalScan, RuntimeFilterUse[]>();
  readonly #filterInputs: Map<string, { readonly stageId: number; readonly partition: number }>[];

  constructor(stages: readonly Stage[], scans: readonly ScanSource[]) {
    this.#stages = stages;
    this.#scans = scans;
    this.#before = stages.map((stage) => new Set(stage.inputs));
    this.#filters = stages.map(() => []);
    this.#filterInputs = stages.map(() => new Map());
    const count = (node: PhysicalNode): void => {
      if (node.kind === "shuffle_read")
        this.#readerCounts.set(node.stageId, (this.#readerCounts.get(node.stageId) ?? 0) + 1);
      physicalChildren(node).forEach(count);
    };
    for (const { plan } of stages) count(plan);
  }

  candidates(stage: Stage, join: PhysicalHashJoin): Candidate[] {
    if (join.nullAware) return [];
    return join.keys.flatMap(({ probe, build, nullEqual }) => {
      if (nullEqual || probe.kind !== "input" || build.kind !== "input") return [];
      const toProbe = dropsProbe.has(join.joinType)
        ? this.#pairs(stage, join, join.build, build, join.probe, probe)
        : [];
      const toBuild = dropsBuild.has(join.joinType)
        ? this.#pairs(stage, join, join.probe, probe, join.build, build)
        : [];
      return [...toProbe, ...toBuild];
    });
  }

  #pairs(
    stage: Stage,
    join: PhysicalHashJoin,
    sourceNode: PhysicalNode,
    sourceKey: Expression & { readonly kind: "input" },
    targetNode: PhysicalNode,
    targetKey: Expression & { readonly kind: "input" },
  ): Candidate[] {
    const targets = keyTargets(this.#stages, this.#readerCounts, stage.stageId, targetNode, targetKey.index);
    // A join that puts out the other side says nothing of how many of these rows have a partner.
    const isOutput = targetNode !== join.probe || !putsOutBuild.has(join.joinType);
    const joinShare = isOutput ? join.estimate.rows / Math.max(1, targetNode.estimate.rows) : null;
    return keySources(sourceNode, sourceKey.index).flatMap((source) => {
      const plan = this.#stages[source.stageId]!.plan;
      // What is dropped between the source and the join, as by HAVING, is still among the source's keys.
      const lostBetween = Math.max(1, plan.estimate.rows / Math.max(1, sourceNode.estimate.rows));
      return targets.flatMap((target): Candidate[] => {
        const type = target.scan.schema[target.column]!.type;
        if (!sameLayout(type, plan.schema[source.column]!.type)) return [];
        const rowShare = plan.estimate.rows / Math.max(1, target.scan.estimate.rows);
        const passedShare = joinShare === null ? rowShare : joinShare * lostBetween;
        return passedShare <= passedShareMax && plan.estimate.rows <= bloomRowsMax
          ? [{ source, target, passedShare }]
          : [];
      });
    });
  }

  add({ source, target, passedShare }: Candidate): void {
    const uses = this.#uses.get(target.scan) ?? [];
    if (uses.some((use) => use.column === target.column)) return;
    if (source.stageId === target.stageId || this.#dependsOn(source.stageId, target.stageId)) return;
    const mustWait = !this.#dependsOn(target.stageId, source.stageId);
    if (mustWait && (passedShare > waitShareMax || !target.isFar || !this.#isCheap(source.stageId, target.stageId)))
      return;
    this.#before[target.stageId]!.add(source.stageId);
    const rows = this.#stages[source.stageId]!.plan.estimate.rows;
    const { partition } = this.#filter(source, target.isFar ? bloomWordsFor(rows) : 0);
    const { scan, column } = target;
    const { table } = this.#scans[scan.scanId]!;
    const { list, span } = scanFacts(table, scan, column);
    this.#uses.set(scan, [...uses, { column, stageId: source.stageId, partition, list, span }]);
    this.#filterInputs[target.stageId]!.set(`${source.stageId}`, { stageId: source.stageId, partition });
  }

  finish(): Stage[] {
    return this.#stages.map((stage, stageId) => {
      const filters = this.#filters[stageId]!;
      const filterInputs = [...this.#filterInputs[stageId]!.values()];
      return {
        ...stage,
        plan: this.#withUses(stage.plan),
        ...(filters.length === 0 ? {} : { filters }),
        ...(filterInputs.length === 0 ? {} : { filterInputs }),
      };
    });
  }

  #withUses(node: PhysicalNode): PhysicalNode {
    if (node.kind === "scan") {
      const uses = this.#uses.get(node);
      return uses === undefined ? node : { ...node, runtimeFilters: uses };
    }
    const inputs = physicalChildren(node);
    const changed = inputs.map((input) => this.#withUses(input));
    return changed.every((input, index) => input === inputs[index]) ? node : withPhysicalChildren(node, changed);
  }

  /** Whether `stageId` starts after `other` has ended in any case. */
  #dependsOn(stageId: number, other: number): boolean {
    const before = this.#before[stageId]!;
    return before.has(other) || [...before].some((input) => this.#dependsOn(input, other));
  }

  /** A stage that keeps all slots busy, or reads little, holds nobody up. */
  #isCheap(sourceId: number, targetId: number): boolean {
    const [source, target] = [this.#stages[sourceId]!, this.#stages[targetId]!];
    return source.tasks.length > 1 || bytesRead(source) <= bytesRead(target) / 8;
  }

  /** The stage's filter over a column; one serves all who use it. */
  #filter({ stageId, column }: KeySource, bloomWords: number): StageFilter {
    const filters = this.#filters[stageId]!;
    const existing = filters.findIndex((filter) => filter.column === column);
    const { sink } = this.#stages[stageId]!;
    const first = sink.kind === "hash" ? sink.partitionCount : 1;
    const partition = first + (existing < 0 ? filters.length : existing);
    const words = Math.max(bloomWords, filters[existing]?.bloomWords ?? 0);
    const filter: StageFilter = { column, partition, bloomWords: words };
    filters[existing < 0 ? filters.length : existing] = filter;
    return filter;
  }
}

/**
 * Testing a key against a list costs about what decoding seven compressed bytes of other columns does (measured: 400 to
 * 1500 keys over 6 M rows save a quarter to two fifths of a scan of 9 to 14 other bytes a row, and cost a third over 5).
 */
const listBytesMin = 7;

function scanFacts(
  table: Table,
  scan: PhysicalScan,
  column: number,
): { readonly list: boolean; readonly span: number | null } {
  const statistics = scan.columns.map(
    (name) => table.statistics[table.schema.findIndex((field) => field.name === name)],
  );
  const others = statistics.reduce((sum, one, index) => sum + (index === column ? 0 : (one?.storedByteSize ?? 0)), 0);
  const { min, max } = statistics[column] ?? {};
  const isNumber = (value: unknown): value is number | bigint => typeof value === "number" || typeof value === "bigint";
  const span = isNumber(min) && isNumber(max) ? Number(max) - Number(min) : null;
  return { list: others >= listBytesMin * table.rowCount, span };
}

function bytesRead({ tasks }: Stage): number {
  return tasks.reduce(
    (sum, task) =>
      sum +
      task.splits.reduce((all, scan) => all + scan.splits.reduce((bytes, { byteSize }) => bytes + byteSize, 0), 0),
    0,
  );
}

function bloomWordsFor(rows: number): number {
  const words = 2 ** Math.ceil(Math.log2(Math.max(1, (rows * bloomBitsPerRow) / 64)));
  return Math.min(bloomWordsMax, Math.max(bloomWordsMin, words));
}
