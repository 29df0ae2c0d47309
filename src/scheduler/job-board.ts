import { EngineError, fromPlainError } from "../common/engine-error.ts";
import type { Logger } from "../common/logger.ts";
import {
  controlProtocolVersion,
  type ExecutorDescription,
  type ExecutorMessage,
  type SchedulerSideConnection,
} from "../stage/control-message.ts";
import type { StateStore, StateWrite } from "../state/state-store.ts";
import { newClusterState, type ClusterLimits, type ClusterState, type JobState } from "./core/cluster-state.ts";
import type { JobDefinition, SchedulerAction, SchedulerEvent } from "./core/event.ts";
import { step } from "./core/step.ts";
import { decodeJob, encodeJob } from "./encode-job.ts";
import { SteadyClock } from "./steady-clock.ts";

type Waiter = { readonly placed: PromiseWithResolvers<JobState>; readonly ended: PromiseWithResolvers<JobState> };

const tickMs = 500;

/**
 * Drives the core: feeds it events one at a time (executors' messages, submissions, time) and carries its actions
 * out in order, each state change written to the store before anything that depends on it is sent.
 */
export class JobBoard {
  readonly #state: ClusterState;
  readonly #store: StateStore;
  readonly #logger: Logger;
  readonly #now: () => number;
  readonly #connections = new Map<string, SchedulerSideConnection>();
  readonly #waiters = new Map<string, Waiter>();
  /** Actions that wait for the store; while there are some, later ones queue behind them. */
  #pending: Promise<void> | null = null;
  #ticker: NodeJS.Timeout | null = null;
  #fail: (reason: string) => void = () => {};
  #hasFailed = false;
  /** Resolves, with the reason, when the store refuses a write: nothing is done from then on. */
  readonly failed = new Promise<string>((resolve) => (this.#fail = resolve));

  constructor(options: { store: StateStore; limits: ClusterLimits; logger: Logger; now?: () => number }) {
    this.#state = newClusterState(options.limits);
    this.#store = options.store;
    this.#logger = options.logger;
    const clock = new SteadyClock();
    this.#now = options.now ?? (() => clock.now());
  }

  /** Takes up the jobs that the store knows; executors that still run their tasks will connect again. */
  async start(): Promise<void> {
    const executors = (await this.#store.load("executor")).map(
      ({ value }) => JSON.parse(Buffer.from(value).toString("utf8")) as ExecutorDescription,
    );
    const jobs: JobState[] = [];
    for (const { key, value } of await this.#store.load("job")) {
      try {
        jobs.push(decodeJob(value));
      } catch (error) {
        this.#logger.log("warn", `a query of another version is dropped: ${EngineError.from(error).message}`, {
          job: key,
        });
        await this.#store.write([{ kind: "job", key, value: null }]);
      }
    }
    if (jobs.length > 0 || executors.length > 0) {
      this.#logger.log("info", "taking up earlier work", { queries: jobs.length, executors: executors.length });
    }
    this.dispatch({ kind: "resumed", jobs, executors });
    this.#ticker = setInterval(() => this.dispatch({ kind: "tick" }), tickMs);
  }

  async close(): Promise<void> {
    if (this.#ticker !== null) clearInterval(this.#ticker);
    for (const connection of this.#connections.values()) connection.close();
    for (const waiter of this.#waiters.values()) {
      const error = new EngineError("unavailable", "the scheduler is shutting down");
      waiter.placed.reject(error);
      waiter.ended.reject(error);
    }
    await this.#pending;
  }

  /** Slots of all connected executors. */
  get slotCount(): number {
    let slots = 0;
    for (const executor of this.#state.executors.values())
      if (executor.status === "connected") slots += executor.description.slots;
    return slots;
  }

  job(jobId: string): JobState | undefined {
    return this.#state.jobs.get(jobId);
  }

  /** Whether the executor is there: not lost, and its stream not broken. */
  isConnected(executorId: string): boolean {
    const status = this.#state.executors.get(executorId)?.status;
    return status !== undefined && status !== "disconnected";
  }

  /** Where an executor's Flight server is. */
  addressOf(executorId: string): { host: string; port: number } | null {
    return this.#state.executors.get(executorId)?.description ?? null;
  }

  submit(job: JobDefinition): void {
    const waiter: Waiter = { placed: Promise.withResolvers(), ended: Promise.withResolvers() };
    // Somebody may wait for one of them only.
    waiter.placed.promise.catch(() => {});
    waiter.ended.promise.catch(() => {});
    this.#waiters.set(job.jobId, waiter);
    this.dispatch({ kind: "job_submitted", job });
  }

  /** Resolves when the places of the result are known; rejects when the job ended otherwise. */
  async placed(jobId: string): Promise<JobState> {
    return this.#waiter(jobId).placed.promise;
  }

  /** Resolves when the job finished; rejects when it failed or was cancelled. */
  async ended(jobId: string): Promise<JobState> {
    return this.#waiter(jobId).ended.promise;
  }

  #waiter(jobId: string): Waiter {
    const waiter = this.#waiters.get(jobId);
    if (waiter !== undefined) return waiter;
    throw new EngineError("not_found", `query ${jobId} is not known, or its result was freed`);
  }

  dispatch(event: SchedulerEvent): void {
    if (this.#hasFailed) return;
    const { actions } = step(this.#state, event, this.#now());
    if (actions.length > 0) this.#perform(actions);
  }

  /** Serves one executor's stream until it ends. */
  attach(connection: SchedulerSideConnection): void {
    let executorId: string | null = null;
    connection.onMessage((message) => {
      if (message.kind === "register") {
        const { executor } = message;
        if (executor.protocolVersion !== controlProtocolVersion) {
          const text = `executor ${executor.executorId} speaks control protocol ${executor.protocolVersion}, this scheduler ${controlProtocolVersion}`;
          connection.send({ kind: "refused", error: { code: "invalid_argument", message: text, details: {} } });
          connection.close();
          return;
        }
        executorId = executor.executorId;
        this.#connections.get(executorId)?.close();
        this.#connections.set(executorId, connection);
        this.#logger.log("info", "executor registered", {
          executor: executorId,
          address: `${executor.host}:${executor.port}`,
          slots: executor.slots,
        });
        this.dispatch({ ...message, kind: "executor_registered" });
      } else if (executorId !== null) {
        this.#onExecutorMessage(executorId, message);
      }
    });
    connection.onClose(() => {
      if (executorId === null || this.#connections.get(executorId) !== connection) return;
      this.#connections.delete(executorId);
      this.#logger.log("info", "executor disconnected", { executor: executorId });
      this.dispatch({ kind: "executor_disconnected", executorId });
    });
  }

  #onExecutorMessage(executorId: string, message: Exclude<ExecutorMessage, { kind: "register" }>): void {
    switch (message.kind) {
      case "heartbeat":
        return this.dispatch({ kind: "executor_heartbeat", executorId, running: message.running });
      case "task_started":
        return;
      case "task_finished":
        return this.dispatch({ ...message, executorId });
      case "task_failed":
        this.#logger.log("info", `task failed: ${message.error.message}`, {
          executor: executorId,
          job: message.task.jobId,
          code: message.error.code,
        });
        return this.dispatch({ ...message, executorId });
      case "left":
        return this.dispatch({ kind: "executor_left", executorId });
      case "result_read":
      case "result_abandoned":
        return this.dispatch(message);
      default:
        return this.dispatch({ kind: "executor_draining", executorId });
    }
  }

