import { must } from "../../common/assert.ts";
import { typeOf } from "../expression-properties.ts";
import type { AggregateCall } from "../expression.ts";
import type { GeneralAggregate } from "./general-aggregate.ts";
import { BitCombination, DistinctBits, PairMoments } from "./numeric-aggregates.ts";
import { HypotheticalRank, JoinedTexts, OrderedValue, ValueAtExtreme } from "./ordered-aggregates.ts";
import { parseOrder } from "./row-order.ts";
import { DistinctSketch, PercentileSketch } from "./sketches.ts";

/** Makes the state of a group for a call that general-aggregate-registry.ts has resolved. */
export function makeGeneralAggregate(call: AggregateCall): () => GeneralAggregate {
  const { name, args } = call;
  const types = args.map(typeOf);
  const last = args.at(-1);
  const order =
    last?.kind === "literal" && typeof last.value === "string" && last.value.includes(";") ? last.value : null;
  const rows = (firstKey: number) => {
    const { distinct, keys } = parseOrder(must(order, "the call carries its order"));
    return { distinct, description: { types, firstKey, orders: keys } };
  };
  switch (name) {
    case "string_agg": {
      const { distinct, description } = rows(2);
      return () => new JoinedTexts(description, distinct);
    }
    case "percentile_cont":
    case "percentile_disc":
    case "mode": {
      const { description } = rows(0);
      return () => new OrderedValue(description, name);
    }
    case "hypothetical_rank":
    case "hypothetical_dense_rank":
    case "hypothetical_percent_rank":
    case "hypothetical_cume_dist": {
      const { description } = rows((args.length - 1) / 2);
      return () => new HypotheticalRank(description, name);
    }
    case "min_by":
    case "max_by":
      return () => new ValueAtExtreme(types[1]!, name === "max_by");
    case "bit_and":
    case "bit_or":
    case "bit_xor": {
      const isBig = types[0]!.kind === "int64" || types[0]!.kind === "uint64";
      // Only in an exclusive or does it matter how often a value is there.
      const isDistinct = name === "bit_xor" && rows(1).distinct;
      return () => (isDistinct ? new DistinctBits(isBig) : new BitCombination(name, isBig));
    }
    case "approx_count_distinct":
      return () => new DistinctSketch();
    case "approx_percentile":
      return () => new PercentileSketch();
    default:
      return () => new PairMoments(name);
  }
}
