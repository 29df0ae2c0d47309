import { must } from "../common/assert.ts";
import type { ColumnExpression, ColumnId, Expression } from "../expr/expression.ts";
import { columnIds, conjuncts } from "../expr/expression-properties.ts";
import { isVolatile } from "../expr/volatile-functions.ts";
import type { JoinNode, LogicalNode, ProjectNode } from "../logical/logical-node.ts";
import { outputColumns } from "../logical/output-columns.ts";
import { substituteColumns } from "../logical/substitute-columns.ts";
import { equalColumnClasses, equatedColumns } from "./infer-predicates.ts";

/** A set of a region's relations: bit i stands for the i-th. */
export type RelationSet = number;

/**
 * One input of a region. `join` is null for relations that are inner-joined; else it is the join whose right side the
 * relation is (left, single, semi, anti, mark): such a relation can be joined to any set that includes `requires`,
 * the relations that the join's condition refers to, since it commutes with the inner joins of all others.
 */
export type Relation = { readonly node: LogicalNode; readonly join: JoinNode | null; readonly requires: RelationSet };

/** Joins that may be done in any order, and what their rows must satisfy. */
export type JoinRegion = {
  readonly relations: readonly Relation[];
  /** Other predicates than those equalities, each to be applied as soon as all its relations are joined. */
  readonly predicates: readonly { readonly predicate: Expression; readonly relations: RelationSet }[];
  /** Columns of inner-joined relations that are equal in all result rows. */
  readonly classes: readonly (readonly { readonly column: ColumnExpression; readonly relation: number }[])[];
  /** What columns of removed projects stand for. */
  readonly definitions: ReadonlyMap<ColumnId, Expression>;
};

/** Sets of relations are bits of an int32. */
const mostRelations = 24;

const dependentJoins = new Set(["left", "single", "semi", "anti", "mark"]);

/** The region whose topmost node this is; null where there is nothing to order. `descend` rewrites the relations. */
export function collectRegion(node: LogicalNode, descend: (node: LogicalNode) => LogicalNode): JoinRegion | null {
  if (!isInner(node)) return null;
  const collector = new Collector(descend);
  collector.flatten(node);
  return collector.finish();
}

/** Whether the node belongs to the inside of a region, rather than being one of its relations. */
function isInner(node: LogicalNode): boolean {
  if (node.kind === "join") return node.joinType === "inner" || dependentJoins.has(node.joinType);
  // Where a filter draws random numbers decides how many it draws.
  if (node.kind === "filter" && isVolatile(node.predicate)) return false;
  if (node.kind === "filter" || (node.kind === "project" && isTransparent(node))) return isInner(node.input);
  return false;
}

/** Computes nothing worth computing once only: may be done after the joins instead of between them. */
function isTransparent(node: ProjectNode): boolean {
  return node.items.every(({ expression }) => {
    const core =
      expression.kind === "call" && expression.name === "not" ? (expression.args[0] as Expression) : expression;
    return core.kind === "column" || core.kind === "literal";
  });
}

class Collector {
  readonly #descend: (node: LogicalNode) => LogicalNode;
  readonly #relations: { node: LogicalNode; join: JoinNode | null; left: RelationSet }[] = [];
  readonly #predicates: Expression[] = [];
  readonly #definitions = new Map<ColumnId, Expression>();

  constructor(descend: (node: LogicalNode) => LogicalNode) {
    this.#descend = descend;
  }

  flatten(node: LogicalNode): void {
    if (!isInner(node) || this.#relations.length >= mostRelations) {
      this.#relations.push({ node: this.#descend(node), join: null, left: 0 });
    } else if (node.kind === "filter") {
      this.flatten(node.input);
      this.#predicates.push(...conjuncts(node.predicate));
    } else if (node.kind === "project") {
      this.flatten(node.input);
      for (const { column, expression } of node.items) {
        if (expression.kind !== "column" || expression.id !== column.id) this.#definitions.set(column.id, expression);
      }
    } else if (node.kind === "join") {
      this.#flattenJoin(node);
    }
  }

  #flattenJoin(node: JoinNode): void {
    const first = this.#relations.length;
    this.flatten(node.left);
    if (node.joinType === "inner") {
      this.flatten(node.right);
      if (node.condition !== null) this.#predicates.push(...conjuncts(node.condition));
      return;
    }
    let left = 0;
    for (let index = first; index < this.#relations.length; index++) left |= 1 << index;
    this.#relations.push({ node: this.#descend(node.right), join: node, left });
  }

  finish(): JoinRegion {
    const relationOf = new Map<ColumnId, number>();
    for (const [index, { node, join }] of this.#relations.entries()) {
      for (const { id } of outputColumns(node)) relationOf.set(id, index);
      const mark = join?.markColumn;
      if (mark !== null && mark !== undefined) relationOf.set(mark.id, index);
    }
    const maskOf = (expression: Expression): RelationSet => {
      let mask = 0;
      for (const id of columnIds(expression))
        mask |= 1 << must(relationOf.get(id), "a region's predicate is over its relations");
      return mask;
    };
    const relations = this.#relations.map(({ node, join, left }, index): Relation => {
      if (join === null) return { node, join, requires: 0 };
      const condition = join.condition === null ? null : this.#resolve(join.condition);
      const referred = condition === null ? 0 : maskOf(condition) & ~(1 << index);
      // A condition that names no column of the left side still belongs to the join of that side.
      return { node, join: { ...join, condition }, requires: referred === 0 ? left : referred };
    });
    const resolved = this.#predicates.map((predicate) => this.#resolve(predicate));
    const isInnerColumn = (column: ColumnExpression) =>
      relations[must(relationOf.get(column.id), "a relation's column")]?.join === null;
    const isClassEquality = (predicate: Expression) => equatedColumns(predicate)?.every(isInnerColumn) === true;
    const classes = equalColumnClasses(resolved.filter(isClassEquality)).map((members) =>
      members.map((column) => ({ column, relation: must(relationOf.get(column.id), "a relation's column") })),
    );
    const predicates = resolved
      .filter((predicate) => !isClassEquality(predicate))
      .map((predicate) => ({ predicate, relations: maskOf(predicate) }));
    return { relations, predicates, classes, definitions: this.#resolvedDefinitions() };
  }

  /** Projects may lie above projects: definitions refer to definitions until only relations' columns are left. */
  #resolve(expression: Expression): Expression {
    let current = expression;
    for (;;) {
      const next = substituteColumns(current, this.#definitions);
      if (next === current) return current;
      current = next;
    }
  }

  #resolvedDefinitions(): ReadonlyMap<ColumnId, Expression> {
    return new Map([...this.#definitions].map(([id, expression]) => [id, this.#resolve(expression)]));
  }
}
