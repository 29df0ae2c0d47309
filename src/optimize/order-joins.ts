import { assert, must } from "../common/assert.ts";
import type { ColumnId, Expression } from "../expr/expression.ts";
import { andAll, columnIds } from "../expr/expression-properties.ts";
import type { LogicalNode } from "../logical/logical-node.ts";
import { outputColumns } from "../logical/output-columns.ts";
import { mapChildren } from "../logical/rewrite.ts";
import { columnReference } from "../logical/substitute-columns.ts";
import { joinCost, RegionEstimates } from "./join-cost.ts";
import { collectRegion } from "./join-region.ts";
import type { JoinRegion, RelationSet } from "./join-region.ts";
import { predicateCall } from "./make-expression.ts";
import type { Rule } from "./rule.ts";
import { splitCondition } from "./split-condition.ts";

/**
 * Chooses the order of joins by estimated cost: all orders, bushy ones included, up to 12 relations (dynamic
 * programming over sets), greedily beyond. Semi, anti, mark and left joins take part: each is placed where it is
 * cheapest among the inner joins it commutes with. Cross products only where nothing relates the two sides.
 */
export const orderJoins: Rule = { name: "order-joins", apply: (plan) => order(plan) };

const mostForAllOrders = 12;

function order(node: LogicalNode): LogicalNode {
  const region = collectRegion(node, order);
  if (region === null) return mapChildren(node, order);
  if (region.relations.length > 31) return mapChildren(node, order);
  const ordering = new Ordering(region);
  const best = region.relations.length <= mostForAllOrders ? ordering.searchAll() : ordering.searchGreedily();
  return restoreColumns(ordering.build(best), node, region);
}

/** Puts out the columns of `node`, in its order; prune-columns drops this where the order means nothing. */
function restoreColumns(plan: LogicalNode, node: LogicalNode, region: JoinRegion): LogicalNode {
  const items = outputColumns(node).map((column) => ({
    column,
    expression: region.definitions.get(column.id) ?? (columnReference(column) as Expression),
  }));
  return { kind: "project", input: plan, items };
}

/** A way to join a set of relations: a single one, or two ways joined. */
type JoinTree = {
  readonly set: RelationSet;
  readonly cost: number;
  readonly left: JoinTree | null;
  readonly right: JoinTree | null;
};

class Ordering {
  readonly #region: JoinRegion;
  readonly #estimates: RegionEstimates;
  readonly #count: number;
  /** For each relation, the relations that some predicate or equality relates it to. */
  readonly #neighbours: readonly RelationSet[];
  /** The neighbours of sets of relations, as they were asked for. */
  readonly #around = new Map<RelationSet, RelationSet>();
  readonly #components: readonly RelationSet[];
  readonly #keys: readonly JoinKey[];

  constructor(region: JoinRegion) {
    this.#region = region;
    this.#estimates = new RegionEstimates(region);
    this.#count = region.relations.length;
    this.#neighbours = neighboursOf(region);
    this.#components = componentsOf(innerNeighboursOf(region));
    this.#keys = keysOf(region);
  }

  searchAll(): JoinTree {
    const best: (JoinTree | undefined)[] = [];
    const all = (1 << this.#count) - 1;
    for (let set = 1; set <= all; set++) {
      if ((set & (set - 1)) === 0) {
        best[set] = { set, cost: 0, left: null, right: null };
        continue;
      }
      if (!this.#isComplete(set)) continue;
      let cheapest: JoinTree | null = null;
      for (let part = (set - 1) & set; part > 0; part = (part - 1) & set) {
        const left = best[part];
        const right = best[set ^ part];
        if (left === undefined || right === undefined || left.cost + right.cost >= (cheapest?.cost ?? Infinity))
          continue;
        const tree = this.#join(left, right);
        if (tree !== null && tree.cost < (cheapest?.cost ?? Infinity)) cheapest = tree;
      }
      if (cheapest !== null) best[set] = cheapest;
    }
    return must(best[all], "some order joins all relations");
  }

  /** Joins the pair that gives the fewest rows, again and again. */
  searchGreedily(): JoinTree {
    let trees = Array.from({ length: this.#count }, (_, index): JoinTree => ({
      set: 1 << index,
      cost: 0,
      left: null,
      right: null,
    }));
    while (trees.length > 1) {
      let chosen: { readonly tree: JoinTree; readonly rows: number } | null = null;
      for (const left of trees) {
        for (const right of trees) {
          const tree = left === right ? null : this.#join(left, right);
          if (tree === null) continue;
          const rows = this.#estimates.rows(tree.set);
          if (chosen === null || rows < chosen.rows || (rows === chosen.rows && tree.cost < chosen.tree.cost))
            chosen = { tree, rows };
        }
      }
      assert(chosen !== null, "some two sets can always be joined");
      const { tree } = chosen;
      trees = [...trees.filter((other) => (other.set & tree.set) === 0), tree];
    }
    return must(trees[0], "one tree is left");
  }

  /** Every relation in the set that requires others has them in the set. */
  #isComplete(set: RelationSet): boolean {
    return this.#region.relations.every(({ requires }, index) => (set & (1 << index)) === 0 || (requires & ~set) === 0);
  }

