import { execFile, execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);

const version = "18.3.0";
const jarName = `flight-sql-jdbc-driver-${version}.jar`;
const jarUrl = `https://repo1.maven.org/maven2/org/apache/arrow/flight-sql-jdbc-driver/${version}/${jarName}`;
const cache = fileURLToPath(new URL("../../.cache/clients/jdbc", import.meta.url));
const source = fileURLToPath(new URL("../clients/java/JdbcClient.java", import.meta.url));

/** For `java -cp`: the driver, and the compiled client. */
export const jdbcClassPath = `${cache}:${join(cache, jarName)}`;

export function hasJava(): boolean {
  try {
    execFileSync("javac", ["-version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

/** Fetches Arrow's JDBC driver from Maven Central, and compiles the client, unless both are there. */
export async function ensureJdbcClient(): Promise<void> {
  mkdirSync(cache, { recursive: true });
  const jar = join(cache, jarName);
  if (!existsSync(jar)) {
    const [bytes, expected] = await Promise.all([download(jarUrl), download(`${jarUrl}.sha1`)]);
    const actual = createHash("sha1").update(bytes).digest("hex");
    if (!expected.toString().startsWith(actual)) throw new Error(`${jarUrl} did not arrive whole`);
    writeFileSync(`${jar}.part`, bytes);
    renameSync(`${jar}.part`, jar);
  }
  const stamp = join(cache, "JdbcClient.sha1");
  const digest = createHash("sha1").update(readFileSync(source)).digest("hex");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === digest) return;
  await run("javac", ["-d", cache, source]);
  writeFileSync(stamp, digest);
}

/** Runs the client with connection properties; gives what it printed by name. */
export async function runJdbcClient(
  url: string,
  properties: Readonly<Record<string, string>>,
): Promise<ReadonlyMap<string, readonly unknown[]>> {
  const { host } = new URL(url.replace(/^grpc\+?\w*/, "http"));
  const arguments_ = Object.entries(properties).flat();
  const opened = "--add-opens=java.base/java.nio=ALL-UNNAMED";
  const { stdout } = await run(
    "java",
    [opened, "-cp", jdbcClassPath, "JdbcClient", `jdbc:arrow-flight-sql://${host}`, ...arguments_],
    { timeout: 60_000 },
  );
  const results = new Map<string, readonly unknown[]>();
  for (const line of stdout.split("\n")) {
    if (!line.startsWith("{")) continue;
    const { name, values } = JSON.parse(line) as { name: string; values: unknown[] };
    results.set(name, values);
  }
  return results;
}

async function download(url: string): Promise<Buffer> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url}: ${response.status}`);
  return Buffer.from(await response.arrayBuffer());
}
