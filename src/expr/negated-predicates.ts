/**
 * The predicate that is true exactly where another is false, by function name. Floats are total-ordered in comparisons as
 * PostgreSQL orders them (NaN is the greatest), so these hold for them too.
 */
export const negatedPredicates: Readonly<Record<string, string>> = {
  eq: "ne",
  ne: "eq",
  lt: "ge",
  ge: "lt",
  gt: "le",
  le: "gt",
  is_null: "is_not_null",
  is_not_null: "is_null",
  is_distinct_from: "is_not_distinct_from",
  is_not_distinct_from: "is_distinct_from",
};
