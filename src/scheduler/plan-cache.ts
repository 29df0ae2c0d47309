import type { Value } from "../arrow/value.ts";
import { encodeStage } from "../codec/encode-stage.ts";
import { forEachExpression } from "../expr/expression-properties.ts";
import { isClockFunction } from "../expr/fold-constants.ts";
import type { LogicalNode } from "../logical/logical-node.ts";
import { forEachNode, nodeExpressions } from "../logical/rewrite.ts";
import type { StageGraph } from "../stage/stage.ts";
import type { JobDefinition } from "./core/event.ts";
import type { Session, StatementDescription } from "./query-service.ts";

/** A planned query, ready to be submitted any number of times. */
export type ReadyQuery = { readonly graph: StageGraph; readonly stages: JobDefinition["stages"] };

/** Statements that are remembered; those used least recently go. */
const entriesMax = 256;
/** Plans over very many files would fill the memory, and take long to run anyway. */
const tasksMax = 256;

export function readyQuery(graph: StageGraph): ReadyQuery {
  const stages = graph.stages.map((stage) => ({
    stageId: stage.stageId,
    plan: encodeStage(stage),
    sinkKind: stage.sink.kind,
    inputs: stage.inputs,
    filterInputs: stage.filterInputs ?? [],
    tasks: stage.tasks.map(({ splits }) => ({ splits })),
  }));
  return { graph, stages };
}

/**
 * Plans and descriptions of statements by everything that they follow from: the text, the caller's rights and settings,
 * the parameters, the slots, and the catalog's version. What does not follow from these is not kept: see `dependsOnTime`.
 */
export class PlanCache {
  readonly #plans = new Map<string, ReadyQuery>();
  readonly #descriptions = new Map<string, StatementDescription>();
  readonly #accessNumbers = new WeakMap<object, number>();
  #accessCount = 0;
  #version = -1;

  /** null for what is not to be remembered. `version`: the catalog's; another one than before empties the cache. */
  keyOf(
    sql: string,
    parameters: readonly Value[],
    session: Session,
    version: number,
    slotCount: number,
  ): string | null {
    if (version !== this.#version) {
      this.#plans.clear();
      this.#descriptions.clear();
      this.#version = version;
    }
    if (parameters.some((value) => typeof value === "object" && value !== null)) return null;
    const values = parameters.map((value) => `${typeof value} ${String(value as bigint | string | number)}`);
    const settings = [...session.settings].sort(([left], [right]) => (left < right ? -1 : 1));
    const caller = [session.user ?? null, session.access === undefined ? 0 : this.#accessNumber(session.access)];
    return JSON.stringify([sql, values, settings, caller, slotCount]);
  }

  plan(key: string | null): ReadyQuery | undefined {
    return key === null ? undefined : touch(this.#plans, key);
  }

  rememberPlan(key: string | null, query: ReadyQuery): void {
    const taskCount = query.stages.reduce((sum, stage) => sum + stage.tasks.length, 0);
    if (key !== null && taskCount <= tasksMax) remember(this.#plans, key, query);
  }

  description(key: string | null): StatementDescription | undefined {
    return key === null ? undefined : touch(this.#descriptions, key);
  }

  rememberDescription(key: string | null, description: StatementDescription): void {
    if (key !== null) remember(this.#descriptions, key, description);
  }

  #accessNumber(access: object): number {
    let number = this.#accessNumbers.get(access);
    if (number === undefined) this.#accessNumbers.set(access, (number = ++this.#accessCount));
    return number;
  }
}

/** Whether a bound plan asks for the time, which its optimised form has as a constant. */
export function dependsOnTime(plan: LogicalNode): boolean {
  let found = false;
  forEachNode(plan, (node) => {
    for (const expression of nodeExpressions(node)) {
      forEachExpression(expression, (part) => {
        if (part.kind === "call" && isClockFunction(part.name)) found = true;
      });
    }
  });
  return found;
}

function touch<T>(entries: Map<string, T>, key: string): T | undefined {
  const entry = entries.get(key);
  if (entry === undefined) return undefined;
  entries.delete(key);
  entries.set(key, entry);
  return entry;
}

function remember<T>(entries: Map<string, T>, key: string, entry: T): void {
  entries.set(key, entry);
  if (entries.size > entriesMax) entries.delete(entries.keys().next().value!);
}
