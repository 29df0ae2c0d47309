import { simpleType } from "../arrow/data-type.ts";
import type { CallExpression, Expression } from "../expr/expression.ts";
import { mapCase, parseLikePattern } from "../expr/interpreter/text-functions.ts";
import { pushComparison } from "./emit-comparison.ts";
import type { Emitter } from "./emitter.ts";
import { frameLocal } from "./frame.ts";
import type { Operand } from "./operand.ts";

const bool = simpleType("bool");
const utf8 = simpleType("utf8");

type EmitText = (emitter: Emitter, call: CallExpression, args: readonly Operand[]) => Operand;

/** Text functions with a kernel; the other ones (lpad, rpad, repeat, reverse, initcap, split_part, chr) use the interpreter. */
export const textEmitters: ReadonlyMap<string, EmitText> = new Map<string, EmitText>([
  ["length", (emitter, call, args) => number(emitter, call, args, "textLength")],
  ["strpos", (emitter, call, args) => number(emitter, call, args, "textPosition")],
  ["ascii", (emitter, call, args) => number(emitter, call, args, "textFirstCode")],
  ["octet_length", emitByteLength],
  ["starts_with", (emitter, call, args) => emitContains(emitter, call, args, 0)],
  ["ends_with", (emitter, call, args) => emitContains(emitter, call, args, 1)],
  ["contains", (emitter, call, args) => emitContains(emitter, call, args, 2)],
  ["substring", emitSubstring],
  ["left", (emitter, call, args) => part(emitter, call, args, "textLeft")],
  ["right", (emitter, call, args) => part(emitter, call, args, "textRight")],
  ["ltrim", (emitter, call, args) => emitTrim(emitter, call, args, 1)],
  ["rtrim", (emitter, call, args) => emitTrim(emitter, call, args, 2)],
  ["btrim", (emitter, call, args) => emitTrim(emitter, call, args, 3)],
  ["lower", (emitter, call, args) => emitMapCase(emitter, call, args, 0)],
  ["upper", (emitter, call, args) => emitMapCase(emitter, call, args, 1)],
  ["concat", emitConcat],
  ["replace", emitReplace],
  ["like", emitLike],
  ["ilike", emitInsensitiveLike],
]);

/** An int32 from a kernel that takes views. */
function number(emitter: Emitter, call: CallExpression, args: readonly Operand[], kernel: string): Operand {
  return emitter.strict(call.type, args, false, () => {
    const low = emitter.store("i32", () => {
      for (const arg of args) emitter.pushLow(arg);
      emitter.call("kernel", kernel, `${"i".repeat(args.length)}:i`);
    });
    return { type: call.type, low, high: null, isNull: null };
  });
}

function emitByteLength(emitter: Emitter, call: CallExpression, [arg]: readonly Operand[]): Operand {
  return emitter.strict(call.type, [arg!], true, () => {
    const low = emitter.store("i32", () => {
      emitter.pushLow(arg!);
      emitter.code.access("i32.load");
    });
    return { type: call.type, low, high: null, isNull: null };
  });
}

function emitContains(emitter: Emitter, _call: CallExpression, args: readonly Operand[], where: number): Operand {
  return emitter.strict(bool, args, false, () => contains(emitter, args[0]!, args[1]!, where));
}

function contains(emitter: Emitter, text: Operand, searched: Operand, where: number): Operand {
  const low = emitter.store("i32", () => {
    emitter.pushLow(text);
    emitter.pushLow(searched);
    emitter.code.i32(where);
    emitter.call("kernel", "textContains", "iii:i");
  });
  return { type: bool, low, high: null, isNull: null };
}

/** A view into the argument's bytes, from a kernel that takes a view and a count. */
function part(emitter: Emitter, call: CallExpression, args: readonly Operand[], kernel: string): Operand {
  return emitter.strict(utf8, args, false, () => {
    const out = emitter.scratch();
    for (const arg of args) emitter.pushLow(arg);
    emitter.pushFrame(out);
    emitter.call("kernel", kernel, "ili:");
    return { type: call.type, low: { kind: "frame", offset: out }, high: null, isNull: null };
  });
}

