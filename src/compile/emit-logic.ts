import { isTemporal, isNumeric, simpleType } from "../arrow/data-type.ts";
import type { Value } from "../arrow/value.ts";
import { typeOf } from "../expr/expression-properties.ts";
import type {
  CallExpression,
  CaseExpression,
  Expression,
  InListExpression,
  LogicExpression,
} from "../expr/expression.ts";
import { compareValues } from "../expr/interpreter/compare-values.ts";
import { comparisonNames, pushComparison } from "./emit-comparison.ts";
import type { Emitter } from "./emitter.ts";
import { classOf, localAtom, type Operand } from "./operand.ts";

const bool = simpleType("bool");

/** Whether an expression is so cheap, and free of errors, that computing it always beats a branch around it. */
export function isCheap(expression: Expression): boolean {
  switch (expression.kind) {
    case "input":
    case "literal":
      return classOf(typeOf(expression)) !== "view";
    case "call":
      return (
        (comparisonNames.has(expression.name) || ["not", "is_null", "is_not_null"].includes(expression.name)) &&
        expression.args.every(isLeaf)
      );
    default:
      return false;
  }
}

function isLeaf(expression: Expression): boolean {
  const type = typeOf(expression);
  const isFlat = isNumeric(type) || isTemporal(type) || type.kind === "bool";
  return (expression.kind === "input" || expression.kind === "literal") && isFlat;
}

/** AND and OR: arguments after the first expensive one are only computed while the outcome is open. */
export function emitLogic(emitter: Emitter, expression: LogicExpression): Operand {
  const { code } = emitter;
  const isOr = expression.kind === "or";
  const [first, ...rest] = expression.args;
  const head = emitter.emit(first!);
  const value = emitter.variable(bool);
  const nullLocal = code.local("i32");
  let mayBeNull = false;
  code.block((done) => {
    const take = (operand: Operand): void => {
      if (operand.isNull === "always") {
        mayBeNull = true;
        code.i32(1);
        code.set(nullLocal);
        return;
      }
      // Decided: true for OR, false for AND.
      emitter.pushLow(operand);
      if (!isOr) code.op("i32.eqz");
      if (operand.isNull !== null) {
        code.get(operand.isNull.local);
        code.op("i32.eqz");
        code.op("i32.and");
      }
      code.if(() => {
        code.i32(isOr ? 1 : 0);
        code.set(value.low.local);
        code.i32(0);
        code.set(nullLocal);
        code.br(done);
      });
      if (operand.isNull === null) return;
      mayBeNull = true;
      code.get(operand.isNull.local);
      code.get(nullLocal);
      code.op("i32.or");
      code.set(nullLocal);
    };
    code.i32(0);
    code.set(nullLocal);
    emitter.conditionally(() => {
      take(head);
      for (const arg of rest) take(emitter.emit(arg));
    });
    code.i32(isOr ? 0 : 1);
    code.set(value.low.local);
  });
  return { ...value, isNull: mayBeNull ? { local: nullLocal } : null };
}

/** Pushes 1 if the expression is true, else 0; a chain of cheap conjuncts is one branch-free chain. */
export function pushTruth(emitter: Emitter, expression: Expression): void {
  if (expression.kind === "and" && expression.args.every(isCheap)) {
    expression.args.forEach((arg, index) => {
      emitter.pushIsTrue(emitter.emit(arg));
      if (index > 0) emitter.code.op("i32.and");
    });
    return;
  }
  emitter.pushIsTrue(emitter.emit(expression));
}

/** A value chosen on some path: an operand's value and NULL go into one variable. */
class Choice {
  readonly #emitter: Emitter;
  readonly #value: Operand;
  readonly #nullLocal: number;
  #mayBeNull = false;

  constructor(emitter: Emitter, type: Operand["type"]) {
    this.#emitter = emitter;
    this.#value = emitter.variable(type);
    this.#nullLocal = emitter.code.local("i32");
  }

