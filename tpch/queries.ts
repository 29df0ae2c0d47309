import { readFileSync } from "node:fs";

/** One TPC-H query as it is sent, with what is needed to compare its rows. */
export type TpchQuery = {
  readonly number: number;
  readonly name: string;
  readonly sql: string;
  /** Positions of the output columns it is ordered by; rows equal in these may come in any order. */
  readonly orderColumns: readonly number[];
  readonly limit: number | undefined;
};

export const queryNumbers: readonly number[] = Array.from({ length: 22 }, (_, index) => index + 1);

const orderColumns: Readonly<Record<number, readonly number[]>> = {
  1: [0, 1],
  2: [0, 2, 1, 3],
  3: [1, 2],
  4: [0],
  5: [1],
  7: [0, 1, 2],
  8: [0],
  9: [0, 1],
  10: [2],
  11: [1],
  12: [0],
  13: [1, 0],
  15: [0],
  16: [3, 0, 1, 2],
  18: [4, 3],
  20: [0],
  21: [1, 0],
  22: [0],
};

/** The specification makes query 11's fraction depend on the scale factor; the file has the one of scale 1. */
function fractionOf(scale: number): string {
  return (0.0001 / scale).toFixed(12).replace(/0+$/, "");
}

export function tpchQuery(number: number, scale: number): TpchQuery {
  const name = `q${String(number).padStart(2, "0")}`;
  const text = readFileSync(new URL(`queries/${name}.sql`, import.meta.url), "utf8").trim();
  const sql = number === 11 ? text.replace("0.0001", fractionOf(scale)) : text;
  const limit = /\blimit (\d+)$/.exec(sql)?.[1];
  return {
    number,
    name,
    sql,
    orderColumns: orderColumns[number] ?? [],
    limit: limit === undefined ? undefined : Number(limit),
  };
}

/** Query numbers from a list such as `1,5,9-11`; all 22 without one. */
export function parseQueryNumbers(list: string | undefined): readonly number[] {
  if (list === undefined) return queryNumbers;
  return list.split(",").flatMap((part) => {
    const [first, last] = part.split("-").map(Number);
    const numbers = queryNumbers.filter((number) => number >= first! && number <= (last ?? first!));
    if (numbers.length === 0) throw new Error(`no such query: ${part}`);
    return numbers;
  });
}
