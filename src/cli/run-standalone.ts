import { makeLogger } from "../common/logger.ts";
import { checkOptions, resolveOptions } from "./options.ts";
import { drainMs, untilSignal } from "./run-until-signal.ts";
import { startStandalone } from "./start-standalone.ts";

export async function runStandalone(parsed: Record<string, unknown>): Promise<void> {
  const options = checkOptions(resolveOptions(parsed, process.env), { port: 50050 });
  const logger = makeLogger(options.logLevel);
  const node = await startStandalone(options, logger);
  process.stdout.write(`onager scheduler listening on ${node.url}\n`);
  const signal = await untilSignal();
  logger.log("info", `${signal}: draining`);
  await node.close(drainMs);
}
