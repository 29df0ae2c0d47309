/** Rows as text: NULL is null, everything else what a cast to varchar gives in PostgreSQL. */
export type SqlResult = {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (string | null)[])[];
};

/** Anything that answers SQL: ours, or the oracle. Statements without rows give none; a failing one rejects. */
export interface SqlEngine {
  /** What `skipif` and `onlyif` in the .slt files call it. */
  readonly name: string;
  run(sql: string): Promise<SqlResult>;
  close(): Promise<void>;
}
