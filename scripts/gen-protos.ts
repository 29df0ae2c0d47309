/**
 * Turns `protos/*.proto` into src/gen/protos.ts: the descriptors as JSON for protobufjs's light reflection, one
 * TypeScript type per message, and the enums. Run: `node scripts/gen-protos.ts [OUTPUT_FOLDER]`.
 */
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import protobuf from "protobufjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));

const scalarTypes: Readonly<Record<string, string>> = {
  double: "number",
  float: "number",
  int32: "number",
  uint32: "number",
  sint32: "number",
  fixed32: "number",
  sfixed32: "number",
  int64: "number",
  uint64: "number",
  sint64: "number",
  fixed64: "number",
  sfixed64: "number",
  bool: "boolean",
  string: "string",
  bytes: "Uint8Array",
};

function typeNameOf(type: protobuf.ReflectionObject): string {
  const path = type.fullName.replace(/^\./, "").split(".");
  return path.filter((part) => /^[A-Z]/.test(part)).join("");
}

/** Messages that two packages share a name for (none today) would collide; caught here rather than by the reader. */
function assertUnique(names: readonly string[]): void {
  const seen = new Set<string>();
  for (const name of names) {
    if (seen.has(name)) throw new Error(`two messages are called ${name}`);
    seen.add(name);
  }
}

function fieldType(field: protobuf.Field): string {
  field.resolve();
  if (field.resolvedType instanceof protobuf.Enum) return "number";
  if (field.resolvedType !== null) return typeNameOf(field.resolvedType);
  const scalar = scalarTypes[field.type];
  if (scalar === undefined) throw new Error(`no TypeScript type for ${field.type}`);
  return scalar;
}

function fieldLine(field: protobuf.Field): string {
  const type = fieldType(field);
  if (field instanceof protobuf.MapField) return `  readonly ${field.name}: Readonly<Record<string, ${type}>>;`;
  if (field.repeated) return `  readonly ${field.name}: readonly ${type}[];`;
  // Messages and members of a oneof (which is what `optional` makes) are absent, not default, when not set.
  const optional = field.resolvedType instanceof protobuf.Type || field.partOf !== null;
  return optional ? `  readonly ${field.name}?: ${type} | undefined;` : `  readonly ${field.name}: ${type};`;
}

function collect(namespace: protobuf.NamespaceBase, messages: protobuf.Type[], enums: protobuf.Enum[]): void {
  for (const nested of namespace.nestedArray) {
    if (nested instanceof protobuf.Type) messages.push(nested);
    if (nested instanceof protobuf.Enum) enums.push(nested);
    if (nested instanceof protobuf.Namespace) collect(nested, messages, enums);
  }
}

function render(proto: protobuf.Root): string {
  const messages: protobuf.Type[] = [];
  const enums: protobuf.Enum[] = [];
  collect(proto, messages, enums);
  assertUnique([...messages, ...enums].map(typeNameOf));
  const lines = [
    "// Made by scripts/gen-protos.ts from protos/; do not edit.",
    "// 64-bit integers are numbers: exact up to 2^53, which row counts and byte sizes stay below.",
    "",
  ];
  for (const message of messages) {
    const fields = message.fieldsArray.map(fieldLine);
    lines.push(
      `export type ${typeNameOf(message)} = ${fields.length === 0 ? "Readonly<Record<never, never>>" : `{\n${fields.join("\n")}\n}`};`,
      "",
    );
  }
  for (const one of enums) {
    const values = Object.entries(one.values).map(([name, value]) => `  ${name}: ${value},`);
    lines.push(`export const ${typeNameOf(one)} = {\n${values.join("\n")}\n} as const;`, "");
  }
  lines.push("/** Message types by full name. */", "export type ProtoMessages = {");
  for (const message of messages) lines.push(`  ${JSON.stringify(message.fullName.slice(1))}: ${typeNameOf(message)};`);
  lines.push("};", "", "/** For protobuf.Root.fromJSON. */");
  lines.push(`export const protoDescriptor = ${JSON.stringify(proto.toJSON({ keepComments: false }), null, 2)};`, "");
  return lines.join("\n");
}

function main(outputFolder: string): void {
  const folder = join(root, "protos");
  const proto = new protobuf.Root();
  proto.resolvePath = (_origin, target) =>
    target.startsWith("google/") ? target : join(folder, target.split("/").at(-1) ?? target);
  const files = readdirSync(folder)
    .filter((name) => name.endsWith(".proto"))
    .sort();
  // Synchronous, because the order of loading is the order of the output.
  proto.loadSync(files.map((name) => join(folder, name)));
  proto.resolveAll();
  mkdirSync(outputFolder, { recursive: true });
  writeFileSync(join(outputFolder, "protos.ts"), render(proto));
}

main(process.argv[2] ?? join(root, "src", "gen"));
