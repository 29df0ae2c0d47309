import type { PhysicalNode } from "../physical/physical-node.ts";
import { formatCount, physicalChildren } from "../physical/print-physical.ts";
import { printStages } from "../stage/print-stages.ts";
import type { Stage } from "../stage/stage.ts";
import type { OperatorMetrics } from "../stage/task-report.ts";
import type { JobState, StageState } from "./core/cluster-state.ts";
import { planTexts, type PlannedQuery } from "./plan-query.ts";

/** EXPLAIN: the plan at each step, with estimated rows. */
export function explainPlan(planned: PlannedQuery): string {
  const texts = planTexts(planned);
  return [
    section("logical plan", texts.logical),
    section("optimised logical plan", texts.optimized),
    section("physical plan", texts.physical),
    section("stages", texts.stages),
    formatSteps(planned),
  ].join("\n\n");
}

/**
 * EXPLAIN ANALYZE: the stages as they ran. Per operator the rows that came out (summed over the tasks) beside the
 * estimate, the time inside it (summed: more than the clock's where tasks ran side by side) and what else it counted;
 * per stage how long its tasks took, and what they put out.
 */
export function explainAnalyzed(planned: PlannedQuery, job: JobState): string {
  const positions = new Map<PhysicalNode, number>();
  for (const stage of planned.graph.stages) numberNodes(stage.plan, positions);
  const annotate = (node: PhysicalNode, stage: Stage): string => {
    const state = job.stages[stage.stageId]!;
    return formatOperator(node, operatorOf(state, positions.get(node) ?? -1));
  };
  const lines = [
    section("stages", printStages(planned.graph, annotate)),
    ...formatWorstEstimates(planned, job, positions),
  ];
  for (const stage of job.stages.toReversed()) lines.push(formatStage(stage));
  const queueMs = job.startedMs - job.submittedMs;
  lines.push(`${formatSteps(planned)}; queued ${queueMs} ms; ran ${job.endedMs - job.startedMs} ms`);
  return lines.join("\n");
}

/** Errors below this are as good as an estimate gets, and not worth a line. */
const qErrorMin = 4;
const worstEstimatesMax = 3;

/**
 * The operators whose rows were most wrongly estimated, by q-error: how many times too high or too low. Operators over a
 * runtime filter's scan have fewer rows than were estimated for them without it, and rows of a broadcast come once for each
 * task; both are left out.
 */
function formatWorstEstimates(
  { graph }: PlannedQuery,
  job: JobState,
  positions: ReadonlyMap<PhysicalNode, number>,
): string[] {
  const errors: { readonly qError: number; readonly text: string }[] = [];
  const visit = (node: PhysicalNode, stage: Stage): void => {
    if (node.kind !== "shuffle_read" && !isFiltered(node, graph.stages)) {
      const { rowCount } = operatorOf(job.stages[stage.stageId]!, positions.get(node) ?? -1);
      const [estimated, actual] = [Math.max(1, node.estimate.rows), Math.max(1, rowCount)];
      const qError = Math.max(estimated / actual, actual / estimated);
      const rows = `~${formatCount(node.estimate.rows)} estimated, ${rowCount} came`;
      errors.push({ qError, text: `${qError.toFixed(1)} at ${node.kind} of stage ${stage.stageId} (${rows})` });
    }
    for (const child of physicalChildren(node)) visit(child, stage);
  };
  for (const stage of graph.stages) visit(stage.plan, stage);
  const worst = errors.filter(({ qError }) => qError >= qErrorMin).sort((left, right) => right.qError - left.qError);
  if (worst.length === 0) return [`estimates: no q-error above ${qErrorMin}`];
  return [
    `estimates, worst q-errors: ${worst
      .slice(0, worstEstimatesMax)
      .map(({ text }) => text)
      .join("; ")}`,
  ];
}

function isFiltered(node: PhysicalNode, stages: readonly Stage[]): boolean {
  if (node.kind === "scan") return node.runtimeFilters !== undefined;
  if (node.kind === "shuffle_read") return isFiltered(stages[node.stageId]!.plan, stages);
  return physicalChildren(node).some((child) => isFiltered(child, stages));
}

