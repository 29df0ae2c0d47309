/** Months, days and microseconds are kept apart, as PostgreSQL does: a month has no fixed number of days. */
export type Interval = { readonly months: number; readonly days: number; readonly micros: bigint };

/**
 * One SQL value in JavaScript, used in plans and messages, never per row of a table:
 * boolean for bool; number for int8..int32, uint8..uint32, float32/64 and date (days since 1970-01-01);
 * bigint for int64, uint64, decimal (unscaled), time (µs since midnight), timestamp and timestamptz (µs since the
 * epoch, UTC); Interval; string for utf8; Uint8Array for binary; null for SQL NULL of any type.
 */
export type Value = null | boolean | number | bigint | string | Uint8Array | Interval;
