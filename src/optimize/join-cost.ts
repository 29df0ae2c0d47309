import { must } from "../common/assert.ts";
import type { Expression } from "../expr/expression.ts";
import { estimate, rowByteSize } from "./estimate.ts";
import { joinDomain, keySelectivity, matchFraction, residualSelectivity } from "./join-selectivity.ts";
import type { JoinSide, KeyPair } from "./join-selectivity.ts";
import type { JoinRegion, Relation, RelationSet } from "./join-region.ts";
import { selectivity } from "./selectivity.ts";
import { splitCondition } from "./split-condition.ts";

/** A side as the cost of joining it is computed: the rows that a set of relations, joined, has, and their width. */
export type SetSize = { readonly rows: number; readonly rowBytes: number };

/** Rows of sets of relations. A set has the same rows however it was joined, so each is computed once. */
export class RegionEstimates {
  readonly #region: JoinRegion;
  readonly #sides: readonly JoinSide[];
  readonly #widths: readonly number[];
  readonly #rows = new Map<RelationSet, number>();
  readonly #sizes = new Map<RelationSet, SetSize>();
  /** For a relation that is not inner-joined: by what joining it multiplies the rows. */
  readonly #factors: readonly number[];

  constructor(region: JoinRegion) {
    this.#region = region;
    this.#sides = region.relations.map(({ node }) => estimate(node));
    this.#widths = region.relations.map(({ node, join }) =>
      join === null || join.joinType === "left" || join.joinType === "single" ? rowByteSize(node) : 0,
    );
    this.#factors = region.relations.map((relation, index) => this.#factorOf(relation, index));
  }

  size(set: RelationSet): SetSize {
    let size = this.#sizes.get(set);
    if (size === undefined) this.#sizes.set(set, (size = this.#computeSize(set)));
    return size;
  }

  #computeSize(set: RelationSet): SetSize {
    let rowBytes = 0;
    for (const [index, width] of this.#widths.entries()) if ((set & (1 << index)) !== 0) rowBytes += width;
    return { rows: this.rows(set), rowBytes };
  }

  /** The rows and width of a relation by itself. */
  relationSize(index: number): SetSize {
    const relation = must(this.#region.relations[index], "a relation of the region");
    return { rows: must(this.#sides[index], "a side").rows, rowBytes: rowByteSize(relation.node) };
  }

  rows(set: RelationSet): number {
    let rows = this.#rows.get(set);
    if (rows === undefined) this.#rows.set(set, (rows = Math.max(this.#computeRows(set), 1e-3)));
    return rows;
  }

  #computeRows(set: RelationSet): number {
    let rows = 1;
    let joined: RelationSet = 0;
    for (const [index, relation] of this.#region.relations.entries()) {
      const bit = 1 << index;
      if ((set & bit) === 0 || relation.join !== null) continue;
      const side = must(this.#sides[index], "a side");
      rows *= side.rows * this.#classSelectivity(joined, index, side);
      joined |= bit;
    }
    for (const [index, factor] of this.#factors.entries()) if ((set & (1 << index)) !== 0) rows *= factor;
    for (const { predicate, relations } of this.#region.predicates) {
      if ((relations & ~set) === 0) rows *= this.#predicateSelectivity(predicate, relations);
    }
    return rows;
  }

  /** Of the pairs of a row of `joined` and one of the relation, the part that agrees in the columns known to be equal. */
  #classSelectivity(joined: RelationSet, index: number, side: JoinSide): number {
    const pairs: KeyPair[] = [];
    const columns = new Map(side.columns);
    for (const members of this.#region.classes) {
      const own = members.find(({ relation }) => relation === index);
      if (own === undefined) continue;
      const ownColumn = side.columns.get(own.column.id);
      let best: { readonly pair: KeyPair; readonly domain: number } | null = null;
      for (const { column, relation } of members) {
        if ((joined & (1 << relation)) === 0) continue;
        const other = this.#sides[relation]?.columns.get(column.id);
        if (other === undefined || ownColumn === undefined) continue;
        columns.set(column.id, other);
        const domain = joinDomain(other, ownColumn);
        if (best === null || domain < best.domain) best = { pair: { left: column, right: own.column }, domain };
      }
      if (best !== null) pairs.push(best.pair);
    }
    return pairs.length === 0 ? 1 : keySelectivity(pairs, { rows: Infinity, columns }, side);
  }

  #predicateSelectivity(predicate: Expression, relations: RelationSet): number {
    return selectivity(predicate, this.#sideOf(relations).columns);
  }

  #sideOf(set: RelationSet): JoinSide {
    const parts = this.#sides.filter((_, index) => (set & (1 << index)) !== 0);
    return {
      rows: Math.max(0, ...parts.map((part) => part.rows)),
      columns: new Map(parts.flatMap((part) => [...part.columns])),
    };
  }

  #factorOf({ join, requires }: Relation, index: number): number {
    if (join === null) return 1;
    const left = this.#sideOf(requires);
    const right = must(this.#sides[index], "a side");
    const { pairs, residual } = splitCondition(
      join.condition,
      new Set(left.columns.keys()),
      new Set(right.columns.keys()),
    );
    switch (join.joinType) {
      case "semi":
        return matchFraction(pairs, residual, left, right);
      case "anti":
        return Math.max(0.1, 1 - matchFraction(pairs, residual, left, right));
      case "left":
        return Math.max(
          1,
          right.rows *
            (pairs.length === 0 ? 1 : keySelectivity(pairs, left, right)) *
            residualSelectivity(residual, left, right),
        );
      default:
        return 1;
    }
  }
}

/** A build side of about this size is sent to all tasks rather than both sides partitioned. */
const mostBroadcastBytes = 24e6;

/** Costs are in units of one row looked up in a hash table that fits the cache. */
export function joinCost(left: SetSize, right: SetSize, outputRows: number, hasKeys: boolean): number {
  const output = outputRows * (0.5 + 0.01 * Math.min(200, left.rowBytes + right.rowBytes));
  if (!hasKeys) return left.rows * right.rows * 0.3 + output;
  const [probe, build] = left.rows * left.rowBytes >= right.rows * right.rowBytes ? [left, right] : [right, left];
  // A table beyond the cache costs a miss a probe; one beyond what is broadcast has both sides shuffled.
  const probeCost = 1 + Math.max(0, Math.min(3, Math.log10(Math.max(1, build.rows) / 50_000)));
  const bytes = build.rows * build.rowBytes;
  const shuffled =
    bytes > mostBroadcastBytes ? (probe.rows * probe.rowBytes + bytes) * 0.05 + probe.rows + build.rows : 0;
  return probe.rows * probeCost + build.rows * (2 + build.rowBytes / 32) + shuffled + output;
}
