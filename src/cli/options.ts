import { readFileSync } from "node:fs";
import { availableParallelism, freemem, tmpdir, totalmem } from "node:os";
import { join } from "node:path";
import { Option, type Command } from "commander";
import { EngineError } from "../common/engine-error.ts";
import { logLevels, type LogLevel } from "../common/logger.ts";
import { parseByteSize } from "./memory-size.ts";
import type { SecurityOptions } from "./node-security.ts";

/** One setting: a flag, the environment variable ONAGER_<NAME>, and a key of the configuration file. */
export type OptionName =
  | "host"
  | "port"
  | "advertise-host"
  | "data-dir"
  | "table"
  | "slots"
  | "memory"
  | "work-dir"
  | "disk"
  | "log-level"
  | "scheduler"
  | "state"
  | SecurityOptionName;

type SecurityOptionName =
  | "tls-cert"
  | "tls-key"
  | "tls-ca"
  | "tls-client-ca"
  | "users"
  | "secret-file"
  | "jwt-issuer"
  | "jwt-audience"
  | "jwt-jwks";

type Definition = { readonly flags: string; readonly description: string; readonly repeatable?: true };

const definitions: Readonly<Record<OptionName, Definition>> = {
  host: { flags: "--host <host>", description: "address to listen on (default 127.0.0.1)" },
  port: {
    flags: "--port <port>",
    description: "port to listen on, 0 = any free one (default: scheduler 50050, executor 50051)",
  },
  "advertise-host": {
    flags: "--advertise-host <host>",
    description: "name under which clients and other nodes reach this one (default: --host)",
  },
  "data-dir": {
    flags: "--data-dir <dir>",
    description: "each subfolder with Parquet files, or single file, is a table (repeatable)",
    repeatable: true,
  },
  table: {
    flags: "--table <name=path>",
    description: "one table: a Parquet file, a folder or a glob (repeatable)",
    repeatable: true,
  },
  slots: { flags: "--slots <n>", description: "tasks that run at once (default: cores)" },
  memory: {
    flags: "--memory <size>",
    description: "memory of one executor, like 4GB (default: 60 % of the machine's)",
  },
  "work-dir": {
    flags: "--work-dir <dir>",
    description: "folder for spilled data (default: a folder in the system's temporary one)",
  },
  disk: { flags: "--disk <size>", description: "most bytes in the work folder (default 100GB)" },
  "log-level": { flags: "--log-level <level>", description: `one of ${logLevels.join(", ")} (default info)` },
  scheduler: {
    flags: "--scheduler <host:port,…>",
    description: "the scheduler to join; of several, separated by commas, the one that leads",
  },
  "tls-cert": { flags: "--tls-cert <file>", description: "certificate of this node (PEM); turns on TLS everywhere" },
  "tls-key": { flags: "--tls-key <file>", description: "private key of the certificate (PEM)" },
  "tls-ca": {
    flags: "--tls-ca <file>",
    description: "authorities that sign the other nodes' certificates (default: the system's)",
  },
  "tls-client-ca": {
    flags: "--tls-client-ca <file>",
    description: "accept only clients and nodes with a certificate of these authorities",
  },
  users: { flags: "--users <file>", description: "JSON file of users and roles; everyone has to log in then" },
  "secret-file": {
    flags: "--secret-file <file>",
    description: "secret that the cluster's nodes share: signs tickets and tokens, and lets executors join",
  },
  "jwt-issuer": { flags: "--jwt-issuer <text>", description: "accept bearer tokens (JWT) of this issuer" },
  "jwt-audience": { flags: "--jwt-audience <text>", description: "audience that those tokens must name" },
  "jwt-jwks": { flags: "--jwt-jwks <file|url>", description: "the issuer's public keys (JSON Web Key Set)" },
  state: {
    flags: "--state <store>",
    description:
      "where the scheduler keeps its state: sqlite:PATH, etcd://HOST:PORT,HOST:PORT/PREFIX or memory (default: a file in the work folder)",
  },
};

/** The options of every node that decide who may do what. */
export const securityOptionNames: readonly SecurityOptionName[] = [
  "tls-cert",
  "tls-key",
  "tls-ca",
  "tls-client-ca",
  "users",
  "secret-file",
  "jwt-issuer",
  "jwt-audience",
  "jwt-jwks",
];

export type RawOptions = { readonly [name in OptionName]?: string | string[] };

const camelCase = (name: string): string => name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());

/** Adds options (and --config) to a command. Their environment variables are read in `resolveOptions`. */
export function addOptions(command: Command, names: readonly OptionName[]): Command {
  for (const name of names) {
    const { flags, description, repeatable } = definitions[name];
    const option = new Option(flags, `${description} [ONAGER_${name.toUpperCase().replaceAll("-", "_")}]`);
    if (repeatable) option.argParser((value: string, previous: string[] | undefined) => [...(previous ?? []), value]);
    command.addOption(option);
  }
  return command.option("--config <file>", "JSON file with any of these settings by their long names [ONAGER_CONFIG]");
}

/** Flags win over the environment, that over the configuration file. */
export function resolveOptions(parsed: Record<string, unknown>, environment: NodeJS.ProcessEnv): RawOptions {
  const configPath = (parsed["config"] as string | undefined) ?? environment["ONAGER_CONFIG"];
  const config = configPath === undefined ? {} : readConfig(configPath);
  const resolved: { [name in OptionName]?: string | string[] } = {};
  for (const name of Object.keys(definitions) as OptionName[]) {
    const flag = parsed[camelCase(name)] as string | string[] | undefined;
    const variable = environment[`ONAGER_${name.toUpperCase().replaceAll("-", "_")}`];
    const fromEnvironment =
      variable === undefined ? undefined : definitions[name].repeatable ? variable.split(",") : variable;
    const value = flag ?? fromEnvironment ?? config[name];
    if (value !== undefined) resolved[name] = value;
  }
  return resolved;
}