  /** null where the two must not be joined, or should not: a cross product, while either side has relations to join. */
  #join(left: JoinTree, right: JoinTree): JoinTree | null {
    const dependent = this.#dependentRelation(right.set);
    if (this.#dependentRelation(left.set) !== null) return null;
    const set = left.set | right.set;
    const leftSize = this.#estimates.size(left.set);
    if (dependent !== null) {
      const { requires } = must(this.#region.relations[dependent], "a relation");
      if ((requires & ~left.set) !== 0) return null;
      const cost = joinCost(
        leftSize,
        this.#estimates.relationSize(dependent),
        this.#estimates.rows(set),
        this.#dependentHasKeys(dependent),
      );
      return { set, left, right, cost: left.cost + right.cost + cost };
    }
    // Each unordered pair once: the side with more bytes is the left one.
    const rightSize = this.#estimates.size(right.set);
    if (leftSize.rows * leftSize.rowBytes < rightSize.rows * rightSize.rowBytes) return null;
    if (!this.#related(left.set, right.set) && !this.#mayCross(left.set, right.set)) return null;
    const cost = joinCost(leftSize, rightSize, this.#estimates.rows(set), this.#hasKeys(left.set, right.set));
    return { set, left, right, cost: left.cost + right.cost + cost };
  }

  /** The index of the relation, if the set is one that cannot stand by itself. */
  #dependentRelation(set: RelationSet): number | null {
    if ((set & (set - 1)) !== 0) return null;
    const index = 31 - Math.clz32(set);
    return this.#region.relations[index]?.join === null ? null : index;
  }

  #related(left: RelationSet, right: RelationSet): boolean {
    let around = this.#around.get(left);
    if (around === undefined) {
      around = bitsOf(left).reduce((set, bit) => set | must(this.#neighbours[31 - Math.clz32(bit)], "neighbours"), 0);
      this.#around.set(left, around);
    }
    return (around & right) !== 0;
  }

  #mayCross(left: RelationSet, right: RelationSet): boolean {
    const isWhole = (set: RelationSet) =>
      this.#components.every((component) => (set & component) === 0 || (set & component) === component);
    return isWhole(left) && isWhole(right);
  }

  /** Whether an equality relates the two, so that one can be looked up by the other. */
  #hasKeys(left: RelationSet, right: RelationSet): boolean {
    return this.#keys.some(
      ({ one, other, any }) =>
        (any && (one & left) !== 0 && (other & right) !== 0) ||
        (!any && (((one & ~left) === 0 && (other & ~right) === 0) || ((one & ~right) === 0 && (other & ~left) === 0))),
    );
  }

