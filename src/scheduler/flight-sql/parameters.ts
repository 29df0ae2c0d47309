import { decodeSchema, schemaOfWireFields } from "../../arrow/arrow-schema.ts";
import { isFloat, isNumeric, sameType, typeName, type DataType } from "../../arrow/data-type.ts";
import { decodeBatch } from "../../arrow/read-batch.ts";
import type { Value } from "../../arrow/value.ts";
import { EngineError } from "../../common/engine-error.ts";
import { canCast, castValue } from "../../expr/cast-value.ts";
import { formatValue } from "../../expr/format-value.ts";
import type { FlightDataParts } from "../../flight/flight-data.ts";
import { messageHeaderOf } from "../../flight/ipc-message.ts";
import type { BoundRows } from "./prepared-statements.ts";

/** Reads a DoPut stream of parameters to its end; null when it holds no rows (clients without parameters send an empty batch). */
export async function readParameters(messages: AsyncIterable<FlightDataParts>): Promise<BoundRows | null> {
  let fields: ReturnType<typeof decodeSchema> | null = null;
  const rows: Value[][] = [];
  for await (const { header, body } of messages) {
    if (header.byteLength === 0) continue;
    const { kind } = messageHeaderOf(header);
    if (kind === "schema") fields = decodeSchema(header);
    else if (kind === "record_batch") {
      if (fields === null) throw new EngineError("invalid_argument", "parameters came before their schema");
      rows.push(...decodeBatch(fields, header, body));
    } else throw new EngineError("feature_not_supported", "dictionary-encoded parameters are not supported");
  }
  return fields === null || rows.length === 0 ? null : { schema: schemaOfWireFields(fields), rows };
}

/**
 * One row of bound values in the types that the statement wants. Throws invalid_parameter_value where a value would change,
 * since `column < 0.055` must not silently become `column < 0.06`.
 */
export function parameterValues(
  bound: BoundRows,
  row: readonly Value[],
  wanted: readonly DataType[],
): readonly Value[] {
  if (row.length !== wanted.length) {
    throw new EngineError(
      "undefined_parameter",
      `the statement has ${wanted.length} parameters, but ${row.length} values were bound`,
    );
  }
  return wanted.map((type, index) => {
    const value = row[index] ?? null;
    const from = bound.schema[index]?.type ?? type;
    try {
      return convert(value, from, type);
    } catch (thrown) {
      const error = EngineError.from(thrown);
      throw new EngineError(error.code, `parameter $${index + 1}: ${error.message}`, error.details, error);
    }
  });
}

function convert(value: Value, from: DataType, to: DataType): Value {
  if (value === null) return null;
  // A parameter whose type the statement leaves open is text, as an untyped literal is.
  if (to.kind === "null") return formatValue(from, value);
  if (sameType(from, to)) return value;
  if (!canCast(from, to)) {
    throw new EngineError(
      "datatype_mismatch",
      `a value of type ${typeName(from)} was bound where ${typeName(to)} is expected`,
    );
  }
  const converted = castValue(value, from, to);
  if (converted !== null && mustBeExact(from, to) && !sameValue(castValue(converted, to, from), value)) {
    const hint = `cast the parameter in the statement to the type of its values, such as cast($1 as ${typeName(from)})`;
    throw new EngineError(
      "invalid_parameter_value",
      `${formatValue(from, value)} cannot be exactly a ${typeName(to)}`,
      { hint },
    );
  }
  return converted;
}

/** Floats stand for the nearest value by nature, and text is parsed by the rules of its target. */
function mustBeExact(from: DataType, to: DataType): boolean {
  if (from.kind === "utf8" || to.kind === "utf8") return false;
  return !(isNumeric(from) && isFloat(to));
}

function sameValue(left: Value, right: Value): boolean {
  return left === right || (typeof left === "number" && Number.isNaN(left) && Number.isNaN(right));
}