function readConfig(path: string): RawOptions {
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    throw new EngineError(
      "invalid_argument",
      `cannot read the configuration file ${path}: ${(error as Error).message}`,
      { file: path },
    );
  }
  if (typeof content !== "object" || content === null || Array.isArray(content)) {
    throw new EngineError("invalid_argument", `the configuration file ${path} must hold one JSON object`, {
      file: path,
    });
  }
  const config: Record<string, string | string[]> = {};
  for (const [name, value] of Object.entries(content)) {
    if (!Object.hasOwn(definitions, name))
      throw new EngineError("invalid_argument", `unknown setting "${name}" in ${path}`, { file: path });
    config[name] = Array.isArray(value) ? value.map(String) : String(value);
  }
  return config as RawOptions;
}

/** Settings of a node, checked. */
export type NodeOptions = {
  readonly host: string;
  readonly port: number;
  readonly advertiseHost: string;
  readonly dataDirs: readonly string[];
  readonly tables: readonly { readonly name: string; readonly pathOrGlob: string }[];
  readonly slots: number;
  readonly memoryBytes: number;
  readonly workDirectory: string;
  readonly diskBytes: number;
  readonly logLevel: LogLevel;
  /** Of an executor: the schedulers to ask; empty for none. */
  readonly schedulers: readonly { readonly host: string; readonly port: number }[];
  readonly state: string | null;
  readonly security?: SecurityOptions;
};

export function checkOptions(raw: RawOptions, defaults: { port: number }): NodeOptions {
  const text = (name: OptionName): string | undefined => raw[name] as string | undefined;
  const host = text("host") ?? "127.0.0.1";
  const advertiseHost = text("advertise-host") ?? host;
  if (advertiseHost === "0.0.0.0" || advertiseHost === "::") {
    throw new EngineError(
      "invalid_argument",
      `clients cannot reach ${advertiseHost}: give the node's name with --advertise-host`,
    );
  }
  const logLevel = text("log-level") ?? "info";
  if (!logLevels.includes(logLevel as LogLevel)) {
    throw new EngineError("invalid_argument", `--log-level: "${logLevel}" is none of ${logLevels.join(", ")}`);
  }
  const slots = wholeNumber(text("slots"), "--slots", 1, 1024) ?? availableParallelism();
  const scheduler = text("scheduler");
  const memory = text("memory");
  const memoryBytes =
    memory === undefined ? Math.floor(Math.min(totalmem() * 0.6, freemem() * 0.8)) : parseByteSize(memory, "--memory");
  if (memoryBytes < slots * 64 * 1024 ** 2) {
    throw new EngineError("invalid_argument", `--memory: ${slots} slots need at least ${slots * 64}MiB`);
  }
  return {
    host,
    port: wholeNumber(text("port"), "--port", 0, 65535) ?? defaults.port,
    advertiseHost,
    dataDirs: asList(raw["data-dir"]),
    tables: asList(raw.table).map(parseTable),
    slots,
    memoryBytes,
    workDirectory: text("work-dir") ?? join(tmpdir(), `onager-${process.getuid?.() ?? "work"}`),
    diskBytes: parseByteSize(text("disk") ?? "100GB", "--disk"),
    logLevel: logLevel as LogLevel,
    schedulers:
      scheduler === undefined ? [] : scheduler.split(",").map((one) => parseAddress(one.trim(), "--scheduler")),
    state: text("state") ?? null,
    security: checkSecurity(text),
  };
}

function checkSecurity(text: (name: OptionName) => string | undefined): SecurityOptions {
  const paths = {
    certificate: text("tls-cert"),
    key: text("tls-key"),
    authorities: text("tls-ca"),
    clientAuthorities: text("tls-client-ca"),
  };
  const [issuer, audience, jwks] = [text("jwt-issuer"), text("jwt-audience"), text("jwt-jwks")];
  const given = [issuer, audience, jwks].filter((value) => value !== undefined).length;
  if (given !== 0 && given !== 3)
    throw new EngineError("invalid_argument", "--jwt-issuer, --jwt-audience and --jwt-jwks go together");
  return {
    tls: Object.fromEntries(Object.entries(paths).filter(([, path]) => path !== undefined)),
    usersFile: text("users") ?? null,
    secretFile: text("secret-file") ?? null,
    jwt: issuer === undefined || audience === undefined || jwks === undefined ? null : { issuer, audience, jwks },
  };
}

function asList(value: string | string[] | undefined): string[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? value : [value];
}

function parseTable(text: string): { name: string; pathOrGlob: string } {
  const at = text.indexOf("=");
  if (at <= 0 || at === text.length - 1)
    throw new EngineError("invalid_argument", `--table: "${text}" must be NAME=PATH_OR_GLOB`);
  return { name: text.slice(0, at), pathOrGlob: text.slice(at + 1) };
}

export function parseAddress(text: string, what: string): { host: string; port: number } {
  const match = /^(?:grpc(?:\+tcp)?:\/\/)?(\[[^\]]+\]|[^:/]+):(\d+)$/.exec(text);
  if (match === null) throw new EngineError("invalid_argument", `${what}: "${text}" must be HOST:PORT`);
  return { host: match[1]!.replace(/^\[|\]$/g, ""), port: Number(match[2]) };
}

function wholeNumber(text: string | undefined, what: string, min: number, max: number): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < min || value > max) {
    throw new EngineError("invalid_argument", `${what}: "${text}" is no whole number from ${min} to ${max}`);
  }
  return value;
}
