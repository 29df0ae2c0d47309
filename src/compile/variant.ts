import { byteWidthOf } from "../arrow/data-type.ts";
import { childrenOf, conjuncts, typeOf } from "../expr/expression-properties.ts";
import type { Expression } from "../expr/expression.ts";
import type { ConstantPool } from "./constant-pool.ts";
import { emitExpression } from "./emit-expression.ts";
import { isCheap, pushTruth } from "./emit-logic.ts";
import { Emitter, shallowKey, type Site } from "./emitter.ts";
import { countLocal, frameLayout, frameLocal, outputStride, selectionLocal } from "./frame.ts";
import { classOf, type Operand } from "./operand.ts";
import { encodeModule, type FunctionImport } from "./wasm-encoder.ts";

/** What to compile. `outputs` of a filter is its one predicate. */
export type VariantRequest = {
  readonly kind: "project" | "filter";
  readonly outputs: readonly Expression[];
  readonly usedInputs: readonly number[];
  readonly nullableInputs: ReadonlySet<number>;
  readonly hasSelection: boolean;
};

/**
 * One compiled loop over a batch: `run(frame, count, selection)` gives the number of rows kept (filter) or 0, or
 * -1 - the number of the site whose error ended it. It holds no address of any slot, so all slots of a thread share it.
 */
export type Variant = {
  readonly module: WebAssembly.Module;
  readonly imports: readonly FunctionImport[];
  readonly sites: readonly Site[];
  readonly constants: ConstantPool;
  readonly outputMayBeNull: readonly boolean[];
};

/** Enough for the plans of many queries; each takes some kilobytes. */
const cacheSizeMax = 512;
const cache = new Map<string, Variant>();

/** The structure of an expression as text: equal for expressions that compile to the same code. */
export function structureKey(expression: Expression): string {
  const children = childrenOf(expression);
  return children.length === 0
    ? shallowKey(expression)
    : `${shallowKey(expression)}(${children.map(structureKey).join(",")})`;
}

/**
 * The variant, from the thread's cache or compiled now. Encoding and V8's baseline compiler together take 0.07 to 0.3 ms
 * for the two expressions of TPC-H Q1 once warm (test/compile/expression-compiler.test.ts prints the sum), so nothing is
 * compiled ahead of time.
 */
export function variantOf(request: VariantRequest, structure: string): Variant {
  const nulls = request.usedInputs.map((input) => (request.nullableInputs.has(input) ? "n" : "-")).join("");
  const key = `${request.kind} ${nulls} ${request.hasSelection ? "s" : ""} ${structure}`;
  const known = cache.get(key);
  if (known !== undefined) return known;
  const variant = compileVariant(request);
  if (cache.size >= cacheSizeMax) cache.delete(cache.keys().next().value!);
  cache.set(key, variant);
  return variant;
}

/** Compiles without the cache. */
export function compileVariant(request: VariantRequest): Variant {
  const emitter = new Emitter(
    request.usedInputs,
    request.nullableInputs,
    request.kind === "filter" ? 1 : request.outputs.length,
    emitExpression,
  );
  emitter.loadPointers();
  const outputMayBeNull = request.kind === "filter" ? emitFilter(emitter, request) : emitProjection(emitter, request);
  const imports = emitter.imports;
  const bytes = encodeModule(imports, { parameters: ["i32", "i32", "i32"], result: "i32" }, emitter.code);
  return {
    module: new WebAssembly.Module(bytes),
    imports,
    sites: emitter.sites,
    constants: emitter.constants,
    outputMayBeNull,
  };
}

/** The loop over the batch's rows; `content` gets the local with the row's position in the batch. */
function emitLoop(emitter: Emitter, hasSelection: boolean, content: (position: number) => void): void {
  const { code } = emitter;
  const position = hasSelection ? code.local("i32") : emitter.rowLocal;
  code.loop((start) => {
    if (hasSelection) {
      code.get(selectionLocal);
      code.get(position);
      code.i32(2);
      code.op("i32.shl");
      code.op("i32.add");
      code.access("i32.load");
      code.set(emitter.rowLocal);
    }
    content(position);
    code.get(position);
    code.i32(1);
    code.op("i32.add");
    code.tee(position);
    code.get(countLocal);
    code.op("i32.lt_u");
    code.brIf(start);
  });
}

