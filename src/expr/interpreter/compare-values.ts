import type { DataType } from "../../arrow/data-type.ts";
import type { Interval, Value } from "../../arrow/value.ts";
import { microsPerDay } from "../calendar.ts";

/**
 * Order of two non-NULL values of one type: negative, 0 or positive. Text compares by its UTF-8 bytes; NaN equals NaN
 * and is greater than every number; an interval's month counts 30 days and its day 24 hours.
 */
export function compareValues(type: DataType, left: Value, right: Value): number {
  switch (type.kind) {
    case "utf8":
      return Buffer.compare(Buffer.from(left as string, "utf8"), Buffer.from(right as string, "utf8"));
    case "binary":
      return Buffer.compare(left as Uint8Array, right as Uint8Array);
    case "interval":
      return sign(spanOfInterval(left as Interval) - spanOfInterval(right as Interval));
    case "float32":
    case "float64":
      return compareFloats(left as number, right as number);
    default: {
      const first = left as number | bigint | boolean;
      const second = right as number | bigint | boolean;
      return first < second ? -1 : first > second ? 1 : 0;
    }
  }
}

function compareFloats(left: number, right: number): number {
  if (Number.isNaN(left)) return Number.isNaN(right) ? 0 : 1;
  if (Number.isNaN(right)) return -1;
  return left < right ? -1 : left > right ? 1 : 0;
}

function spanOfInterval({ months, days, micros }: Interval): bigint {
  return (BigInt(months) * 30n + BigInt(days)) * microsPerDay + micros;
}

function sign(value: bigint): number {
  return value < 0n ? -1 : value > 0n ? 1 : 0;
}
