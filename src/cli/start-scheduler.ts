import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { openCatalog } from "../catalog/open-catalog.ts";
import { EngineError } from "../common/engine-error.ts";
import type { Logger } from "../common/logger.ts";
import { defaultLimits } from "../scheduler/core/cluster-state.ts";
import { Scheduler } from "../scheduler/scheduler.ts";
import { loadParser } from "../sql/parse.ts";
import { NoStore } from "../state/no-store.ts";
import { SqliteStore } from "../state/sqlite-store.ts";
import type { StateStore } from "../state/state-store.ts";
import type { NodeOptions } from "./options.ts";

/** A scheduler on its catalog and store, not listening yet. Throws for folders and stores that cannot be used. */
export async function startScheduler(
  options: NodeOptions,
  logger: Logger,
  store: StateStore = openStore(options),
): Promise<Scheduler> {
  const [catalog] = await Promise.all([
    openCatalog({ dataDirs: options.dataDirs, tables: options.tables }),
    loadParser(),
  ]);
  for (const { name, error } of catalog.problems) logger.log("warn", `table ${name} cannot be used: ${error.message}`);
  const scheduler = new Scheduler({ catalog, store, limits: defaultLimits, logger });
  await scheduler.start();
  return scheduler;
}

function openStore(options: NodeOptions): StateStore {
  const state = options.state;
  if (state === "memory") return new NoStore();
  if (state === null) {
    mkdirSync(options.workDirectory, { recursive: true });
    return new SqliteStore(join(options.workDirectory, `scheduler-${options.port}.sqlite`));
  }
  if (state.startsWith("sqlite:")) return new SqliteStore(state.slice("sqlite:".length));
  throw new EngineError(
    "invalid_argument",
    `--state: "${state}" must be sqlite:PATH, memory, or of several schedulers etcd://HOST:PORT/PREFIX`,
  );
}
