import { sameLayout } from "../arrow/data-type.ts";
import type { DataType } from "../arrow/data-type.ts";
import type { Schema } from "../arrow/schema.ts";
import { assert } from "../common/assert.ts";
import { stateTypes } from "../expr/aggregate-registry.ts";
import type { AggregateCall, Expression } from "../expr/expression.ts";
import { forEachExpression, isNullable, typeOf } from "../expr/expression-properties.ts";
import { windowExpressions } from "../expr/window-call.ts";
import type {
  PhysicalHashAggregate,
  PhysicalHashJoin,
  PhysicalNestedLoopJoin,
  PhysicalNode,
  PhysicalWindow,
} from "./physical-node.ts";
import { describePhysicalNode, physicalChildren } from "./print-physical.ts";

/**
 * Checks what operators rely on and cannot see: that each expression takes its inputs in the layout in which they
 * arrive, and that each node's schema is what its expressions and inputs give. A violation is the planner's bug.
 */
export function verifyPhysicalPlan(node: PhysicalNode): void {
  for (const child of physicalChildren(node)) verifyPhysicalPlan(child);
  const check = (condition: boolean, what: string): void =>
    assert(condition, () => `${what} in ${describePhysicalNode(node)}`);
  const verify = new NodeChecks(check);
  switch (node.kind) {
    case "scan":
      check(node.columns.length === node.schema.length, "a column for each field");
      if (node.pushed !== null) verify.expression(node.pushed, node.schema);
      return;
    case "values":
      return check(
        node.rows.every((row) => row.length === node.schema.length),
        "a value for each field",
      );
    case "work_table":
      return;
    case "recursive":
      verify.layout(node.schema, node.anchor.schema);
      return verify.layout(node.schema, node.step.schema);
    case "shuffle_read":
      return node.mergeKeys?.forEach((key) => verify.expression(key.expression, node.schema));
    case "filter":
      verify.expression(node.predicate, node.input.schema);
      return verify.layout(node.schema, node.input.schema);
    case "project":
      node.expressions.forEach((expression) => verify.expression(expression, node.input.schema));
      return verify.types(node.schema, node.expressions.map(typeOf));
    case "hash_aggregate":
      return verify.aggregate(node);
    case "window":
      return verify.window(node);
    case "hash_join":
    case "nested_loop_join":
      return verify.join(node);
    case "sort":
    case "top_n":
      node.keys.forEach((key) => verify.expression(key.expression, node.input.schema));
      return verify.layout(node.schema, node.input.schema);
    case "limit":
      return verify.layout(node.schema, node.input.schema);
    case "exchange":
      if (node.distribution.kind === "hash")
        node.distribution.keys.forEach((key) => verify.expression(key, node.schema));
      return verify.layout(node.schema, node.input.schema);
    default:
      physicalChildren(node).forEach((child) => verify.layout(node.schema, child.schema));
  }
}

class NodeChecks {
  readonly #check: (condition: boolean, what: string) => void;

  constructor(check: (condition: boolean, what: string) => void) {
    this.#check = check;
  }

  expression(expression: Expression, schema: Schema): void {
    forEachExpression(expression, (part) => {
      this.#check(part.kind !== "column" && part.kind !== "parameter", "no column by id");
      if (part.kind !== "input") return;
      const field = schema[part.index];
      this.#check(
        field !== undefined && sameLayout(field.type, part.type),
        `input ${part.index} in the layout it arrives in`,
      );
      this.#check(part.nullable || field?.nullable === false, `input ${part.index} not more certain than it is`);
    });
  }

  types(schema: Schema, types: readonly DataType[]): void {
    this.#check(
      schema.length === types.length && schema.every((field, index) => sameLayout(field.type, types[index]!)),
      "a schema of its expressions' layouts",
    );
  }

  layout(schema: Schema, input: Schema): void {
    this.types(
      schema,
      input.map((field) => field.type),
    );
  }

  aggregate({ mode, input, groups, aggregates, schema }: PhysicalHashAggregate): void {
    const states = aggregates.flatMap(stateTypes);
    groups.forEach((group) => this.expression(group, input.schema));
    if (mode === "final") {
      this.#check(
        groups.every((group, index) => group.kind === "input" && group.index === index),
        "groups that are the first columns",
      );
      this.types(input.schema, [...groups.map(typeOf), ...states]);
    } else {
      aggregates.forEach((call) => this.#call(call, input.schema));
    }
    this.#check(mode === "single" || aggregates.every((call) => !call.distinct), "no DISTINCT in two phases");
    this.types(schema, [...groups.map(typeOf), ...(mode === "partial" ? states : aggregates.map((call) => call.type))]);
  }

  #call({ args, filter }: AggregateCall, schema: Schema): void {
    [...args, ...(filter === null ? [] : [filter])].forEach((part) => this.expression(part, schema));
  }

  window({ input, partitionBy, orderBy, functions, schema }: PhysicalWindow): void {
    const places = [...partitionBy, ...orderBy.map((key) => key.expression), ...functions.flatMap(windowExpressions)];
    places.forEach((place) => this.expression(place, input.schema));
    this.#check(
      places.every((place) => place.kind === "input" || place.kind === "literal"),
      "windows over columns",
    );
    this.types(schema, [...input.schema.map((field) => field.type), ...functions.map((call) => call.type)]);
  }

  join(node: PhysicalHashJoin | PhysicalNestedLoopJoin): void {
    const { joinType, probe, build } = node;
    const both = [...probe.schema, ...build.schema];
    const condition = node.kind === "hash_join" ? node.residual : node.condition;
    if (condition !== null) this.expression(condition, both);
    if (node.kind === "hash_join") {
      const isCertain = node.keys.every((key) => key.nullEqual || (!isNullable(key.probe) && !isNullable(key.build)));
      this.#check(node.keys.length > 0 && (!node.nullAware || node.keys.length === 1 || isCertain), "keys");
      for (const key of node.keys) {
        this.expression(key.probe, probe.schema);
        this.expression(key.build, build.schema);
        this.#check(sameLayout(typeOf(key.probe), typeOf(key.build)), "keys of one layout");
      }
    }
    this.#check(
      !node.nullAware || joinType === "left_anti" || joinType === "left_mark",
      "null-aware only where it means something",
    );
    if (joinType === "left_semi" || joinType === "left_anti") this.layout(node.schema, probe.schema);
    else if (joinType === "right_semi" || joinType === "right_anti") this.layout(node.schema, build.schema);
    else if (joinType === "left_mark")
      this.types(node.schema, [...probe.schema.map((field) => field.type), { kind: "bool" }]);
    else this.layout(node.schema, both);
  }
}
