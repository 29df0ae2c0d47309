/** Rows as text: SQL NULL is null, everything else what the engine would print. */
export type TextRow = readonly (string | null)[];

/** How the values of a column may differ: `approximate` where the oracle computed them as floating point. */
export type ColumnKind = "text" | "exact" | "approximate";

export type ExpectedAnswer = {
  readonly columns: readonly { readonly name: string; readonly kind: ColumnKind }[];
  /** In order, and beyond `limit` so far as ties may reach. */
  readonly rows: readonly TextRow[];
  readonly orderColumns: readonly number[];
  readonly limit: number | undefined;
};

const relativeTolerance = 1e-9;
const differencesMax = 10;

/** The same for equal numbers, however many zeros they are written with. */
function canonicalNumber(text: string): string {
  const match = /^([+-]?)0*(\d*)(?:\.(\d*?)0*)?$/.exec(text);
  if (match === null) return text;
  const whole = match[2] === "" ? "0" : match[2]!;
  const fraction = match[3] ?? "";
  const number = fraction === "" ? whole : `${whole}.${fraction}`;
  return match[1] === "-" && number !== "0" ? `-${number}` : number;
}

/**
 * Equal up to the tolerance, or up to one unit in the last place of a decimal with at least six fraction digits: engines
 * round or cut an exact quotient to its type's scale, the oracle keeps it as floating point.
 */
function nearlyEqual(actual: string, expected: string): boolean {
  const difference = Math.abs(Number(actual) - Number(expected));
  const scale = /^-?\d+\.(\d{6,})$/.exec(actual)?.[1]?.length;
  const rounding = scale === undefined ? 0 : 1.000001 * 10 ** -scale;
  return difference <= Math.max(rounding, relativeTolerance * Math.abs(Number(expected)));
}

/** Equality of one value's texts, as far as its column's kind demands it. */
export function sameCell(kind: ColumnKind, actual: string | null, expected: string | null): boolean {
  if (actual === null || expected === null) return actual === expected;
  if (kind === "text") return actual === expected;
  if (kind === "exact") return canonicalNumber(actual) === canonicalNumber(expected);
  return canonicalNumber(actual) === canonicalNumber(expected) || nearlyEqual(actual, expected);
}

function print(row: TextRow): string {
  return row.map((cell) => cell ?? "NULL").join(" | ");
}

/**
 * What is wrong with the rows of a query, in words; empty when nothing is. Rows that are equal in all of the columns the
 * query is ordered by form a run and may come in any order, and a limit may take any of the run it cuts.
 */
export function compareAnswer(expected: ExpectedAnswer, actual: readonly TextRow[]): string[] {
  const rowCount = Math.min(expected.rows.length, expected.limit ?? Infinity);
  const differences: string[] = [];
  if (actual.length !== rowCount) differences.push(`${actual.length} rows, expected ${rowCount}`);
  const width = expected.columns.length;
  if (actual.some((row) => row.length !== width)) {
    return [...differences, `${actual[0]?.length} columns, expected ${width}`];
  }
  const same = (columns: Iterable<number>, left: TextRow, right: TextRow): boolean => {
    for (const column of columns) {
      if (!sameCell(expected.columns[column]!.kind, left[column]!, right[column]!)) return false;
    }
    return true;
  };
  const allColumns = expected.columns.map((_, index) => index);
  for (let start = 0; start < Math.min(rowCount, actual.length);) {
    let end = start + 1;
    while (end < expected.rows.length && same(expected.orderColumns, expected.rows[end]!, expected.rows[start]!)) end++;
    const left = expected.rows.slice(start, end);
    for (let index = start; index < Math.min(end, rowCount, actual.length); index++) {
      const position = left.findIndex((row) => same(allColumns, actual[index]!, row));
      if (position >= 0) left.splice(position, 1);
      else differences.push(`row ${index + 1}: got ${print(actual[index]!)}; expected ${print(expected.rows[index]!)}`);
    }
    start = end;
  }
  const rest = differences.length - differencesMax;
  return rest > 0 ? [...differences.slice(0, differencesMax), `… and ${rest} more differences`] : differences;
}
