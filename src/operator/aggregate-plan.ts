import type { DataType } from "../arrow/data-type.ts";
import { isFloat, isStringLike, sameLayout, simpleType } from "../arrow/data-type.ts";
import { assert, must, unreachable } from "../common/assert.ts";
import type { Value } from "../arrow/value.ts";
import { stateTypes } from "../expr/aggregate-registry.ts";
import { expressionEquals, isNullable, typeOf } from "../expr/expression-properties.ts";
import type { AggregateCall, Expression } from "../expr/expression.ts";
import { isGeneralAggregate } from "../expr/general-aggregate-registry.ts";
import type { GeneralAggregate } from "../expr/general/general-aggregate.ts";
import { makeGeneralAggregate } from "../expr/general/make-general-aggregate.ts";
import type { PhysicalHashAggregate } from "../physical/physical-node.ts";

/**
 * One running value of a group (three for moments), in columns of the group's row. Calls share accumulators: sum(x) and avg(x) have
 * one sum, and every count of a column that is never NULL is the count of rows.
 */
export type AccumulatorSpec = {
  readonly kind: "count" | "sum" | "pick" | "pick_string" | "moments" | "general";
  /** Kernel that takes raw values, and the one that takes states. */
  readonly updateKernel: string;
  readonly mergeKernel: string;
  /** For pick: 0 min, 1 max, 2 any. */
  readonly pickOperation: number;
  /** Positions among the evaluated inputs. */
  readonly argument: number | null;
  readonly filter: number | null;
  /** Fed from this distinct set when all input is read. */
  readonly distinctSet: number | null;
  /** Columns of the row layout, side by side. */
  readonly columns: readonly number[];
  readonly types: readonly DataType[];
  /** NULL until the first value. */
  readonly startsNull: boolean;
  /** For messages. */
  readonly label: string;
  /** Set for kind general: the states of groups, and where their arguments come from. */
  readonly general: GeneralSpec | null;
};

/** An argument is a position among the evaluated inputs, or the same value in every row. */
export type GeneralSpec = {
  readonly make: () => GeneralAggregate;
  readonly arguments: readonly ({ readonly input: number } | { readonly constant: Value })[];
};

/** How an output column is made of a row's columns. */
export type OutputRecipe =
  | { readonly kind: "column"; readonly column: number; readonly limitDigits: boolean; readonly label: string }
  | {
      readonly kind: "average";
      readonly sum: number;
      readonly count: number;
      readonly sumType: DataType;
      readonly factor: bigint;
      readonly type: DataType;
      readonly label: string;
    }
  | {
      readonly kind: "variance";
      readonly count: number;
      readonly squares: number;
      readonly sample: boolean;
      readonly root: boolean;
    }
  | {
      readonly kind: "general";
      readonly accumulator: number;
      readonly column: number;
      readonly type: DataType;
      /** Whether the state goes out, for another aggregation to merge, or the result. */
      readonly isState: boolean;
    };

export type DistinctSetSpec = { readonly argument: number; readonly filter: number | null };

export type AggregatePlan = {
  /** Evaluated over each input batch, groups first; null in final mode, which takes the input's columns as they are. */
  readonly expressions: readonly Expression[] | null;
  readonly groupTypes: readonly DataType[];
  readonly accumulators: readonly AccumulatorSpec[];
  /** Types of all accumulators' columns, which follow the groups in a row. */
  readonly stateTypes: readonly DataType[];
  readonly distinctSets: readonly DistinctSetSpec[];
  readonly distinctTypes: readonly DataType[];
  /** After the group columns. */
  readonly outputs: readonly OutputRecipe[];
};

export function planAggregate(node: PhysicalHashAggregate): AggregatePlan {
  return new Planner(node).plan();
}

class Planner {
  readonly #node: PhysicalHashAggregate;
  readonly #expressions: Expression[];
  readonly #accumulators: AccumulatorSpec[] = [];
  readonly #byKey = new Map<string, AccumulatorSpec>();
  readonly #stateTypes: DataType[] = [];
  readonly #distinctSets: DistinctSetSpec[] = [];

  constructor(node: PhysicalHashAggregate) {
    this.#node = node;
    this.#expressions = [...node.groups];
  }