  take(operand: Operand): void {
    const { code } = this.#emitter;
    if (operand.isNull !== "always") this.#emitter.assign(this.#value, operand);
    if (operand.isNull !== null) this.#mayBeNull = true;
    this.#emitter.pushNull(operand);
    code.set(this.#nullLocal);
  }

  result(): Operand {
    return { ...this.#value, isNull: this.#mayBeNull ? { local: this.#nullLocal } : null };
  }
}

export function emitCase(emitter: Emitter, expression: CaseExpression): Operand {
  const { code } = emitter;
  const choice = new Choice(emitter, expression.type);
  code.block((done) => {
    emitter.conditionally(() => {
      for (const { when, then } of expression.branches) {
        pushTruth(emitter, when);
        code.if(() => {
          emitter.conditionally(() => choice.take(emitter.emit(then)));
          code.br(done);
        });
      }
      choice.take(emitter.emit(expression.otherwise));
    });
  });
  return choice.result();
}

/** The first argument that is not NULL; later ones are only computed when needed. */
export function emitCoalesce(emitter: Emitter, call: CallExpression): Operand {
  const { code } = emitter;
  const first = emitter.emit(call.args[0]!);
  if (first.isNull === null) return first;
  const value = emitter.variable(call.type);
  const nullLocal = code.local("i32");
  let isNull: Operand["isNull"] = { local: nullLocal };
  code.block((done) => {
    emitter.conditionally(() => {
      for (const [index, arg] of call.args.entries()) {
        const operand = index === 0 ? first : emitter.emit(arg);
        if (operand.isNull === "always") continue;
        emitter.assign(value, operand);
        code.i32(0);
        code.set(nullLocal);
        if (operand.isNull === null) {
          isNull = null;
          return;
        }
        code.get(operand.isNull.local);
        code.op("i32.eqz");
        code.brIf(done);
      }
      code.i32(1);
      code.set(nullLocal);
    });
  });
  return { ...value, isNull };
}

/** greatest and least: NULLs are skipped. */
export function emitExtreme(emitter: Emitter, call: CallExpression): Operand {
  const { code } = emitter;
  const operands = call.args.map((arg) => emitter.emit(arg)).filter((operand) => operand.isNull !== "always");
  if (operands.length === 0) return emitter.nothing(call.type);
  const best = emitter.variable(call.type);
  const missing = code.local("i32");
  code.i32(1);
  code.set(missing);
  for (const operand of operands) {
    const replace = (): void => {
      emitter.assign(best, operand);
      code.i32(0);
      code.set(missing);
    };
    const consider = (): void => {
      code.get(missing);
      code.if(replace, () => {
        pushComparison(emitter, call.name === "greatest" ? "gt" : "lt", operand, best);
        code.if(replace);
      });
    };
    if (operand.isNull === null) {
      consider();
    } else {
      emitter.pushNull(operand);
      code.op("i32.eqz");
      code.if(consider);
    }
  }
  const neverNull = operands.some((operand) => operand.isNull === null);
  return { ...best, isNull: neverNull ? null : { local: missing } };
}

/** Longest list that is compared one by one. */
const chainLengthMax = 8;

export function emitInList(emitter: Emitter, expression: InListExpression): Operand {
  const { code } = emitter;
  const arg = emitter.emit(expression.arg);
  const type = typeOf(expression.arg);
  const values = expression.values.filter((value) => value !== null);
  if (expression.values.length === 0) return emitter.emit({ kind: "literal", type: bool, value: false });
  const found = emitter.strict(bool, [arg], classOf(type) !== "view", () => ({
    type: bool,
    low: emitter.store("i32", () => pushIsAmong(emitter, arg, values)),
    high: null,
    isNull: null,
  }));
  if (values.length === expression.values.length || found.isNull === "always") return found;
  // A miss is NULL when the list has one.
  const nullLocal = emitter.storeLocal("i32", () => {
    emitter.pushLow(found);
    code.op("i32.eqz");
    emitter.pushNull(found);
    code.op("i32.or");
  });
  return { ...found, isNull: { local: nullLocal } };
}

function pushIsAmong(emitter: Emitter, arg: Operand, values: readonly Value[]): void {
  const { code } = emitter;
  const { type } = arg;
  const valueClass = classOf(type);
  const isText = type.kind === "utf8";
  if (values.length > chainLengthMax && isText) {
    const sorted = values.toSorted((left, right) => compareHeads(left as string, right as string));
    emitter.pushLow(arg);
    emitter.pushFrame(emitter.constants.views(type, sorted));
    code.i32(sorted.length);
    return emitter.call("kernel", "textIsAmong", "iii:i");
  }
  if (values.length > chainLengthMax && (valueClass === "int" || valueClass === "long") && type.kind !== "uint64") {
    const sorted = values.map((value) => BigInt(value as number)).toSorted((left, right) => (left < right ? -1 : 1));
    emitter.pushLow(arg);
    if (valueClass === "int") code.op(type.kind === "uint32" ? "i64.extend_i32_u" : "i64.extend_i32_s");
    emitter.pushFrame(emitter.constants.words(sorted));
    code.i32(sorted.length);
    return emitter.call("kernel", "numberIsAmong", "lii:i");
  }
  if (values.length === 0) return code.i32(0);
  const distinct = values.filter(
    (value, index) => values.findIndex((other) => compareValues(type, other, value) === 0) === index,
  );
  distinct.forEach((value, index) => {
    pushComparison(emitter, "eq", arg, emitter.emit({ kind: "literal", type, value }));
    if (index > 0) code.op("i32.or");
  });
}

/** Order of the first 8 bytes of two texts' views as unsigned little-endian words. */
function compareHeads(left: string, right: string): number {
  const head = (text: string): bigint => {
    const bytes = Buffer.alloc(8);
    const utf8 = Buffer.from(text, "utf8");
    bytes.writeUInt32LE(utf8.length);
    utf8.copy(bytes, 4, 0, 4);
    return bytes.readBigUInt64LE();
  };
  const difference = head(left) - head(right);
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}

/** NOT and the tests of a boolean. */
export function emitBooleanTest(emitter: Emitter, call: CallExpression): Operand {
  const { code } = emitter;
  const arg = emitter.emit(call.args[0]!);
  const make = (content: () => void, isNull: Operand["isNull"] = null): Operand => ({
    type: bool,
    low: localAtom(emitter.storeLocal("i32", content)),
    high: null,
    isNull,
  });
  switch (call.name) {
    case "not":
      if (arg.isNull === "always") return arg;
      return make(() => {
        emitter.pushLow(arg);
        code.op("i32.eqz");
      }, arg.isNull);
    case "is_null":
      return make(() => emitter.pushNull(arg));
    case "is_not_null":
      return make(() => {
        emitter.pushNull(arg);
        code.op("i32.eqz");
      });
    case "is_true":
    case "is_not_true":
      return make(() => {
        emitter.pushIsTrue(arg);
        if (call.name === "is_not_true") code.op("i32.eqz");
      });
    default:
      // is_false, is_not_false
      return make(() => {
        emitter.pushLow(arg);
        emitter.pushNull(arg);
        code.op("i32.or");
        if (call.name === "is_false") code.op("i32.eqz");
        else {
          code.i32(0);
          code.op("i32.ne");
        }
      });
  }
}