function emitFilter(emitter: Emitter, request: VariantRequest): boolean[] {
  const { code } = emitter;
  const parts = request.outputs.flatMap(conjuncts);
  const cheap = parts.filter(isCheap);
  // The cheap conjuncts are one branch-free test and go first; the last test needs no branch either.
  const group: Expression[] = cheap.length > 1 ? [{ kind: "and", args: cheap }] : cheap;
  const tests = [...group, ...parts.filter((part) => !isCheap(part))];
  const last = tests.pop()!;
  const kept = code.local("i32");
  const out = emitter.storeLocal("i32", () => {
    code.get(frameLocal);
    code.access("i32.load", frameLayout(request.usedInputs.length, 1).outputs);
  });
  emitLoop(emitter, request.hasSelection, () => {
    code.block((next) => {
      for (const test of tests) {
        pushTruth(emitter, test);
        code.op("i32.eqz");
        code.brIf(next);
      }
      code.get(out);
      code.get(kept);
      code.i32(2);
      code.op("i32.shl");
      code.op("i32.add");
      code.get(emitter.rowLocal);
      code.access("i32.store");
      pushTruth(emitter, last);
      code.get(kept);
      code.op("i32.add");
      code.set(kept);
    });
  });
  code.get(kept);
  return [];
}

function emitProjection(emitter: Emitter, request: VariantRequest): boolean[] {
  const { code } = emitter;
  const base = frameLayout(request.usedInputs.length, request.outputs.length).outputs;
  const load = (offset: number): number =>
    emitter.storeLocal("i32", () => {
      code.get(frameLocal);
      code.access("i32.load", offset);
    });
  const targets = request.outputs.map((_, index) => {
    const offset = base + index * outputStride;
    return { data: load(offset), validity: load(offset + 4), anyNull: code.local("i32"), offset };
  });
  const mayBeNull: boolean[] = [];
  emitLoop(emitter, request.hasSelection, (position) => {
    request.outputs.forEach((expression, index) => {
      const operand = emitter.emit(expression);
      mayBeNull.push(operand.isNull !== null);
      storeOutput(emitter, operand, expression, position, targets[index]!);
    });
  });
  for (const { anyNull, offset } of targets) {
    code.get(frameLocal);
    code.get(anyNull);
    code.access("i32.store", offset + 8);
  }
  code.i32(0);
  return mayBeNull;
}

type Target = { readonly data: number; readonly validity: number; readonly anyNull: number };

function storeOutput(
  emitter: Emitter,
  operand: Operand,
  expression: Expression,
  position: number,
  target: Target,
): void {
  const { code } = emitter;
  const type = typeOf(expression);
  const address = emitter.storeLocal("i32", () => {
    code.get(target.data);
    code.get(position);
    code.i32(Math.log2(byteWidthOf(type)));
    code.op("i32.shl");
    code.op("i32.add");
  });
  const storeValue = (): void => emitter.storeResult(operand, () => code.get(address));
  if (operand.isNull === null) return storeValue();
  const isView = classOf(type) === "view";
  const storeNull = (): void => {
    if (isView) {
      // Not even under a NULL may a view point at nothing.
      for (const half of [0, 8]) {
        code.get(address);
        code.i64(0n);
        code.access("i64.store", half);
      }
    }
    const byte = emitter.storeLocal("i32", () => {
      code.get(target.validity);
      code.get(position);
      code.i32(3);
      code.op("i32.shr_u");
      code.op("i32.add");
    });
    code.get(byte);
    code.get(byte);
    code.access("i32.load8_u");
    code.i32(1);
    code.get(position);
    code.i32(7);
    code.op("i32.and");
    code.op("i32.shl");
    code.i32(-1);
    code.op("i32.xor");
    code.op("i32.and");
    code.access("i32.store8");
    code.i32(1);
    code.set(target.anyNull);
  };
  emitter.pushNull(operand);
  if (isView) return code.if(storeNull, storeValue);
  code.if(storeNull);
  storeValue();
}
