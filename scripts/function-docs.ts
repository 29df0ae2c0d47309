import { aggregateNames } from "../src/expr/aggregate-registry.ts";
import { functionNames } from "../src/expr/function-registry.ts";
import { windowFunctionNames } from "../src/expr/window-registry.ts";
import { parseSlt } from "../test/support/slt-file.ts";

type Example = {
  readonly group: string;
  readonly names: readonly string[];
  readonly description: string;
  readonly sql: string;
  readonly result: string;
};

/** Names that plans hold for operators, and functions that only stand for other syntax. */
const internalNames = new Set(
  (
    "add subtract multiply divide modulo negate not eq ne lt le gt ge is_null is_not_null is_true is_not_true is_false is_not_false " +
    "is_unknown is_not_unknown is_distinct_from is_not_distinct_from like_escape similar_to_escape substring_pattern sample_of " +
    "json_text to_date_format to_timestamp_format to_timestamp_epoch || | regexp_match regexp_matches regexp_split_to_array string_to_array"
  ).split(" "),
);

/** The examples in test/slt/function/examples.slt, which the SQL logic tests run: a comment before each says what it shows. */
function parseExamples(text: string): readonly Example[] {
  const lines = text.split("\n");
  return parseSlt(text, "examples.slt").flatMap((record): readonly Example[] => {
    if (record.kind !== "query") return [];
    let at = record.line - 2;
    while (at >= 0 && !lines[at]!.startsWith("#")) at -= 1;
    const [group, names, description] = lines[at]!.slice(1)
      .split("|")
      .map((part) => part.trim());
    const result = record.rows?.[0]?.[0] ?? "NULL";
    return [{ group: group!, names: names!.split(" "), description: description!, sql: record.sql, result }];
  });
}

/** The registry's functions that no example names. */
export function namesWithoutExample(text: string): readonly string[] {
  const shown = new Set(parseExamples(text).flatMap(({ names }) => names.map((name) => name.replaceAll("∣", "|"))));
  const all = new Set([...functionNames(), ...aggregateNames(), ...windowFunctionNames()]);
  return [...all].filter((name) => !shown.has(name) && !internalNames.has(name)).toSorted();
}

/** The table of all functions as Markdown. */
export function functionDocs(text: string): string {
  const groups = new Map<string, Example[]>();
  for (const example of parseExamples(text)) groups.set(example.group, [...(groups.get(example.group) ?? []), example]);
  const count = new Set(parseExamples(text).flatMap(({ names }) => names)).size;
  const sections = [...groups].map(([group, examples]) => {
    const rows = examples.map(({ names, description, sql, result }) => {
      const call = sql
        .replace(/^select /, "")
        .replace(/ from \(values .*$/, "")
        .replaceAll("\n", " ");
      return `| ${names.map(code).join(", ")} | ${description} | ${code(call)} | ${code(result)} |`;
    });
    return [
      `## ${group}`,
      "",
      "| Function | What it gives | Example | Result |",
      "| --- | --- | --- | --- |",
      ...rows,
    ].join("\n");
  });
  return `# Functions

Made by \`npm run docs:functions\` from the registry and from test/slt/function/examples.slt, whose examples the tests run.
${count} names; aggregates in the examples are over the rows (1, 'x'), (2, 'y'), (5, 'y') of a table with the columns a and b.

${sections.join("\n\n")}
`;
}

/** A bar would end the table's cell. */
function code(text: string): string {
  return `\`${text.replaceAll("|", "\\|").replaceAll("∣", "\\|")}\``;
}
