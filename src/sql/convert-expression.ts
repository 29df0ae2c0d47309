import type { A_Const, A_Expr, FuncCall, Node, SubLink } from "libpg-query";
import { must } from "../common/assert.ts";
import type { TextSpan } from "../common/engine-error.ts";
import type { Query, SqlExpression } from "./ast.ts";
import { type ConvertContext, spanAt, tagOf, textOf, textsOf, unsupported } from "./convert-context.ts";
import { convertSortItems } from "./convert-sort-items.ts";
import { convertWindow } from "./convert-window.ts";
import { convertTypeName } from "./convert-type-name.ts";

/** Queries and expressions contain each other; the query converter is handed in to keep the files apart. */
export type ExpressionConverter = {
  readonly context: ConvertContext;
  readonly convertQuery: (node: Node, span: TextSpan) => Query;
};

export function convertExpression(converter: ExpressionConverter, node: Node): SqlExpression {
  const { context } = converter;
  const convert = (child: Node | undefined): SqlExpression => convertExpression(converter, must(child, "an operand"));
  const all = (children: readonly Node[] | undefined): SqlExpression[] => (children ?? []).map(convert);
  if ("A_Const" in node) return convertConstant(context, node.A_Const);
  if ("ColumnRef" in node)
    return convertColumn(context, node.ColumnRef.fields ?? [], spanAt(context, node.ColumnRef.location));
  if ("ParamRef" in node) {
    return { kind: "parameter", index: node.ParamRef.number ?? 0, span: spanAt(context, node.ParamRef.location) };
  }
  if ("A_Expr" in node) return convertOperator(converter, node.A_Expr);
  if ("BoolExpr" in node) {
    const { boolop, args, location } = node.BoolExpr;
    const span = spanAt(context, location);
    if (boolop === "NOT_EXPR") return { kind: "not", arg: convert(args?.[0]), span };
    return { kind: boolop === "AND_EXPR" ? "and" : "or", args: all(args), span };
  }
  if ("NullTest" in node) {
    const { arg, nulltesttype, location } = node.NullTest;
    const test = nulltesttype === "IS_NULL" ? "is_null" : "is_not_null";
    return { kind: "test", test, arg: convert(arg), span: spanAt(context, location) };
  }
  if ("BooleanTest" in node) {
    const { arg, booltesttype, location } = node.BooleanTest;
    const test = must(booltesttype, "a boolean test").toLowerCase();
    return { kind: "test", test, arg: convert(arg), span: spanAt(context, location) };
  }
  if ("FuncCall" in node) return convertFunction(converter, node.FuncCall);
  if ("TypeCast" in node) {
    const { arg, typeName, location } = node.TypeCast;
    const type = convertTypeName(context, must(typeName, "a type"));
    return { kind: "cast", arg: convert(arg), type, span: location === -1 ? type.span : spanAt(context, location) };
  }
  if ("CaseExpr" in node) {
    const { arg, args, defresult, location } = node.CaseExpr;
    const branches = (args ?? []).map((branch) => {
      if (!("CaseWhen" in branch)) throw unsupported(tagOf(branch), context.statement);
      return { when: convert(branch.CaseWhen.expr), then: convert(branch.CaseWhen.result) };
    });
    const otherwise = defresult === undefined ? null : convert(defresult);
    return {
      kind: "case",
      arg: arg === undefined ? null : convert(arg),
      branches,
      otherwise,
      span: spanAt(context, location),
    };
  }
  if ("CoalesceExpr" in node) {
    return call("coalesce", all(node.CoalesceExpr.args), spanAt(context, node.CoalesceExpr.location));
  }
  if ("MinMaxExpr" in node) {
    const name = node.MinMaxExpr.op === "IS_LEAST" ? "least" : "greatest";
    return call(name, all(node.MinMaxExpr.args), spanAt(context, node.MinMaxExpr.location));
  }
  if ("SubLink" in node) return convertSubquery(converter, node.SubLink);
  if ("RowExpr" in node)
    return { kind: "row", items: all(node.RowExpr.args), span: spanAt(context, node.RowExpr.location) };
  if ("GroupingFunc" in node)
    return call("grouping", all(node.GroupingFunc.args), spanAt(context, node.GroupingFunc.location));
  if ("SQLValueFunction" in node) {
    const name = must(node.SQLValueFunction.op, "a value function")
      .replace(/^SVFOP_|_N$/g, "")
      .toLowerCase();
    return call(name, [], spanAt(context, node.SQLValueFunction.location));
  }
  throw unsupportedExpression(context, node);
}