  #perform(actions: readonly SchedulerAction[]): void {
    if (this.#pending !== null) {
      const queued: Promise<void> = this.#orFail(this.#pending.then(() => this.#carryOut(actions))).finally(() => {
        if (this.#pending === queued) this.#pending = null;
      });
      this.#pending = queued;
      return;
    }
    const outcome = this.#carryOut(actions);
    if (outcome === undefined) return;
    const chained: Promise<void> = this.#orFail(outcome).finally(() => {
      if (this.#pending === chained) this.#pending = null;
    });
    this.#pending = chained;
  }

  /** What was not written must not be acted on, and neither what comes after it. */
  async #orFail(work: Promise<void>): Promise<void> {
    try {
      await work;
    } catch (error) {
      this.#hasFailed = true;
      this.#fail(EngineError.from(error).message);
    }
  }

  /** One write for all of the state changes, then the rest in order; a promise only if the store gave one. */
  #carryOut(actions: readonly SchedulerAction[]): void | Promise<void> {
    if (this.#hasFailed) return;
    if (this.#store.keepsNothing === true) return this.#announce(actions);
    const writes = new Map<string, StateWrite>();
    for (const action of actions) {
      if (action.kind === "save_job") {
        const job = this.#state.jobs.get(action.jobId);
        if (job !== undefined) writes.set(action.jobId, { kind: "job", key: action.jobId, value: encodeJob(job) });
      } else if (action.kind === "delete_job") {
        writes.set(action.jobId, { kind: "job", key: action.jobId, value: null });
      } else if (action.kind === "save_executor" || action.kind === "executor_lost") {
        const executor = this.#state.executors.get(action.executorId);
        const value = executor === undefined ? null : Buffer.from(JSON.stringify(executor.description));
        writes.set(`executor ${action.executorId}`, { kind: "executor", key: action.executorId, value });
      }
    }
    if (writes.size > 0) {
      const written = this.#store.write([...writes.values()]);
      if (written !== undefined) return written.then(() => this.#announce(actions));
    }
    this.#announce(actions);
  }

  #announce(actions: readonly SchedulerAction[]): void {
    for (const action of actions) {
      switch (action.kind) {
        case "send":
          this.#connections.get(action.executorId)?.send(action.message);
          break;
        case "job_placed": {
          const job = this.#state.jobs.get(action.jobId);
          if (job !== undefined) this.#waiters.get(action.jobId)?.placed.resolve(job);
          break;
        }
        case "job_ended":
          this.#onJobEnded(action.jobId);
          break;
        case "delete_job":
          this.#waiters.delete(action.jobId);
          break;
        case "executor_lost":
          this.#logger.log("warn", "executor lost", { executor: action.executorId, reason: action.reason });
          break;
        default:
      }
    }
  }

  #onJobEnded(jobId: string): void {
    const job = this.#state.jobs.get(jobId);
    const waiter = this.#waiters.get(jobId);
    if (job === undefined || waiter === undefined) return;
    this.#logger.log("debug", `query ${job.status}`, { job: jobId, ms: job.endedMs - job.submittedMs });
    if (job.status === "finished") {
      waiter.placed.resolve(job);
      waiter.ended.resolve(job);
      return;
    }
    const error = job.error === null ? new EngineError("internal", "the query failed") : fromPlainError(job.error);
    waiter.placed.reject(error);
    waiter.ended.reject(error);
  }
}
