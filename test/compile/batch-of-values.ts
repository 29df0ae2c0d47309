import { byteWidthOf } from "../../src/arrow/data-type.ts";
import type { Schema } from "../../src/arrow/schema.ts";
import type { Value } from "../../src/arrow/value.ts";
import { readValueAt } from "../../src/kernel/vector-values.ts";
import { writeValue } from "../../src/compile/value-memory.ts";
import type { Batch, Vector } from "../../src/kernel/batch.ts";
import type { Region, SlotMemory } from "../../src/kernel/slot-memory.ts";

/** Rows of values as a batch in a region; columns without NULLs have no validity. `selection` lists row numbers. */
export function batchOfValues(
  memory: SlotMemory,
  region: Region,
  schema: Schema,
  rows: readonly (readonly Value[])[],
  selection: readonly number[] | null,
): Batch {
  const vectors = schema.map(({ type }, column): Vector => {
    const width = byteWidthOf(type);
    const data = region.allocateZeroed(rows.length * width);
    const hasNull = rows.some((row) => row[column] === null);
    const validity = hasNull ? region.allocateZeroed(Math.ceil(rows.length / 64) * 8) : 0;
    rows.forEach((row, index) => {
      const value = row[column]!;
      if (value === null) return;
      if (hasNull) memory.u8[validity + (index >> 3)]! |= 1 << (index & 7);
      writeValue(memory, type, data + index * width, value, (byteSize) => region.allocate(byteSize));
    });
    return { type, data, validity };
  });
  if (selection === null) return { rowCount: rows.length, vectors, selection: 0 };
  const address = region.allocate(selection.length * 4);
  memory.u32.set(selection, address >>> 2);
  return { rowCount: selection.length, vectors, selection: address };
}

/** The values of a dense vector. */
export function valuesOfVector(memory: SlotMemory, { type, data, validity }: Vector, rowCount: number): Value[] {
  return Array.from({ length: rowCount }, (_, row) => {
    if (validity !== 0 && (memory.u8[validity + (row >> 3)]! & (1 << (row & 7))) === 0) return null;
    return readValueAt(memory, type, data + row * byteWidthOf(type));
  });
}