function emitSubstring(emitter: Emitter, call: CallExpression, args: readonly Operand[]): Operand {
  const { code } = emitter;
  const [text, start, count] = args;
  return emitter.strict(utf8, args, false, () => {
    if (count !== undefined && !(count.low.kind === "constant" && BigInt(count.low.value) >= 0n)) {
      emitter.pushLow(count);
      code.i64(0n);
      code.op("i64.lt_s");
      emitter.raiseIf(call, "invalid_parameter_value", "negative substring length not allowed");
    }
    const out = emitter.scratch();
    emitter.pushLow(text!);
    emitter.pushLow(start!);
    if (count === undefined) code.i64(2n ** 63n - 1n);
    else emitter.pushLow(count);
    emitter.pushFrame(out);
    emitter.call("kernel", "textSubstring", "illi:");
    return { type: utf8, low: { kind: "frame", offset: out }, high: null, isNull: null };
  });
}

function emitTrim(emitter: Emitter, _call: CallExpression, args: readonly Operand[], mode: number): Operand {
  return emitter.strict(utf8, args, false, () => {
    const out = emitter.scratch();
    for (const arg of args) emitter.pushLow(arg);
    emitter.code.i32(mode);
    emitter.pushFrame(out);
    emitter.call("kernel", "textTrim", "iiii:");
    return { type: utf8, low: { kind: "frame", offset: out }, high: null, isNull: null };
  });
}

/** Calls a kernel that writes bytes into the heap (status 0), until the heap is large enough (status 1). */
export function heapKernel(
  emitter: Emitter,
  expression: Expression,
  kernel: string,
  signature: string,
  pushArguments: () => void,
): { out: number; status: number } {
  const { code } = emitter;
  const out = emitter.scratch();
  const status = code.local("i32");
  code.loop((again) => {
    pushArguments();
    emitter.pushFrame(out);
    code.get(frameLocal);
    emitter.call("kernel", kernel, signature);
    code.tee(status);
    code.i32(1);
    code.op("i32.eq");
    code.if(() => {
      emitter.call("host", "growHeap", ":");
      code.br(again);
    });
  });
  code.get(status);
  code.i32(2);
  code.op("i32.eq");
  emitter.raiseIf(expression, "numeric_value_out_of_range", "requested length too large");
  return { out, status };
}

function emitMapCase(emitter: Emitter, call: CallExpression, args: readonly Operand[], upper: number): Operand {
  const { code } = emitter;
  return emitter.strict(utf8, args, false, () => {
    const { out, status } = heapKernel(emitter, call, "textMapCase", "iiii:i", () => {
      emitter.pushLow(args[0]!);
      code.i32(upper);
    });
    const result = emitter.variable(utf8);
    code.get(status);
    code.if(
      () => emitter.assign(result, emitter.fallbackValue(call, args)),
      () => {
        emitter.pushFrame(out);
        code.set(result.low.local);
      },
    );
    return result;
  });
}

function emitConcat(emitter: Emitter, call: CallExpression, args: readonly Operand[]): Operand {
  const { code } = emitter;
  return emitter.strict(utf8, args, false, () => {
    const list = emitter.scratch(args.length * 4);
    args.forEach((arg, index) => {
      code.get(frameLocal);
      emitter.pushLow(arg);
      code.access("i32.store", list + index * 4);
    });
    const { out } = heapKernel(emitter, call, "textConcat", "iiii:i", () => {
      emitter.pushFrame(list);
      code.i32(args.length);
    });
    return { type: utf8, low: { kind: "frame", offset: out }, high: null, isNull: null };
  });
}

