import type { Table } from "../catalog/table.ts";
import type { ColumnId } from "../expr/expression.ts";
import type { Estimator } from "../logical/estimator.ts";
import type { LogicalNode } from "../logical/logical-node.ts";
import type { PhysicalOptions } from "./physical-options.ts";
import type { Planned } from "./planned.ts";
import type { ScanUnit } from "./prune-row-groups.ts";

/** What a scan of the plan reads, by its scanId: row groups that statistics could not exclude. */
export type ScanSource = {
  readonly scanId: number;
  readonly table: Table;
  readonly units: readonly ScanUnit[];
  /** Its work, in bytes (scanWork in physical-options.ts). */
  readonly byteSize: number;
  /** The plan counts on one task having all its rows. */
  readonly oneTask: boolean;
};

/** What the plan-<node> functions share while they plan one query. */
export type PlanContext = {
  readonly options: PhysicalOptions;
  readonly estimator: Estimator;
  /** The whole query reads so little that one task does it all. */
  readonly isSmall: boolean;
  /** Filled while planning; position = scanId. */
  readonly scans: ScanSource[];
  /** Plans an input; `required` are the columns that anybody above it uses. */
  readonly plan: (node: LogicalNode, required: ReadonlySet<ColumnId>) => Planned;
};