const unsupportedKinds: Readonly<Record<string, string>> = {
  A_ArrayExpr: "arrays are",
  A_Indirection: "subscripts and fields of values are",
  CollateClause: "COLLATE is",
  NamedArgExpr: "named arguments are",
  SetToDefault: "DEFAULT in an expression is",
  XmlExpr: "XML is",
  XmlSerialize: "XML is",
};

function unsupportedExpression(context: ConvertContext, node: Node): Error {
  const tag = tagOf(node);
  const content = Object.values(node)[0] as { location?: number; arg?: Node };
  const inner = content.arg === undefined ? undefined : (Object.values(content.arg)[0] as { location?: number });
  const what = unsupportedKinds[tag] ?? (tag.startsWith("Json") ? "JSON is" : `${tag} is`);
  const location = content.location ?? inner?.location;
  return unsupported(what, location === undefined ? context.statement : spanAt(context, location));
}

function call(name: string, args: readonly SqlExpression[], span: TextSpan): SqlExpression {
  return { kind: "function", name, args, star: false, distinct: false, filter: null, span };
}

function convertConstant(context: ConvertContext, constant: A_Const): SqlExpression {
  const span = spanAt(context, constant.location);
  if (constant.isnull === true) return { kind: "null", span };
  // The parser's JSON leaves out zero, false and the empty string.
  if (constant.ival !== undefined) return { kind: "number", text: String(constant.ival.ival ?? 0), span };
  if (constant.fval !== undefined) return { kind: "number", text: constant.fval.fval ?? "0", span };
  if (constant.boolval !== undefined) return { kind: "boolean", value: constant.boolval.boolval ?? false, span };
  if (constant.sval !== undefined) return { kind: "string", value: constant.sval.sval ?? "", span };
  throw unsupported("bit strings are", span);
}

function convertColumn(context: ConvertContext, fields: readonly Node[], start: TextSpan): SqlExpression {
  const last = fields.at(-1);
  const isStar = last !== undefined && "A_Star" in last;
  const parts = (isStar ? fields.slice(0, -1) : fields).map(textOf);
  if (isStar) return { kind: "star", qualifier: parts, span: start };
  // The parser points at the first name; an error should mark all of `a.b`.
  let end = start.end;
  for (let count = 1; count < parts.length; count++) {
    const rest = /^\s*\.\s*(?:"(?:[^"]|"")*"|[^\s"().,;:+\-*/<>=~!@#%^&|`?[\]']+)/.exec(context.sql.slice(end));
    if (rest === null) break;
    end += rest[0].length;
  }
  return { kind: "column", parts, span: { start: start.start, end } };
}

