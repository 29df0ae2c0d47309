import assert from "node:assert/strict";
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import {
  newClusterState,
  defaultLimits,
  resultStageOf,
  type ClusterState,
} from "../../src/scheduler/core/cluster-state.ts";
import type { SchedulerAction, SchedulerEvent } from "../../src/scheduler/core/event.ts";
import { step } from "../../src/scheduler/core/step.ts";
import type { SchedulerMessage, TaskId } from "../../src/stage/control-message.ts";
import type { StageSink } from "../../src/stage/stage.ts";

/**
 * Each file in scripts/ is a story of events and what the core answers: a command, `----`, the expected actions, a blank
 * line. Lines that begin with # tell the reader what happens. UPDATE_GOLDEN=1 rewrites the answers.
 */
const folder = new URL("./scripts/", import.meta.url);

describe("scheduler core scripts", () => {
  for (const name of readdirSync(folder).filter((file) => file.endsWith(".txt"))) {
    it(name, () => {
      const text = readFileSync(new URL(name, folder), "utf8");
      const actual = replay(text);
      if (process.env["UPDATE_GOLDEN"] === "1") writeFileSync(new URL(name, folder), actual);
      else assert.equal(actual, text);
    });
  }
});

function replay(text: string): string {
  let state = newClusterState({ ...defaultLimits });
  let nowMs = 0;
  const blocks = text.trimEnd().split(/\n\n+/);
  const answers = blocks.map((block) => {
    const lines = block.split("\n");
    const commands = lines.slice(0, lines.includes("----") ? lines.indexOf("----") : lines.length);
    const output: string[] = [];
    for (const command of commands) {
      if (command.startsWith("#")) continue;
      const [verb, ...words] = command.split(" ");
      if (verb === "limit") {
        Object.assign(state.limits, { [words[0]!]: Number(words[1]) });
        continue;
      }
      if (verb === "show") {
        output.push(...showJob(state, words[0]!));
        continue;
      }
      if (verb === "tick") nowMs += Number(words[0]);
      const result = step(state, eventOf(verb!, words), nowMs);
      state = result.state;
      output.push(...result.actions.map(formatAction));
    }
    if (commands.every((command) => command.startsWith("#"))) return commands.join("\n");
    return [...commands, "----", ...(output.length > 0 ? output : ["(nothing)"])].join("\n");
  });
  return `${answers.join("\n\n")}\n`;
}

function eventOf(verb: string, words: string[]): SchedulerEvent {
  const [first = "", second = ""] = words;
  switch (verb) {
    case "submit":
      return { kind: "job_submitted", job: { jobId: first, stages: words.slice(1).map(parseStage) } };
    case "register": {
      const slots = Number(second.split("=")[1]);
      const executor = {
        executorId: first,
        host: "host",
        port: 1,
        slots,
        memoryBytes: 1,
        version: "1",
        protocolVersion: 1,
      };
      return { kind: "executor_registered", executor, running: words.slice(2).map(parseTask) };
    }
    case "heartbeat":
      return { kind: "executor_heartbeat", executorId: first, running: [] };
    case "disconnect":
      return { kind: "executor_disconnected", executorId: first };
    case "leave":
      return { kind: "executor_left", executorId: first };
    case "drain":
      return { kind: "executor_draining", executorId: first };
    case "finish": {
      const partitions = words.slice(2).map((word) => {
        const [partition, byteSize] = word.split(":").map(Number);
        return { partition: partition!, rowCount: 1, byteSize: byteSize! };
      });
      return { kind: "task_finished", executorId: first, task: parseTask(second), partitions, operators: [] };
    }
    case "fail": {
      const [code, lost] = words.slice(2);
      const [executorId, stageId] = (lost ?? "").split("/");
      const details =
        lost === undefined ? {} : { fetchFailed: { executorId: executorId!, stageId: Number(stageId), partition: 0 } };
      return {
        kind: "task_failed",
        executorId: first,
        task: parseTask(second),
        error: { code: code as "io_error", message: "it broke", details },
      };
    }
    case "read":
      return { kind: "result_read", task: parseTask(first) };
    case "abandon":
      return { kind: "result_abandoned", task: parseTask(first) };
    case "cancel":
      return {
        kind: "cancel_job",
        jobId: first,
        error: { code: "query_canceled", message: "by the user", details: {} },
      };
    case "tick":
      return { kind: "tick" };
    default:
      throw new Error(`unknown command ${verb}`);
  }
}

/**
 * `0:2:hash3` is stage 0 with two tasks that write three partitions; `1:3:result<0` reads it; `2:1:single~0/3` only uses the
 * runtime filter in its partition 3.
 */
function parseStage(word: string) {
  const [beforeFilters, filters] = word.split("~");
  const [description, inputs] = beforeFilters!.split("<");
  const [stageId, tasks, kind] = description!.split(":");
  return {
    stageId: Number(stageId),
    plan: new Uint8Array(),
    sinkKind: kind!.replace(/\d+$/, "") as StageSink["kind"],
    inputs: inputs === undefined ? [] : inputs.split(",").map(Number),
    filterInputs: (filters?.split(",") ?? []).map((filter) => {
      const [filterStage, partition] = filter.split("/").map(Number);
      return { stageId: filterStage!, partition: partition! };
    }),
    tasks: Array.from({ length: Number(tasks) }, () => ({ splits: [] })),
  };
}

/** `job/stage/task/attempt` */
function parseTask(word: string): TaskId {
  const [jobId, stageId, task, attempt] = word.split("/");
  return { jobId: jobId!, stageId: Number(stageId), task: Number(task), attempt: Number(attempt) };
}

function formatTask(task: TaskId): string {
  return `${task.jobId}/${task.stageId}/${task.task}/${task.attempt}`;
}

function formatAction(action: SchedulerAction): string {
  switch (action.kind) {
    case "send":
      return `to ${action.executorId}: ${formatMessage(action.message)}`;
    case "save_executor":
      return `save_executor ${action.executorId}`;
    case "executor_lost":
      return `lost ${action.executorId} (${action.reason})`;
    default:
      return `${action.kind} ${action.jobId}`;
  }
}

function formatMessage(message: SchedulerMessage): string {
  switch (message.kind) {
    case "launch": {
      const inputs = message.inputs.map((input) => {
        const sources = input.sources.map(
          (source) => `${source.task.task}.${source.task.attempt}@${source.executorId}`,
        );
        return ` stage ${input.stageId} partition ${input.partition} of ${sources.join(" ")}`;
      });
      return `launch ${formatTask(message.task)}${inputs.join(";")}`;
    }
    case "stage":
      return `stage ${message.jobId}/${message.stageId}`;
    case "cancel_job":
    case "release_job":
      return `${message.kind} ${message.jobId}`;
    default:
      return message.kind;
  }
}

function showJob(state: ClusterState, jobId: string): string[] {
  const job = state.jobs.get(jobId);
  if (job === undefined) return [`${jobId} unknown`];
  const error = job.error === null ? "" : ` (${job.error.code}: ${job.error.message})`;
  const lines = [`${jobId} ${job.status}${error}${job.placed ? " placed" : ""}`];
  for (const stage of job.stages) {
    const tasks = stage.tasks.map(
      (task) => `${task.status}.${task.attempt}${task.executorId === null ? "" : `@${task.executorId}`}`,
    );
    const result = stage === resultStageOf(job) ? " result" : "";
    lines.push(`  stage ${stage.stageId} ${stage.status}${result}: ${tasks.join(" ")}`);
  }
  return lines;
}
