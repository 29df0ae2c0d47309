import type { Node } from "libpg-query";
import { must } from "../common/assert.ts";
import { EngineError, type TextSpan } from "../common/engine-error.ts";
import type { Identifier } from "./ast.ts";
import { tokenSpan } from "./prepare-text.ts";

/** What the conversion of one statement's parse tree needs: its text and the way from parser locations to spans. */
export type ConvertContext = {
  readonly sql: string;
  /** The whole statement, for nodes that the parser gives no location. */
  readonly statement: TextSpan;
  /** The client's offset for a UTF-8 byte offset of the parser's. */
  readonly offsetOf: (location: number) => number;
};

/** The token at a parser location: absent means 0 in the parser's JSON, negative means unknown. */
export function spanAt(context: ConvertContext, location: number | undefined): TextSpan {
  if (location !== undefined && location < 0) return context.statement;
  return tokenSpan(context.sql, context.offsetOf(location ?? 0));
}

export function unsupported(what: string, span: TextSpan): EngineError {
  return new EngineError("feature_not_supported", `${what} not supported`, { span });
}

/** The text of a String node. */
export function textOf(node: Node): string {
  return "String" in node ? (node.String.sval ?? "") : "";
}

export function textsOf(nodes: readonly Node[] | undefined): readonly string[] {
  return (nodes ?? []).map(textOf);
}

/** Names in a list, for which the parser keeps no places of their own. */
export function identifiersOf(nodes: readonly Node[] | undefined, span: TextSpan): readonly Identifier[] {
  return textsOf(nodes).map((name) => ({ name, span }));
}

/** The kind of a node and its content. */
export function tagOf(node: Node): string {
  return must(Object.keys(node)[0], "a parse tree node has a kind");
}
