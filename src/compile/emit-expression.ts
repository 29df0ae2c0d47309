import { AssertionFailure, unreachable } from "../common/assert.ts";
import type { Expression } from "../expr/expression.ts";
import { emitCall } from "./emit-call.ts";
import { emitCast } from "./emit-cast.ts";
import { emitCase, emitInList, emitLogic } from "./emit-logic.ts";
import type { Emitter } from "./emitter.ts";
import type { Operand } from "./operand.ts";

/** Emits any expression that is neither an input nor a literal, which the emitter does itself. */
export function emitExpression(emitter: Emitter, expression: Expression): Operand {
  switch (expression.kind) {
    case "call":
      return emitCall(emitter, expression);
    case "cast":
      return emitCast(emitter, expression);
    case "and":
    case "or":
      return emitLogic(emitter, expression);
    case "case":
      return emitCase(emitter, expression);
    case "in_list":
      return emitInList(emitter, expression);
    case "literal":
    case "input":
    case "column":
    case "parameter":
      throw new AssertionFailure(`a ${expression.kind} is not compiled here`);
    default:
      return unreachable(expression, "expression");
  }
}
