#!/usr/bin/env node
import { Command, CommanderError } from "commander";
import { EngineError } from "../common/engine-error.ts";
import { addOptions, securityOptionNames, type OptionName } from "./options.ts";
import type { SqlOptions } from "./run-sql.ts";
import { version } from "./version.ts";

const nodeOptions: readonly OptionName[] = [
  "host",
  "port",
  "advertise-host",
  "slots",
  "memory",
  "work-dir",
  "disk",
  "log-level",
  ...securityOptionNames,
];
const catalogOptions: readonly OptionName[] = ["data-dir", "table", "state"];

/** Usage errors, ports in use, missing folders: the user can mend them, so they get one line and this status. */
const usageStatus = 2;

const program = new Command("onager")
  .description("A distributed SQL engine over Parquet: Arrow Flight SQL in front, Arrow on every wire.")
  .version(version)
  .exitOverride()
  .configureOutput({ outputError: () => {} });

addOptions(program.command("standalone").description("one process that is scheduler and executor"), [
  ...nodeOptions,
  ...catalogOptions,
]).action(async (parsed: Record<string, unknown>) => {
  const { runStandalone } = await import("./run-standalone.ts");
  await runStandalone(parsed);
});

addOptions(program.command("scheduler").description("takes statements, plans them, gives tasks to executors"), [
  "host",
  "port",
  "advertise-host",
  "work-dir",
  "log-level",
  ...securityOptionNames,
  ...catalogOptions,
]).action(async (parsed: Record<string, unknown>) => {
  const { runScheduler } = await import("./run-scheduler.ts");
  await runScheduler(parsed);
});

addOptions(program.command("executor").description("runs tasks for a scheduler and serves their output"), [
  ...nodeOptions,
  "scheduler",
]).action(async (parsed: Record<string, unknown>) => {
  const { runExecutor } = await import("./run-executor.ts");
  await runExecutor(parsed);
});

program
  .command("sql")
  .description("a shell for SQL; with -c or -f it runs statements and ends")
  .option("--url <url>", "the server (default grpc://127.0.0.1:50050) [ONAGER_URL]")
  .option("-c, --command <sql>", "statements to run")
  .option("-f, --file <file>", "file of statements to run")
  .option("--format <format>", "table, csv or json (default table)")
  .option("--user <name>", "who logs in; the password is read from ONAGER_PASSWORD, a token from ONAGER_TOKEN")
  .option("--tls-ca <file>", "authorities to trust with a grpc+tls:// URL (default: the system's)")
  .option("--tls-cert <file>", "certificate to show, for servers that ask for one")
  .option("--tls-key <file>", "its private key")
  .action(async (parsed: SqlOptions) => {
    const { runSql } = await import("./run-sql.ts");
    process.exitCode = await runSql(parsed);
  });

program
  .command("hash-password")
  .description("reads a password from standard input, prints its hash for a users file")
  .action(async () => {
    const { runHashPassword } = await import("./run-hash-password.ts");
    await runHashPassword();
  });

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    // Help and version end through here as well, with status 0 and their text already written.
    if (error.exitCode !== 0)
      process.stderr.write(`onager: ${error.message.replace(/^error: /, "").replaceAll("\n", " ")}\n`);
    process.exitCode = error.exitCode === 0 ? 0 : usageStatus;
  } else if (error instanceof EngineError && error.code !== "internal") {
    const hint = error.details.hint === undefined ? "" : ` (${error.details.hint})`;
    process.stderr.write(`onager: ${error.message}${hint}\n`);
    process.exit(usageStatus);
  } else {
    throw error;
  }
}