function convertOperator(converter: ExpressionConverter, node: A_Expr): SqlExpression {
  const { context } = converter;
  const span = spanAt(context, node.location);
  const operator = textsOf(node.name).at(-1) ?? "";
  const convert = (child: Node | undefined): SqlExpression => convertExpression(converter, must(child, "an operand"));
  const list = (child: Node | undefined): SqlExpression[] =>
    child !== undefined && "List" in child ? (child.List.items ?? []).map(convert) : [];
  switch (node.kind) {
    case "AEXPR_OP": {
      const args = node.lexpr === undefined ? [convert(node.rexpr)] : [convert(node.lexpr), convert(node.rexpr)];
      return { kind: "operator", operator, args, span };
    }
    case "AEXPR_DISTINCT":
    case "AEXPR_NOT_DISTINCT": {
      const negated = node.kind === "AEXPR_NOT_DISTINCT";
      return { kind: "distinct_from", negated, left: convert(node.lexpr), right: convert(node.rexpr), span };
    }
    case "AEXPR_NULLIF":
      return call("nullif", [convert(node.lexpr), convert(node.rexpr)], span);
    case "AEXPR_LIKE":
    case "AEXPR_ILIKE":
      return convertLike(converter, node, operator, span);
    case "AEXPR_SIMILAR": {
      const symbol = operator.startsWith("!") ? "!~" : "~";
      return { kind: "operator", operator: symbol, args: [convert(node.lexpr), convert(node.rexpr)], span };
    }
    case "AEXPR_IN":
      return { kind: "in_list", negated: operator === "<>", arg: convert(node.lexpr), items: list(node.rexpr), span };
    case "AEXPR_BETWEEN":
    case "AEXPR_NOT_BETWEEN":
    case "AEXPR_BETWEEN_SYM":
    case "AEXPR_NOT_BETWEEN_SYM": {
      const [low, high] = list(node.rexpr);
      const bounds = { low: must(low, "a lower bound"), high: must(high, "an upper bound") };
      const negated = node.kind.startsWith("AEXPR_NOT");
      return {
        kind: "between",
        negated,
        symmetric: node.kind.endsWith("_SYM"),
        arg: convert(node.lexpr),
        ...bounds,
        span,
      };
    }
    case "AEXPR_OP_ANY":
    case "AEXPR_OP_ALL": {
      const right = must(node.rexpr, "an array");
      if (!("A_ArrayExpr" in right)) throw unsupported("ANY and ALL over an array value are", span);
      const quantifier = node.kind === "AEXPR_OP_ANY" ? "any" : "all";
      const items = (right.A_ArrayExpr.elements ?? []).map(convert);
      return { kind: "quantified_list", quantifier, operator, left: convert(node.lexpr), items, span };
    }
    default:
      throw unsupported(`${node.kind} is`, span);
  }
}

function convertLike(converter: ExpressionConverter, node: A_Expr, operator: string, span: TextSpan): SqlExpression {
  const value = convertExpression(converter, must(node.lexpr, "an operand"));
  const right = must(node.rexpr, "a pattern");
  const isEscaped = "FuncCall" in right && textsOf(right.FuncCall.funcname).join(".") === "pg_catalog.like_escape";
  const [pattern, escape] = (isEscaped ? (right.FuncCall.args ?? []) : [right]).map((part) =>
    convertExpression(converter, part),
  );
  return {
    kind: "like",
    negated: operator.startsWith("!"),
    ignoreCase: operator.endsWith("*"),
    value,
    pattern: must(pattern, "a pattern"),
    escape: escape ?? null,
    span,
  };
}

function convertFunction(converter: ExpressionConverter, node: FuncCall): SqlExpression {
  const { context } = converter;
  const span = spanAt(context, node.location);
  const names = textsOf(node.funcname);
  const name = names.at(-1) ?? "";
  if (names.length > 1 && names[0] !== "pg_catalog") throw unsupported("functions in schemas are", span);
  if (node.func_variadic === true) throw unsupported("VARIADIC is", span);
  const args = (node.args ?? []).map((arg) => convertExpression(converter, arg));
  const filter = node.agg_filter === undefined ? null : convertExpression(converter, node.agg_filter);
  return {
    kind: "function",
    name,
    args,
    star: node.agg_star ?? false,
    distinct: node.agg_distinct ?? false,
    filter,
    ...(node.agg_order === undefined
      ? {}
      : { orderBy: convertSortItems(context, node.agg_order, (part) => convertExpression(converter, part)) }),
    ...(node.agg_within_group === true ? { withinGroup: true } : {}),
    ...(node.over === undefined
      ? {}
      : { over: convertWindow(context, node.over, (part) => convertExpression(converter, part)) }),
    span,
  };
}

function convertSubquery(converter: ExpressionConverter, node: SubLink): SqlExpression {
  const span = spanAt(converter.context, node.location);
  const query = converter.convertQuery(must(node.subselect, "a subquery"), span);
  switch (node.subLinkType) {
    case "EXPR_SUBLINK":
      return { kind: "subquery", query, span };
    case "EXISTS_SUBLINK":
      return { kind: "exists", query, span };
    case "ANY_SUBLINK":
    case "ALL_SUBLINK": {
      const left = convertExpression(converter, must(node.testexpr, "an operand"));
      const operator = textsOf(node.operName).at(-1) ?? "=";
      return {
        kind: "quantified",
        quantifier: node.subLinkType === "ANY_SUBLINK" ? "any" : "all",
        operator,
        left,
        query,
        span,
      };
    }
    case "ARRAY_SUBLINK":
      throw unsupported("arrays are", span);
    default:
      throw unsupported("this form of subquery is", span);
  }
}