  plan(): AggregatePlan {
    const { mode, groups, aggregates, input } = this.#node;
    const groupTypes = mode === "final" ? groups.map((_, index) => input.schema[index]!.type) : groups.map(typeOf);
    const outputs = aggregates.flatMap((call) => this.#planCall(call));
    return {
      expressions: mode === "final" ? null : this.#expressions,
      groupTypes,
      accumulators: this.#accumulators,
      stateTypes: this.#stateTypes,
      distinctSets: this.#distinctSets,
      distinctTypes: this.#distinctSets.map((set) => typeOf(this.#expressions[set.argument]!)),
      outputs,
    };
  }

  #planCall(call: AggregateCall): OutputRecipe[] {
    const states = stateTypes(call);
    const label = `${call.name}(${call.distinct ? "distinct …" : "…"})`;
    const column = (accumulator: AccumulatorSpec, at = 0): number => accumulator.columns[at]!;
    const asIs = (accumulator: AccumulatorSpec): OutputRecipe[] =>
      accumulator.columns.map((at, index) => ({
        kind: "column",
        column: at,
        limitDigits: needsDigitCheck(accumulator.types[index]!, call),
        label,
      }));
    const whole = this.#node.mode !== "partial";
    switch (call.name) {
      case "count":
        return asIs(this.#count(call));
      case "sum":
        return asIs(this.#sum(call, states[0]!));
      case "avg": {
        const sum = this.#sum(call, states[0]!);
        const count = this.#count(call);
        if (!whole) return [...asIs(sum), ...asIs(count)];
        const factor = averageFactor(call);
        return [
          {
            kind: "average",
            sum: column(sum),
            count: column(count),
            sumType: states[0]!,
            factor,
            type: call.type,
            label,
          },
        ];
      }
      case "stddev_samp":
      case "stddev_pop":
      case "var_samp":
      case "var_pop": {
        const moments = this.#moments(call);
        if (!whole) return asIs(moments);
        const [sample, root] = [call.name.endsWith("_samp"), call.name.startsWith("stddev")];
        return [{ kind: "variance", count: column(moments), squares: column(moments, 2), sample, root }];
      }
      default: {
        if (!isGeneralAggregate(call.name)) return asIs(this.#pick(call));
        const accumulator = this.#general(call);
        const type = whole ? call.type : states[0]!;
        const index = this.#accumulators.indexOf(accumulator);
        return [{ kind: "general", accumulator: index, column: column(accumulator), type, isState: !whole }];
      }
    }
  }

  #general(call: AggregateCall): AccumulatorSpec {
    const final = this.#node.mode === "final";
    const filter = final || call.filter === null ? null : this.#evaluated(call.filter);
    const args = final
      ? []
      : call.args.map((arg) =>
          arg.kind === "literal" ? { constant: arg.value } : { input: this.#evaluated(guarded(arg, call.filter)) },
        );
    const accumulator: AccumulatorSpec = {
      kind: "general",
      updateKernel: "",
      mergeKernel: "",
      pickOperation: 0,
      argument: null,
      filter,
      distinctSet: null,
      columns: [this.#node.groups.length + this.#stateTypes.length],
      types: stateTypes(call),
      startsNull: false,
      label: call.name,
      general: { make: makeGeneralAggregate(call), arguments: args },
    };
    this.#stateTypes.push(...accumulator.types);
    this.#accumulators.push(accumulator);
    return accumulator;
  }

  #count(call: AggregateCall): AccumulatorSpec {
    const [arg] = call.args;
    // In final mode the argument is not there any more, and every call has its own state.
    const counted = arg !== undefined && (call.distinct || this.#node.mode === "final" || isNullable(arg)) ? arg : null;
    return this.#accumulator(call, counted, {
      kind: "count",
      updateKernel: "updateCount",
      mergeKernel: "sum64_int64",
      pickOperation: 0,
      types: [simpleType("int64")],
      startsNull: false,
    });
  }

  #sum(call: AggregateCall, state: DataType): AccumulatorSpec {
    const arg = must(call.args[0], "sum has an argument");
    return this.#accumulator(call, arg, {
      kind: "sum",
      updateKernel: sumKernel(typeOf(arg), state),
      mergeKernel: sumKernel(state, state),
      pickOperation: 0,
      types: [state],
      startsNull: true,
    });
  }

  #moments(call: AggregateCall): AccumulatorSpec {
    return this.#accumulator(call, must(call.args[0], "a variance has an argument"), {
      kind: "moments",
      updateKernel: "updateMoments",
      mergeKernel: "mergeMoments",
      pickOperation: 0,
      types: stateTypes(call),
      startsNull: false,
    });
  }

  #pick(call: AggregateCall): AccumulatorSpec {
    const kernel = `pick_${pickForm(call.type)}`;
    const arg = must(call.args[0], `${call.name} has an argument`);
    assert(
      this.#node.mode === "final" || sameLayout(typeOf(arg), call.type),
      () => `${call.name} gives values as it takes them`,
    );
    return this.#accumulator(call, arg, {
      kind: isStringLike(call.type) ? "pick_string" : "pick",
      updateKernel: kernel,
      mergeKernel: kernel,
      pickOperation: pickOperation(call.name),
      types: [call.type],
      startsNull: true,
    });
  }

  #accumulator(
    call: AggregateCall,
    arg: Expression | null,
    form: Pick<AccumulatorSpec, "kind" | "updateKernel" | "mergeKernel" | "pickOperation" | "types" | "startsNull">,
  ): AccumulatorSpec {
    const final = this.#node.mode === "final";
    const argument = final || arg === null ? null : this.#evaluated(guarded(arg, call.filter));
    const filter = final || call.filter === null ? null : this.#evaluated(call.filter);
    const distinctSet = call.distinct && argument !== null ? this.#distinctSet(argument, filter) : null;
    const key = JSON.stringify([form.kind, form.updateKernel, form.pickOperation, argument, filter, distinctSet]);
    const known = final ? undefined : this.#byKey.get(key);
    if (known !== undefined) return known;
    const first = this.#node.groups.length + this.#stateTypes.length;
    const accumulator: AccumulatorSpec = {
      ...form,
      argument,
      filter,
      distinctSet,
      columns: form.types.map((_, index) => first + index),
      label: call.name,
      general: null,
    };
    this.#stateTypes.push(...form.types);
    this.#accumulators.push(accumulator);
    this.#byKey.set(key, accumulator);
    return accumulator;
  }

  #evaluated(expression: Expression): number {
    const known = this.#expressions.findIndex((other) => expressionEquals(other, expression));
    return known >= 0 ? known : this.#expressions.push(expression) - 1;
  }

  #distinctSet(argument: number, filter: number | null): number {
    const known = this.#distinctSets.findIndex((set) => set.argument === argument && set.filter === filter);
    return known >= 0 ? known : this.#distinctSets.push({ argument, filter }) - 1;
  }
}

