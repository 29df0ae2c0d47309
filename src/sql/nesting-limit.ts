import { EngineError } from "../common/engine-error.ts";
import type { Token } from "./tokenize.ts";

/**
 * The parser recurses once for each level of its tree, and a stack overflow inside WebAssembly leaves the module
 * unusable for every later statement. It overflows near 4000 levels; the binder and the optimiser recurse too.
 */
const maxNesting = 1000;

const chained = new Set([
  "not",
  "is",
  "like",
  "ilike",
  "similar",
  "between",
  "in",
  "collate",
  "at",
  "isnull",
  "notnull",
]);
const joined = new Set(["join", "union", "intersect", "except"]);

/**
 * Throws feature_not_supported when the tree could be deeper than the limit. The estimate is from above: open brackets
 * (and CASEs), each with the operators since the last comma, AND or OR, and with the joins and set operations in it.
 */
export function checkNesting(sql: string, tokens: readonly Token[]): void {
  let closed = 0;
  let operators = 0;
  let joins = 0;
  const open: { readonly closed: number; readonly operators: number; readonly joins: number }[] = [];
  for (const token of tokens) {
    const text = token.end - token.start > 10 ? "" : sql.slice(token.start, token.end).toLowerCase();
    if (text === "(" || text === "[" || (text === "case" && token.kind === "word")) {
      open.push({ closed, operators, joins });
      closed += operators + joins + 1;
      operators = 0;
      joins = 0;
    } else if (text === ")" || text === "]" || (text === "end" && token.kind === "word")) {
      ({ closed, operators, joins } = open.pop() ?? { closed: 0, operators: 0, joins: 0 });
    } else if (text === "," || text === "and" || text === "or") {
      operators = 0;
    } else if (token.kind === "operator" || text === "::" || chained.has(text)) {
      operators++;
    } else if (joined.has(text)) {
      operators = 0;
      joins++;
    }
    if (closed + operators + joins > maxNesting) {
      const span = { start: token.start, end: token.end };
      throw new EngineError("feature_not_supported", `statement is nested deeper than ${maxNesting} levels`, { span });
    }
  }
}
