import { parentPort, workerData, type MessagePort } from "node:worker_threads";
import { must } from "../common/assert.ts";
import { TaskRunner } from "./run-task.ts";
import type { FromWorker, SlotOptions, ToWorker } from "./worker-protocol.ts";

/** Entry of a slot's thread: idle in the event loop, busy in one synchronous run at a time. */
const { options, dataPort } = workerData as { options: SlotOptions; dataPort: MessagePort };
const port = must(parentPort, "a slot runs as a worker thread");
const post = (message: FromWorker): void => port.postMessage(message);
const runner = new TaskRunner(options, dataPort, post);

port.on("message", (message: ToWorker) => {
  runner.run(message);
});
post({ kind: "ready" });
