/** The version of the calling convention between kernels and host; a host that expects another one must not run. */
export function abiVersion(): i32 {
  return 1;
}
export * from "./decode-scan";
export * from "./gather";
export * from "./hash";
export * from "./rows";
export * from "./aggregates";
export * from "./averages";
export * from "./group-table";
export * from "./few-groups";
export * from "./encode";
export * from "./partition";
export * from "./dates";
export * from "./decimal";
export * from "./like";
export * from "./numbers";
export * from "./strings";
export * from "./join";
export * from "./join-direct";
export * from "./sort";
export * from "./sort-merge";
export * from "./set-operation";
export * from "./nested-loop";
export * from "./window";
export * from "./window-aggregates";
export * from "./runtime-filter";
