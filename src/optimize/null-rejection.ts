import type { ColumnId, Expression } from "../expr/expression.ts";

/** What an expression may be when some columns are known to be NULL. */
type Outcomes = { readonly mayBeNull: boolean; readonly mayBeTrue: boolean; readonly mayBeFalse: boolean };

const onlyNull: Outcomes = { mayBeNull: true, mayBeTrue: false, mayBeFalse: false };
const onlyTrue: Outcomes = { mayBeNull: false, mayBeTrue: true, mayBeFalse: false };
const onlyFalse: Outcomes = { mayBeNull: false, mayBeTrue: false, mayBeFalse: true };
const anything: Outcomes = { mayBeNull: true, mayBeTrue: true, mayBeFalse: true };

/** Calls whose result depends on a NULL argument in another way than being NULL. */
const notStrict = new Set(["coalesce", "greatest", "least", "nullif", "is_distinct_from", "is_not_distinct_from"]);

/** Whether no row passes the predicate in which all these columns are NULL. */
export function rejectsNulls(predicate: Expression, columns: ReadonlySet<ColumnId>): boolean {
  return !outcomes(predicate, columns).mayBeTrue;
}

/** Values that are not boolean count as "true or false": only whether they are NULL matters. */
function outcomes(expression: Expression, columns: ReadonlySet<ColumnId>): Outcomes {
  switch (expression.kind) {
    case "column":
      return columns.has(expression.id) ? onlyNull : anything;
    case "literal":
      if (expression.value === null) return onlyNull;
      if (typeof expression.value === "boolean") return expression.value ? onlyTrue : onlyFalse;
      return { ...anything, mayBeNull: false };
    case "cast":
    case "in_list":
      return isOnlyNull(outcomes(expression.arg, columns)) ? onlyNull : anything;
    case "and":
    case "or":
      return logicOutcomes(
        expression.kind,
        expression.args.map((arg) => outcomes(arg, columns)),
      );
    case "call":
      return callOutcomes(
        expression.name,
        expression.args.map((arg) => outcomes(arg, columns)),
      );
    case "case": {
      const branches = expression.branches.map((branch) => ({
        when: outcomes(branch.when, columns),
        then: outcomes(branch.then, columns),
      }));
      const reachable = branches.filter((branch) => branch.when.mayBeTrue).map((branch) => branch.then);
      return union([...reachable, outcomes(expression.otherwise, columns)]);
    }
    default:
      return anything;
  }
}

function isOnlyNull(value: Outcomes): boolean {
  return !value.mayBeTrue && !value.mayBeFalse;
}

function union(all: readonly Outcomes[]): Outcomes {
  return {
    mayBeNull: all.some((one) => one.mayBeNull),
    mayBeTrue: all.some((one) => one.mayBeTrue),
    mayBeFalse: all.some((one) => one.mayBeFalse),
  };
}

function logicOutcomes(kind: "and" | "or", args: readonly Outcomes[]): Outcomes {
  const mayBeNull = args.some((arg) => arg.mayBeNull);
  if (kind === "and")
    return { mayBeNull, mayBeTrue: args.every((arg) => arg.mayBeTrue), mayBeFalse: args.some((arg) => arg.mayBeFalse) };
  return { mayBeNull, mayBeTrue: args.some((arg) => arg.mayBeTrue), mayBeFalse: args.every((arg) => arg.mayBeFalse) };
}

function callOutcomes(name: string, args: readonly Outcomes[]): Outcomes {
  const first = args[0] ?? anything;
  switch (name) {
    case "not":
      return { mayBeNull: first.mayBeNull, mayBeTrue: first.mayBeFalse, mayBeFalse: first.mayBeTrue };
    case "is_null":
    case "is_unknown":
      return { mayBeNull: false, mayBeTrue: first.mayBeNull, mayBeFalse: first.mayBeTrue || first.mayBeFalse };
    case "is_not_null":
    case "is_not_unknown":
      return { mayBeNull: false, mayBeTrue: first.mayBeTrue || first.mayBeFalse, mayBeFalse: first.mayBeNull };
    case "is_true":
      return { mayBeNull: false, mayBeTrue: first.mayBeTrue, mayBeFalse: first.mayBeNull || first.mayBeFalse };
    case "is_not_true":
      return { mayBeNull: false, mayBeTrue: first.mayBeNull || first.mayBeFalse, mayBeFalse: first.mayBeTrue };
    case "is_false":
      return { mayBeNull: false, mayBeTrue: first.mayBeFalse, mayBeFalse: first.mayBeNull || first.mayBeTrue };
    case "is_not_false":
      return { mayBeNull: false, mayBeTrue: first.mayBeNull || first.mayBeTrue, mayBeFalse: first.mayBeFalse };
    case "coalesce":
      return args.every(isOnlyNull) ? onlyNull : anything;
    default:
      return !notStrict.has(name) && args.some(isOnlyNull) ? onlyNull : anything;
  }
}
