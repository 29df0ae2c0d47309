import assert from "node:assert/strict";
import { newClusterState, type JobState } from "../../src/scheduler/core/cluster-state.ts";
import { step } from "../../src/scheduler/core/step.ts";
import { decodeJob, encodeJob } from "../../src/scheduler/encode-job.ts";

describe("encodeJob()", () => {
  it("keeps a running job, its bytes and its open deadlines", () => {
    const { state } = step(
      newClusterState(),
      {
        kind: "job_submitted",
        job: {
          jobId: "j",
          stages: [
            {
              stageId: 0,
              plan: new Uint8Array([0, 255, 7]),
              sinkKind: "hash",
              inputs: [],
              tasks: [{ splits: [{ scanId: 1, splits: [] }] }],
            },
            { stageId: 1, plan: new Uint8Array(), sinkKind: "result", inputs: [0], tasks: [{ splits: [] }] },
          ],
        },
      },
      5,
    );
    const job = state.jobs.get("j")!;
    assert.equal(job.releaseAtMs, Infinity);
    assert.deepEqual(decodeJob(encodeJob(job)), job);
  });

  it("keeps plans that are Buffers", () => {
    const job = { plan: Buffer.from([1, 2, 255]) } as unknown as JobState;
    assert.deepEqual(decodeJob(encodeJob(job)), { plan: new Uint8Array([1, 2, 255]) });
  });

  it("refuses a record of another format", () => {
    const bytes = Buffer.from(JSON.stringify({ formatVersion: 999, job: {} }));
    assert.throws(() => decodeJob(bytes), /format 999/);
  });
});