function section(title: string, body: string): string {
  return `── ${title} ${"─".repeat(Math.max(2, 60 - title.length))}\n${body}`;
}

function formatSteps(planned: PlannedQuery): string {
  return `planning: ${planned.steps.map(({ name, elapsedMs }) => `${name} ${elapsedMs.toFixed(1)} ms`).join(", ")}`;
}

/** Operators report in pre-order. */
function numberNodes(root: PhysicalNode, positions: Map<PhysicalNode, number>): void {
  let next = 0;
  const visit = (node: PhysicalNode): void => {
    positions.set(node, next++);
    for (const child of physicalChildren(node)) visit(child);
  };
  visit(root);
}

type OperatorSum = {
  readonly rowCount: number;
  readonly selfMicros: number;
  readonly counters: ReadonlyMap<string, number>;
};

function operatorOf(stage: StageState, position: number): OperatorSum {
  return sumOperators(stage.tasks.flatMap((task) => task.operators[position] ?? []));
}

function sumOperators(all: readonly OperatorMetrics[]): OperatorSum {
  const counters = new Map<string, number>();
  let [rowCount, selfMicros] = [0, 0];
  for (const metrics of all) {
    rowCount += metrics.rowCount;
    selfMicros += metrics.selfMicros;
    for (const [name, value] of Object.entries(metrics.counters)) counters.set(name, (counters.get(name) ?? 0) + value);
  }
  return { rowCount, selfMicros, counters };
}

function formatOperator(node: PhysicalNode, { rowCount, selfMicros, counters }: OperatorSum): string {
  const parts = [
    `rows ${rowCount} (estimated ~${formatCount(node.estimate.rows)})`,
    `time ${formatMicros(selfMicros)}`,
  ];
  for (const [name, value] of counters) if (value !== 0) parts.push(formatCounter(name, value));
  return `[${parts.join(", ")}]`;
}

function formatStage(stage: StageState): string {
  const durations = stage.tasks.map((task) => task.endedMs - task.startedMs).toSorted((left, right) => left - right);
  const median = durations[durations.length >> 1] ?? 0;
  const sinks = sumOperators(stage.tasks.flatMap((task) => task.operators.at(-1) ?? []));
  const peakBytes = Math.max(0, ...stage.tasks.map((task) => task.operators.at(-1)?.peakBytes ?? 0));
  const parts = [
    `tasks ${stage.tasks.length} (min ${durations[0] ?? 0} ms, median ${median} ms, max ${durations.at(-1) ?? 0} ms)`,
    `rows out ${sinks.rowCount}`,
    `writing ${formatMicros(sinks.selfMicros)}`,
    `peak memory of a task ${formatBytes(peakBytes)}`,
  ];
  for (const [name, value] of sinks.counters) if (value !== 0) parts.push(formatCounter(name, value));
  return `stage ${stage.stageId}: ${parts.join(", ")}`;
}

/** `spilledBytes` 2048 → "spilled 2.0 KiB": the unit stands at the end of a counter's name. */
function formatCounter(name: string, value: number): string {
  const words = (text: string): string => text.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
  if (name.endsWith("Bytes")) return `${words(name.slice(0, -"Bytes".length))} ${formatBytes(value)}`;
  if (name.endsWith("Micros")) return `${words(name.slice(0, -"Micros".length))} ${formatMicros(value)}`;
  return `${words(name)} ${value}`;
}

function formatMicros(micros: number): string {
  return micros < 10_000 ? `${(micros / 1000).toFixed(2)} ms` : `${Math.round(micros / 1000)} ms`;
}

function formatBytes(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB"];
  const power = Math.min(units.length - 1, bytes < 1024 ? 0 : Math.floor(Math.log2(bytes) / 10));
  return power === 0 ? `${bytes} B` : `${(bytes / 1024 ** power).toFixed(1)} ${units[power]}`;
}