function emitReplace(emitter: Emitter, call: CallExpression, args: readonly Operand[]): Operand {
  return emitter.strict(utf8, args, false, () => {
    const { out } = heapKernel(emitter, call, "textReplace", "iiiii:i", () => {
      for (const arg of args) emitter.pushLow(arg);
    });
    return { type: utf8, low: { kind: "frame", offset: out }, high: null, isNull: null };
  });
}

function emitLike(emitter: Emitter, call: CallExpression, args: readonly Operand[]): Operand {
  return emitter.strict(bool, args, false, () => like(emitter, call, args[0]!, args[1]!, constantText(call.args[1]!)));
}

function constantText(expression: Expression): string | null {
  return expression.kind === "literal" && typeof expression.value === "string" ? expression.value : null;
}

function emitInsensitiveLike(emitter: Emitter, call: CallExpression): Operand {
  const lower = (text: Expression): Expression => {
    const constant = constantText(text);
    if (constant !== null) return { kind: "literal", type: utf8, value: mapCase(constant, false) };
    return { kind: "call", name: "lower", args: [text], type: utf8 };
  };
  return emitter.emit({ ...call, name: "like", args: call.args.map(lower) });
}

/** LIKE: by what the pattern is when it is a constant, else by the general matcher. */
function like(
  emitter: Emitter,
  call: CallExpression,
  text: Operand,
  pattern: Operand,
  constant: string | null,
): Operand {
  const parts = constant === null ? null : splitPattern(constant);
  const done = (low: Operand["low"]): Operand => ({ type: bool, low, high: null, isNull: null });
  if (parts === null) return generalLike(emitter, call, text, pattern);
  const texts = parts.texts.map((value) => emitter.emit({ kind: "literal", type: utf8, value }));
  if (parts.isWhole) return done(emitter.store("i32", () => pushComparison(emitter, "eq", text, texts[0]!)));
  if (texts.length === 0) return done({ kind: "constant", value: 1 });
  if (texts.length === 1) return contains(emitter, text, texts[0]!, parts.startsText ? 0 : parts.endsText ? 1 : 2);
  const flags = (parts.startsText ? 1n : 0n) | (parts.endsText ? 2n : 0n);
  const header = emitter.constants.words([BigInt(texts.length) | (flags << 32n), 0n]);
  emitter.constants.views(utf8, parts.texts);
  return done(
    emitter.store("i32", () => {
      emitter.pushLow(text);
      emitter.pushFrame(header);
      emitter.call("kernel", "likeParts", "ii:i");
    }),
  );
}

function generalLike(emitter: Emitter, call: CallExpression, text: Operand, pattern: Operand): Operand {
  const { code } = emitter;
  const result = emitter.storeLocal("i32", () => {
    emitter.pushLow(text);
    emitter.pushLow(pattern);
    emitter.call("kernel", "likeAny", "ii:i");
  });
  code.get(result);
  code.i32(2);
  code.op("i32.eq");
  emitter.raiseIf(call, "invalid_parameter_value", "LIKE pattern must not end with escape character");
  return { type: bool, low: { kind: "local", local: result }, high: null, isNull: null };
}

type PatternParts = {
  readonly texts: readonly string[];
  readonly startsText: boolean;
  readonly endsText: boolean;
  readonly isWhole: boolean;
};

/** The literal texts between the `%` of a pattern; null for one with `_` or one that ends with the escape character. */
function splitPattern(pattern: string): PatternParts | null {
  if (/(^|[^\\])(\\\\)*\\$/.test(pattern)) return null;
  const elements = parseLikePattern(pattern);
  if (elements.some((element) => element.kind === "any")) return null;
  const texts: string[] = [];
  let current = "";
  for (const element of elements) {
    if (element.kind === "character") {
      current += element.character;
    } else {
      if (current !== "") texts.push(current);
      current = "";
    }
  }
  const isWhole = !elements.some((element) => element.kind === "rest");
  if (current !== "" || isWhole) texts.push(current);
  return {
    texts,
    startsText: elements[0]?.kind === "character",
    endsText: elements.at(-1)?.kind === "character",
    isWhole,
  };
}
