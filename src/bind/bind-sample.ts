import { simpleType } from "../arrow/data-type.ts";
import { EngineError } from "../common/engine-error.ts";
import { coerceTo } from "../expr/coerce.ts";
import type { Expression } from "../expr/expression.ts";
import { foldConstants } from "../expr/fold-constants.ts";
import { resolveFunction } from "../expr/function-registry.ts";
import { outputColumns } from "../logical/output-columns.ts";
import type { FromItem, SqlExpression } from "../sql/ast.ts";
import { type BindContext, columnOf } from "./bind-context.ts";
import { bindExpression } from "./bind-expression.ts";
import type { BoundFrom } from "./from-place.ts";
import { emptyNamespace, Scope } from "./scope.ts";

const float64 = simpleType("float64");

/**
 * TABLESAMPLE: each row stays with the given probability. With REPEATABLE that is decided by the row's values and the seed, so
 * that the same rows stay however the table is read; equal rows then stay or go together. SYSTEM samples rows too.
 */
export function bindSample(
  item: FromItem & { readonly kind: "sample" },
  relation: BoundFrom,
  context: BindContext,
): BoundFrom {
  const { method, span } = item;
  if (item.relation.kind !== "table")
    throw new EngineError("feature_not_supported", "TABLESAMPLE is supported for tables only", { span });
  if (method !== "bernoulli" && method !== "system")
    throw new EngineError("undefined_object", `tablesample method ${method} does not exist`, { span });
  const percentage = constantNumber(item.percentage, context, "sample percentage");
  if (!(percentage >= 0 && percentage <= 100))
    throw new EngineError("invalid_parameter_value", "sample percentage must be between 0 and 100", { span });
  const literal = (value: number): Expression => ({ kind: "literal", type: float64, value });
  const seed = item.seed === null ? null : literal(constantNumber(item.seed, context, "seed"));
  const dice =
    seed === null
      ? resolveFunction("random", [])
      : resolveFunction("sample_of", [
          seed,
          resolveFunction("concat_ws", [
            { kind: "literal", type: simpleType("utf8"), value: "|" },
            ...outputColumns(relation.plan).map((column) => columnOf(column)),
          ]),
        ]);
  const predicate = resolveFunction("lt", [dice, literal(percentage / 100)]);
  return { plan: { kind: "filter", input: relation.plan, predicate }, namespace: relation.namespace };
}

function constantNumber(node: SqlExpression, context: BindContext, what: string): number {
  const scope = new Scope(emptyNamespace, null, null, "TABLESAMPLE");
  const bound = bindExpression(node, { context, scope, applies: [] });
  const folded = foldConstants(coerceTo(bound, float64, "implicit", node.span));
  if (folded.kind === "literal" && typeof folded.value === "number") return folded.value;
  throw new EngineError("feature_not_supported", `TABLESAMPLE needs a constant as its ${what}`, { span: node.span });
}
