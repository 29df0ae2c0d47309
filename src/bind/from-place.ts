import type { LogicalNode } from "../logical/logical-node.ts";
import type { BindContext } from "./bind-context.ts";
import { type CommonTables, type Namespace, Scope } from "./scope.ts";

export type BoundFrom = { readonly plan: LogicalNode; readonly namespace: Namespace };

/** What the items of a FROM clause see: the query's surroundings, and what stands to their left for LATERAL. */
export type FromPlace = {
  readonly context: BindContext;
  readonly commonTables: CommonTables | null;
  readonly outer: Scope | null;
  readonly lateral: Scope | null;
};

/** The place of an item to the right of `left`, which it sees if it is lateral. */
export function besides(place: FromPlace, left: Namespace): FromPlace {
  const scope = new Scope(left, place.lateral ?? place.outer, place.commonTables, "FROM");
  return { ...place, lateral: scope };
}
