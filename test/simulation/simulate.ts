import assert from "node:assert/strict";
import type { ErrorCode } from "../../src/common/engine-error.ts";
import type { JobDefinition } from "../../src/scheduler/core/event.ts";
import { expectedRows, locate, SimulatedExecutor, SimulatedScheduler, SimulatedStore } from "./simulated-cluster.ts";
import { SimulatedTime, type Random } from "./simulated-time.ts";

export type Outcome = {
  readonly faults: Readonly<Record<FaultKind, number>>;
  readonly right: number;
  readonly failed: ReadonlyMap<ErrorCode, number>;
  /** Tasks given out, and the least that would have done. */
  readonly launches: number;
  readonly tasks: number;
};

type FaultKind = "executor killed" | "stream broken" | "scheduler killed" | "leader deposed";

const faultsEndMs = 20_000;
const endMs = 900_000;

/** One history of a cluster with faults at random moments, decided by the seed. Throws where an invariant breaks. */
export function simulate(seed: number): Outcome {
  return new Simulation(seed).run();
}

class Simulation {
  readonly #time: SimulatedTime;
  readonly #store = new SimulatedStore();
  readonly #cluster: { executors: Map<string, SimulatedExecutor>; failureRate: number };
  readonly #faults: Record<FaultKind, number> = {
    "executor killed": 0,
    "stream broken": 0,
    "scheduler killed": 0,
    "leader deposed": 0,
  };
  readonly #failed = new Map<ErrorCode, number>();
  readonly #jobs: JobDefinition[] = [];
  #leader: SimulatedScheduler | null = null;
  #right = 0;
  #open = 0;
  #nextExecutor = 0;

  constructor(seed: number) {
    this.#time = new SimulatedTime(seed);
    const { random } = this.#time;
    this.#cluster = { executors: new Map(), failureRate: random.pick([0, 0, 0.02, 0.1])! };
    this.#leader = new SimulatedScheduler(this.#time, this.#store);
    for (let count = random.between(1, 4); count > 0; count--) this.#addExecutor();
    for (let number = random.between(1, 5); number > 0; number--) {
      const job = makeJob(`j${number}`, random);
      this.#jobs.push(job);
      this.#open++;
      this.#time.after(random.between(0, 8_000), () => this.#submit(job));
    }
    for (let count = random.between(0, 12); count > 0; count--)
      this.#time.after(random.between(0, faultsEndMs), () => this.#fault());
  }

  run(): Outcome {
    this.#time.run(endMs, () => this.#open === 0);
    assert.equal(this.#open, 0, "every query ends");
    // Results that were read, and all else that was kept, go in time; a last heartbeat has come by then.
    this.#cluster.failureRate = 0;
    this.#time.run(this.#time.nowMs + 400_000);
    assert.equal(this.#leader!.state.jobs.size, 0, "the scheduler forgets what ended");
    assert.equal(this.#store.jobs.size, 0, "and so does the store");
    let launches = 0;
    for (const executor of this.#cluster.executors.values()) {
      launches += executor.launches;
      if (!executor.alive) continue;
      assert.deepEqual([...executor.jobs.keys()], [], `${executor.description.executorId} frees all data`);
      const known = this.#leader!.state.executors.get(executor.description.executorId);
      assert.equal(known?.status, "connected", "living executors are there");
      assert.equal(known.running.size, 0, "and run nothing");
    }
    const tasks = this.#jobs.flatMap((job) => job.stages.map((stage) => stage.tasks.length)).reduce((a, b) => a + b, 0);
    return { faults: this.#faults, right: this.#right, failed: this.#failed, launches, tasks };
  }

  #addExecutor(): void {
    const name = `e${this.#nextExecutor++}`;
    const slots = this.#time.random.between(1, 3);
    const connect = (): SimulatedScheduler | null => (this.#leader?.alive === true ? this.#leader : null);
    this.#cluster.executors.set(name, new SimulatedExecutor(this.#time, this.#cluster, name, slots, connect));
  }

  #fault(): void {
    const { random } = this.#time;
    const kind = random.pick(Object.keys(this.#faults) as FaultKind[])!;
    this.#faults[kind]++;
    const living = [...this.#cluster.executors.values()].filter((executor) => executor.alive);
    switch (kind) {
      case "executor killed":
        random.pick(living)?.kill();
        this.#time.after(random.between(100, 10_000), () => this.#addExecutor());
        return;
      case "stream broken":
        random.pick(living)?.disconnect();
        return;
      case "scheduler killed":
        this.#leader?.stop();
        this.#leader = null;
        this.#time.after(random.between(100, 4_000), () => this.#elect());
        return;
      default:
        // The old one does not know yet: its streams live on for a while, only its writes are refused.
        this.#elect();
    }
  }

  #elect(): void {
    if (this.#leader?.alive === true) {
      const deposed = this.#leader;
      this.#time.after(this.#time.random.between(0, 3_000), () => deposed.stop());
    }
    this.#leader = new SimulatedScheduler(this.#time, this.#store);
  }

  /** A client: submits again while nobody has acknowledged the query, then reads it until it has all. */
  #submit(job: JobDefinition): void {
    const leader = this.#leader;
    if (leader?.alive !== true) return this.#time.after(100, () => this.#submit(job));
    leader.dispatch({ kind: "job_submitted", job });
    const acknowledged = leader.alive && this.#store.jobs.has(job.jobId);
    if (!acknowledged) return this.#time.after(100, () => this.#submit(job));
    const rows: (string | null)[] = job.stages.at(-1)!.tasks.map(() => null);
    this.#follow(job, rows);
  }

  #follow(job: JobDefinition, rows: (string | null)[]): void {
    const again = (): void => this.#time.after(this.#time.random.between(20, 200), () => this.#follow(job, rows));
    const leader = this.#leader;
    if (leader?.alive !== true) return again();
    const known = leader.state.jobs.get(job.jobId);
    if (known === undefined) {
      // A client that has seen the store refuse nothing cannot lose an acknowledged query.
      assert.ok(!this.#store.jobs.has(job.jobId), "a leader knows all that the store does");
      assert.fail(`query ${job.jobId} was acknowledged, and is lost`);
    }
    if (known.status === "failed" || known.status === "cancelled") {
      const code = known.error!.code;
      this.#failed.set(code, (this.#failed.get(code) ?? 0) + 1);
      this.#open--;
      return;
    }
    for (const [position, row] of rows.entries()) if (row === null) rows[position] = this.#read(leader, job, position);
    if (rows.includes(null)) return again();
    assert.deepEqual(rows, expectedRows(job), "the rows are right");
    this.#right++;
    this.#open--;
  }

  #read(leader: SimulatedScheduler, job: JobDefinition, position: number): string | null {
    const place = locate(leader, job.jobId, position);
    if (place === null) return null;
    const executor = this.#cluster.executors.get(place.executorId);
    try {
      const row = executor?.read(place) ?? null;
      if (row !== null) executor!.tellRead(place);
      return row;
    } catch {
      return null;
    }
  }
}

/** A random tree of stages that ends in a result. */
function makeJob(jobId: string, random: Random): JobDefinition {
  const count = random.between(1, 5);
  const stages: JobDefinition["stages"][number][] = [];
  const unread = new Set<number>();
  for (let stageId = 0; stageId < count; stageId++) {
    const isLast = stageId === count - 1;
    const inputs = [...unread].filter(() => isLast || random.chance(0.6));
    for (const input of inputs) unread.delete(input);
    unread.add(stageId);
    const tasks = Array.from({ length: random.between(1, 4) }, () => ({ splits: [] }));
    const sinkKind = isLast ? "result" : random.pick(["hash", "single"] as const)!;
    stages.push({ stageId, plan: Buffer.from([stageId]), sinkKind, inputs, tasks });
  }
  return { jobId, stages, retryPolicy: random.pick(["stage", "stage", "query"] as const)! };
}
