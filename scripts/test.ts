/**
 * Runs every gate in order, cheap ones first, and ends with the line `N passed, N failed` (with `, N skipped` when some
 * were). A gate that is not a mocha run counts as one test. A failing gate does not stop the later ones, so that one run
 * tells everything. `--only unit,slt` runs just those gates.
 */
import { spawn } from "node:child_process";
import { globSync } from "node:fs";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

type Count = { passed: number; failed: number; skipped: number };
type Gate = {
  readonly name: string;
  readonly command: readonly string[];
  /** Mocha runs report how many of their tests passed; any other command is one test. */
  readonly isMocha: boolean;
};

const root = fileURLToPath(new URL("../", import.meta.url));
const ownGates = ["slt", "golden", "cluster", "clients"];
const outputLinesMax = 200;
/** A gate that hangs fails instead of holding up the others. */
const gateTimeoutMs = 10 * 60_000;

function mochaGate(name: string, files: readonly string[]): Gate[] {
  const command = ["mocha", "--reporter", "dot", ...files];
  return files.length === 0 ? [] : [{ name, command, isMocha: true }];
}

function testFiles(pattern: string, excluded: readonly string[] = []): string[] {
  const files = globSync(pattern, { cwd: root }).sort();
  return files.filter((file) => !excluded.some((folder) => file.startsWith(`test/${folder}/`)));
}

const single = (name: string, ...command: string[]): Gate => ({ name, command, isMocha: false });

/** What every mocha run needs: it is part of any selection that has one. */
const kernelGate = single("kernels", "npm", "run", "--silent", "build:kernels");

function gates(): Gate[] {
  return [
    single("fmt", "npm", "run", "--silent", "fmt:check"),
    single("lint", "npm", "run", "--silent", "lint"),
    single("types", "npm", "run", "--silent", "types"),
    single("dead", "npm", "run", "--silent", "dead"),
    single("gen", "npm", "run", "--silent", "gen:check"),
    kernelGate,
    ...mochaGate("unit", testFiles("test/**/*.test.ts", ownGates)),
    ...ownGates.flatMap((name) => mochaGate(name, testFiles(`test/${name}/**/*.test.ts`))),
  ];
}

/** Runs a gate's command. Mocha's output streams; another command's is shown when it fails. */
async function run(gate: Gate): Promise<{ readonly ok: boolean; readonly output: string }> {
  const [program, ...args] = gate.command;
  const child = spawn(program!, args, { cwd: root, stdio: ["ignore", "pipe", "pipe"], timeout: gateTimeoutMs });
  let output = "";
  const take = (chunk: Buffer): void => {
    output += chunk.toString();
    if (gate.isMocha) process.stdout.write(chunk);
  };
  child.stdout.on("data", take);
  child.stderr.on("data", take);
  const exitCode = await new Promise<number>((resolve) => {
    child.on("error", (error) => {
      output += `${error.message}\n`;
      resolve(127);
    });
    child.on("close", (code, signal) => {
      if (signal !== null) output += `ended by ${signal}\n`;
      resolve(code ?? 1);
    });
  });
  return { ok: exitCode === 0, output };
}

function countOf(gate: Gate, ok: boolean, output: string): Count {
  if (!gate.isMocha) return { passed: ok ? 1 : 0, failed: ok ? 0 : 1, skipped: 0 };
  const number = (word: string): number => Number(new RegExp(`^\\s*(\\d+) ${word}\\b`, "m").exec(output)?.[1] ?? 0);
  const count = { passed: number("passing"), failed: number("failing"), skipped: number("pending") };
  // A run that died before its summary, or whose process failed afterwards, is a failure of its own.
  if (!ok && count.failed === 0) count.failed = 1;
  return count;
}

function head(text: string): string {
  const lines = text.trimEnd().split("\n");
  const rest = lines.length - outputLinesMax;
  return rest <= 0 ? lines.join("\n") : `${lines.slice(0, outputLinesMax).join("\n")}\n… ${rest} more lines`;
}

const { values } = parseArgs({ options: { only: { type: "string" }, list: { type: "boolean" } } });
const all = gates();
const wanted = values.only?.split(",");
const unknown = wanted?.filter((name) => !all.some((gate) => gate.name === name)) ?? [];
if (unknown.length > 0) {
  console.error(`no such gate: ${unknown.join(", ")} (there are ${all.map((gate) => gate.name).join(", ")})`);
  process.exit(2);
}
const selected = all.filter((gate) => wanted === undefined || wanted.includes(gate.name));
if (selected.some((gate) => gate.isMocha) && !selected.includes(kernelGate)) selected.unshift(kernelGate);
console.log(`node ${process.version}, ${availableParallelism()} cores`);

const total: Count = { passed: 0, failed: 0, skipped: 0 };
const failedGates: string[] = [];
for (const gate of selected) {
  const started = performance.now();
  if (gate.isMocha && failedGates.includes(kernelGate.name)) {
    console.log(`FAILED ${gate.name}: not run, there are no kernels`);
    failedGates.push(gate.name);
    total.failed++;
    continue;
  }
  if (gate.isMocha) console.log(`── ${gate.name}`);
  const { ok, output } = await run(gate);
  const count = countOf(gate, ok, output);
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(
    `${ok ? "ok    " : "FAILED"} ${gate.name} (${seconds} s)${gate.isMocha ? `: ${count.passed} passed, ${count.failed} failed` : ""}`,
  );
  if (!ok && !gate.isMocha) console.log(head(output));
  if (!ok) failedGates.push(gate.name);
  total.passed += count.passed;
  total.failed += count.failed;
  total.skipped += count.skipped;
}
if (failedGates.length > 0) console.log(`failed gates: ${failedGates.join(", ")}`);
console.log(`${total.passed} passed, ${total.failed} failed${total.skipped > 0 ? `, ${total.skipped} skipped` : ""}`);
process.exitCode = total.failed > 0 ? 1 : 0;
