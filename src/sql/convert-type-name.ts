import type { TypeName as RawTypeName } from "libpg-query";
import type { TypeName } from "./ast.ts";
import { type ConvertContext, spanAt, textsOf, unsupported } from "./convert-context.ts";

export function convertTypeName(context: ConvertContext, raw: RawTypeName): TypeName {
  const span = spanAt(context, raw.location);
  if (raw.arrayBounds !== undefined) throw unsupported("array types are", span);
  if (raw.setof === true || raw.pct_type === true) throw unsupported("this form of type is", span);
  const names = textsOf(raw.names);
  if (names.length > 1 && names[0] !== "pg_catalog") throw unsupported("types in schemas are", span);
  const modifiers = (raw.typmods ?? []).map((modifier) => {
    if (!("A_Const" in modifier) || modifier.A_Const.ival === undefined)
      throw unsupported("this type modifier is", span);
    return modifier.A_Const.ival.ival ?? 0;
  });
  return { name: names.at(-1) ?? "", modifiers, span };
}
