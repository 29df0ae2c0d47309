import { EngineError } from "../common/engine-error.ts";
import type { ScanSplit, Stage, StageFilter, StageGraph, StageSink, StageTask } from "../stage/stage.ts";
import { expressionShape, schemaShape } from "./expression-shape.ts";
import { planShape } from "./plan-shape.ts";
import { fromPlainJson, toPlainJson } from "./plain-json.ts";
import { asRecord, byKind, count, flag, listOf, objectOf, oneOf, optional, text } from "./shape.ts";
import type { Shape } from "./shape.ts";

/** Raised when the meaning of encoded plans changes; both sides must have the same. */
export const planFormatVersion = 1;

/** What an executor needs of a stage: what to run, and where its rows go. */
export type StageProgram = Pick<Stage, "plan" | "sink" | "filters">;

const sinkShape: Shape<StageSink> = byKind<StageSink>({
  hash: objectOf<Extract<StageSink, { readonly kind: "hash" }>>({
    kind: oneOf("hash"),
    keys: listOf(expressionShape),
    partitionCount: count,
  }),
  single: objectOf<{ readonly kind: "single" }>({ kind: oneOf("single") }),
  broadcast: objectOf<{ readonly kind: "broadcast" }>({ kind: oneOf("broadcast") }),
  result: objectOf<{ readonly kind: "result" }>({ kind: oneOf("result") }),
});

const filters = optional(listOf(objectOf<StageFilter>({ column: count, partition: count, bloomWords: count })));
const programShape: Shape<StageProgram> = objectOf<StageProgram>({ plan: planShape, sink: sinkShape, filters });

const splitShape: Shape<ScanSplit> = objectOf<ScanSplit>({
  path: text,
  firstRow: count,
  lastRow: count,
  byteSize: count,
});
const scanSplitsShape = objectOf<StageTask["splits"][number]>({ scanId: count, splits: listOf(splitShape) });
const taskShape: Shape<StageTask> = objectOf<StageTask>({ partition: count, splits: listOf(scanSplitsShape) });

const stageShape: Shape<Stage> = objectOf<Stage>({
  stageId: count,
  plan: planShape,
  sink: sinkShape,
  inputs: listOf(count),
  filters,
  filterInputs: optional(
    listOf(objectOf<NonNullable<Stage["filterInputs"]>[number]>({ stageId: count, partition: count })),
  ),
  tasks: listOf(taskShape),
});

const graphShape: Shape<StageGraph> = objectOf<StageGraph>({
  stages: listOf(stageShape),
  schema: schemaShape,
  ordered: flag,
});

/** A stage's plan and sink as bytes; equal programs give equal bytes. */
export function encodeStage({ plan, sink, filters }: StageProgram): Uint8Array {
  return encode("stage", filters === undefined ? { plan, sink } : { plan, sink, filters });
}

/** Throws invalid_argument saying what is wrong where, on bytes that encodeStage of this version did not write. */
export function decodeStage(bytes: Uint8Array): StageProgram {
  return decode("stage", bytes, programShape);
}

/** A whole graph with its tasks, as the state store keeps it. */
export function encodeGraph(graph: StageGraph): Uint8Array {
  return encode("graph", graph);
}

/** Throws as decodeStage does, and when a stage reads one that does not come before it. */
export function decodeGraph(bytes: Uint8Array): StageGraph {
  const graph = decode("graph", bytes, graphShape);
  graph.stages.forEach((stage, index) => {
    if (stage.stageId !== index || stage.inputs.some((input) => input >= index)) {
      throw new EngineError(
        "invalid_argument",
        `graph.stages[${index}]: stages are numbered by position, inputs before readers`,
      );
    }
  });
  return graph;
}

function encode(what: "stage" | "graph", body: unknown): Uint8Array {
  return toPlainJson({ format: `onager-${what}`, version: planFormatVersion, body });
}

function decode<T>(what: "stage" | "graph", bytes: Uint8Array, shape: Shape<T>): T {
  const { format, version, body, ...others } = asRecord(fromPlainJson(bytes, what), what);
  if (format !== `onager-${what}` || Object.keys(others).length > 0)
    throw new EngineError("invalid_argument", `these bytes are no encoded ${what}`);
  if (version !== planFormatVersion) {
    throw new EngineError(
      "invalid_argument",
      `the ${what} has format version ${String(version)}, this process reads version ${planFormatVersion}`,
    );
  }
  return shape.check(body, what);
}
