/** Key words of our SQL that SQL:2003 does not have, which is what JDBC asks for. */
export const keywords: readonly string[] = [
  "ANALYZE",
  "EXPLAIN",
  "ILIKE",
  "LIMIT",
  "OFFSET",
  "REPLACE",
  "SHOW",
  "VIEW",
];