  #dependentHasKeys(index: number): boolean {
    const { join, requires } = must(this.#region.relations[index], "a relation");
    return (
      splitCondition(
        join?.condition ?? null,
        columnIdsOf(this.#region, requires),
        columnIdsOf(this.#region, 1 << index),
      ).pairs.length > 0
    );
  }

  /** Predicates that can be applied to the join of the two, and to neither of them. */
  #newPredicates(left: RelationSet, right: RelationSet): Expression[] {
    return this.#region.predicates
      .filter(
        ({ relations }) =>
          (relations & ~(left | right)) === 0 && (relations & ~left) !== 0 && (relations & ~right) !== 0,
      )
      .map(({ predicate }) => predicate);
  }

  build(tree: JoinTree): LogicalNode {
    if (tree.left === null || tree.right === null) return this.#buildRelation(tree.set);
    const left = this.build(tree.left);
    const dependent = this.#dependentRelation(tree.right.set);
    if (dependent !== null) {
      const { node, join } = must(this.#region.relations[dependent], "a relation");
      const joined: LogicalNode = { ...must(join, "a dependent relation has its join"), left, right: node };
      // What refers to padded columns or to the mark is asked of the joined row, also if it names no other relation.
      const set = tree.right.set;
      const own = this.#region.predicates
        .filter(({ relations }) => relations === set)
        .map(({ predicate }) => predicate);
      return filtered(joined, [...own, ...this.#newPredicates(tree.left.set, set)]);
    }
    const right = this.build(tree.right);
    const equalities = this.#equalities(tree.left.set, tree.right.set);
    const condition = andAll([...equalities, ...this.#newPredicates(tree.left.set, tree.right.set)]);
    return { kind: "join", joinType: "inner", left, right, condition, nullAware: false, markColumn: null };
  }

  #buildRelation(set: RelationSet): LogicalNode {
    const index = 31 - Math.clz32(set);
    const { node } = must(this.#region.relations[index], "a relation");
    const predicates = this.#region.predicates
      .filter(({ relations }) => relations === set || relations === 0)
      .map(({ predicate }) => predicate);
    const equalities = this.#region.classes.flatMap((members) => {
      const [first, ...others] = members.filter(({ relation }) => relation === index);
      return first === undefined ? [] : others.map((other) => predicateCall("eq", first.column, other.column));
    });
    return filtered(node, [...predicates, ...equalities]);
  }

  /** One equality of each class that both sides have members of: the sides' own members are equal already. */
  #equalities(left: RelationSet, right: RelationSet): Expression[] {
    return this.#region.classes.flatMap((members) => {
      const ours = members.find(({ relation }) => (left & (1 << relation)) !== 0);
      const theirs = members.find(({ relation }) => (right & (1 << relation)) !== 0);
      return ours === undefined || theirs === undefined ? [] : [predicateCall("eq", ours.column, theirs.column)];
    });
  }
}

function filtered(node: LogicalNode, predicates: readonly Expression[]): LogicalNode {
  const predicate = andAll(predicates);
  return predicate === null ? node : { kind: "filter", input: node, predicate };
}

/** An equality of expressions over the relations `one` and `other`; `any`: of any of `one` with any of them. */
type JoinKey = { readonly one: RelationSet; readonly other: RelationSet; readonly any: boolean };

function keysOf(region: JoinRegion): readonly JoinKey[] {
  const keys: JoinKey[] = region.classes.map((members) => {
    const set = members.reduce((mask, { relation }) => mask | (1 << relation), 0);
    return { one: set, other: set, any: true };
  });
  for (const { predicate } of region.predicates) {
    if (predicate.kind !== "call" || (predicate.name !== "eq" && predicate.name !== "is_not_distinct_from")) continue;
    const [one = 0, other = 0] = predicate.args.map((arg) => relationsOf(region, arg));
    if (one !== 0 && other !== 0 && (one & other) === 0) keys.push({ one, other, any: false });
  }
  return keys;
}

function relationsOf(region: JoinRegion, expression: Expression): RelationSet {
  const ids = columnIds(expression);
  return region.relations.reduce(
    (mask, { node }, index) => (outputColumns(node).some(({ id }) => ids.has(id)) ? mask | (1 << index) : mask),
    0,
  );
}

function columnIdsOf(region: JoinRegion, set: RelationSet): ReadonlySet<ColumnId> {
  return new Set(
    region.relations.flatMap(({ node }, index) =>
      (set & (1 << index)) !== 0 ? outputColumns(node).map(({ id }) => id) : [],
    ),
  );
}

/** What relates relations with each other, the joins of those that are not inner-joined included. */
function neighboursOf(region: JoinRegion): readonly RelationSet[] {
  const neighbours = region.relations.map(() => 0);
  for (const { relations } of region.predicates) relate(neighbours, relations);
  relateClasses(neighbours, region);
  for (const [index, { requires, join }] of region.relations.entries()) {
    if (join !== null) for (const part of bitsOf(requires)) relate(neighbours, part | (1 << index));
  }
  return neighbours;
}

/** What relates inner-joined relations with each other: these alone decide which cross products are unavoidable. */
function innerNeighboursOf(region: JoinRegion): readonly RelationSet[] {
  const neighbours = region.relations.map(() => 0);
  const inner = region.relations.reduce((mask, { join }, index) => (join === null ? mask | (1 << index) : mask), 0);
  for (const { relations } of region.predicates) relate(neighbours, relations & inner);
  relateClasses(neighbours, region);
  return neighbours;
}

function relateClasses(neighbours: RelationSet[], region: JoinRegion): void {
  for (const members of region.classes)
    relate(
      neighbours,
      members.reduce((set, { relation }) => set | (1 << relation), 0),
    );
}

function relate(neighbours: RelationSet[], set: RelationSet): void {
  for (const index of neighbours.keys())
    if ((set & (1 << index)) !== 0) neighbours[index] = (neighbours[index] as number) | (set & ~(1 << index));
}

function bitsOf(set: RelationSet): readonly RelationSet[] {
  const bits: RelationSet[] = [];
  for (let rest = set; rest !== 0; rest &= rest - 1) bits.push(rest & -rest);
  return bits;
}

function componentsOf(neighbours: readonly RelationSet[]): readonly RelationSet[] {
  const components: RelationSet[] = [];
  let seen = 0;
  for (const index of neighbours.keys()) {
    if ((seen & (1 << index)) !== 0) continue;
    let component = 1 << index;
    for (;;) {
      const grown = bitsOf(component).reduce(
        (set, bit) => set | (neighbours[31 - Math.clz32(bit)] as number),
        component,
      );
      if (grown === component) break;
      component = grown;
    }
    components.push(component);
    seen |= component;
  }
  return components;
}