/** An argument is evaluated over whole batches: in rows that the filter leaves out it must not fail, sum(1 / x) FILTER (WHERE x <> 0). */
function guarded(arg: Expression, filter: Expression | null): Expression {
  if (filter === null || arg.kind === "input" || arg.kind === "literal") return arg;
  const type = typeOf(arg);
  return {
    kind: "case",
    branches: [{ when: filter, then: arg }],
    otherwise: { kind: "literal", type, value: null },
    type,
  };
}

function needsDigitCheck(type: DataType, call: AggregateCall): boolean {
  return call.name === "sum" && type.kind === "decimal" && type.bits === 128;
}

/** Power of ten between the scale of the sum and that of the average. */
function averageFactor(call: AggregateCall): bigint {
  if (call.type.kind !== "decimal") return 1n;
  const argument = typeOf(call.args[0]!);
  return 10n ** BigInt(call.type.scale - (argument.kind === "decimal" ? argument.scale : 0));
}

function sumKernel(argument: DataType, state: DataType): string {
  if (isFloat(state)) return `sumFloat_${argument.kind}`;
  if (state.kind === "decimal" && state.bits === 128) {
    if (argument.kind === "decimal" && argument.bits === 128) return "sum128_signed16";
    return argument.kind === "uint64" ? "sum128_unsigned8" : "sum128_signed8";
  }
  return `sum64_${argument.kind === "decimal" ? (argument.bits === 64 ? "int64" : "decimal128") : argument.kind}`;
}

function pickOperation(name: string): number {
  switch (name) {
    case "min":
    case "bool_and":
      return 0;
    case "max":
    case "bool_or":
      return 1;
    default:
      return 2;
  }
}

/** How values of a type are compared, as the kernels' names say it. */
function pickForm(type: DataType): string {
  switch (type.kind) {
    case "null":
    case "bool":
      return "uint8";
    case "date":
      return "int32";
    case "time":
    case "timestamp":
    case "timestamptz":
      return "int64";
    case "decimal":
      return type.bits === 64 ? "int64" : "decimal128";
    case "utf8":
    case "binary":
      return "string";
    case "int8":
    case "int16":
    case "int32":
    case "int64":
    case "uint8":
    case "uint16":
    case "uint32":
    case "uint64":
    case "float32":
    case "float64":
    case "interval":
      return type.kind;
    default:
      return unreachable(type, "type");
  }
}
