import { unreachable } from "../common/assert.ts";
import type { Expression, FrameBound, WindowCall } from "./expression.ts";

/** Every expression that the call holds: arguments, filter, frame. */
export function windowExpressions(call: WindowCall): readonly Expression[] {
  return [
    ...call.args,
    ...(call.filter === null ? [] : [call.filter]),
    ...[call.frame.start, call.frame.end].flatMap((bound) => (bound.kind === "value" ? [bound.key, bound.value] : [])),
  ];
}

/** The call with each of its expressions replaced. */
export function mapWindowExpressions(call: WindowCall, change: (expression: Expression) => Expression): WindowCall {
  const { frame } = call;
  return {
    ...call,
    args: call.args.map(change),
    filter: call.filter === null ? null : change(call.filter),
    frame: { ...frame, start: mapBound(frame.start, change), end: mapBound(frame.end, change) },
  };
}

function mapBound(bound: FrameBound, change: (expression: Expression) => Expression): FrameBound {
  return bound.kind === "value" ? { ...bound, key: change(bound.key), value: change(bound.value) } : bound;
}

/** The call as it would stand in SQL, without its window; the default frame is left out. */
export function formatWindowCall(call: WindowCall, format: (expression: Expression) => string): string {
  const args = call.name === "count" && call.args.length === 0 ? "*" : call.args.map(format).join(", ");
  const filter = call.filter === null ? "" : ` filter (where ${format(call.filter)})`;
  const { unit, start, end, exclude } = call.frame;
  const isDefault = unit === "range" && start.kind === "unbounded_preceding" && end.kind === "current_row";
  const rest = exclude === "nothing" ? "" : ` exclude ${exclude.replaceAll("_", " ")}`;
  const frame =
    isDefault && rest === ""
      ? ""
      : ` ${unit} between ${formatBound(start, format)} and ${formatBound(end, format)}${rest}`;
  return `${call.name}(${args})${filter}${frame}`;
}

function formatBound(bound: FrameBound, format: (expression: Expression) => string): string {
  switch (bound.kind) {
    case "unbounded_preceding":
    case "unbounded_following":
    case "current_row":
      return bound.kind.replaceAll("_", " ");
    case "offset":
      return bound.offset < 0 ? `${-bound.offset} preceding` : `${bound.offset} following`;
    case "value":
      return `value ${format(bound.value)}`;
    default:
      return unreachable(bound, "frame bound");
  }
}
