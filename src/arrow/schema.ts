import type { DataType } from "./data-type.ts";

export type Field = { readonly name: string; readonly type: DataType; readonly nullable: boolean };

export type Schema = readonly Field[];
