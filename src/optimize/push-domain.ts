import { simpleType } from "../arrow/data-type.ts";
import { assert, must, unreachable } from "../common/assert.ts";
import { EngineError } from "../common/engine-error.ts";
import type { ColumnId, Expression, SortKey } from "../expr/expression.ts";
import { andAll, typeOf } from "../expr/expression-properties.ts";
import { rankingCall } from "../expr/ranking-call.ts";
import type { ColumnIds } from "../logical/column-ids.ts";
import { copyPlan } from "../logical/copy-plan.ts";
import type {
  AggregateNode,
  Column,
  JoinNode,
  LimitNode,
  LogicalNode,
  SetOperationNode,
  UnionNode,
  ValuesNode,
  WindowNode,
} from "../logical/logical-node.ts";
import { outputColumns } from "../logical/output-columns.ts";
import { mapCallExpressions, mapNodeExpressions } from "../logical/rewrite.ts";
import { columnReference, substituteColumns } from "../logical/substitute-columns.ts";
import { keepFirstRows } from "./keep-first-rows.ts";
import { falseLiteral, literal, predicateCall, sameValue } from "./make-expression.ts";
import { emptyAggregateValue, isCorrelated, limitKeepsAll } from "./pull-up-correlation.ts";
import { constantCount } from "./row-bounds.ts";

/** `plan` has the columns of the subquery and, for each outer column, the one of its own that stands for it. */
export type Attached = { readonly plan: LogicalNode; readonly domain: ReadonlyMap<ColumnId, Column> };

/**
 * Unnests any subquery (after Neumann and Kemper): the domain, that is the distinct values of the outer columns in use,
 * is joined with the subquery and pushed down to where the outer columns are referred to. The result holds, for each
 * row of the domain, the rows that the subquery has for it.
 */
export class DomainJoin {
  readonly #source: AggregateNode;
  readonly #outer: ReadonlySet<ColumnId>;
  readonly #outerColumns: readonly Column[];
  readonly #ids: ColumnIds;

  /** `input` puts out the outer columns `outerIds`. */
  constructor(input: LogicalNode, outerIds: ReadonlySet<ColumnId>, ids: ColumnIds) {
    this.#ids = ids;
    this.#outer = outerIds;
    this.#outerColumns = outputColumns(input).filter(({ id }) => outerIds.has(id));
    const groups = this.#outerColumns.map((column) => ({
      column: { ...column, id: ids.next() },
      expression: columnReference(column),
    }));
    this.#source = { kind: "aggregate", input, groups, aggregates: [] };
  }

  attach(node: LogicalNode): Attached {
    if (!isCorrelated(node, this.#outer)) return this.#cross(node);
    switch (node.kind) {
      case "filter": {
        const { plan, domain } = this.attach(node.input);
        return { plan: { ...node, input: plan, predicate: this.#inward(node.predicate, domain) }, domain };
      }
      case "project": {
        const { plan, domain } = this.attach(node.input);
        const items = node.items.map(({ column, expression }) => ({
          column,
          expression: this.#inward(expression, domain),
        }));
        return { plan: { ...node, input: plan, items: [...items, ...passedOn(domain)] }, domain };
      }
      case "join":
        return this.#attachJoin(node);
      case "aggregate":
        return this.#attachAggregate(node);
      case "window":
        return this.#attachWindow(node);
      case "sort":
        return this.attach(node.input);
      case "limit":
        return this.#attachLimit(node);
      case "union":
      case "set_operation":
        return this.#attachSetOperation(node);
      case "values":
        return this.#attachValues(node);
      case "recursive":
        throw new EngineError(
          "feature_not_supported",
          "a recursive query that refers to columns of the query around it is not supported",
        );
      case "apply":
      case "scan":
      case "work_table":
        throw new EngineError("internal", `a ${node.kind} node cannot be correlated here`);
      default:
        return unreachable(node, "logical node");
    }
  }

  /** A copy of the domain of its own: each column id of a plan is produced once. */
  #domain(): Attached {
    const { plan, columns } = copyPlan(this.#source, this.#ids);
    const domain = new Map<ColumnId, Column>();
    for (const [index, { id }] of this.#outerColumns.entries()) {
      const group = must(this.#source.groups[index], "the domain has a group for each outer column");
      domain.set(id, must(columns.get(group.column.id), "a copy renames every column"));
    }
    return { plan, domain };
  }

  #cross(node: LogicalNode): Attached {
    const { plan, domain } = this.#domain();
    return {
      plan: {
        kind: "join",
        joinType: "inner",
        left: plan,
        right: node,
        condition: null,
        nullAware: false,
        markColumn: null,
      },
      domain,
    };
  }

  #inward(expression: Expression, domain: ReadonlyMap<ColumnId, Column>): Expression {
    return substituteColumns(expression, new Map([...domain].map(([id, column]) => [id, columnReference(column)])));
  }

  #attachJoin(node: JoinNode): Attached {
    const leftFree = isCorrelated(node.left, this.#outer);
    const rightFree = isCorrelated(node.right, this.#outer);
    // A side whose unmatched rows are kept needs them once for each row of the domain.
    const keepsLeft = node.joinType !== "inner" && node.joinType !== "right";
    const keepsRight = node.joinType === "right" || node.joinType === "full";
    const left = leftFree || keepsLeft || (!rightFree && !keepsRight) ? this.attach(node.left) : null;
    const right = rightFree || keepsRight ? this.attach(node.right) : null;
    const main = node.joinType === "right" ? right : (left ?? right);
    assert(main !== null, "one side of a correlated join has the domain");
    const parts: Expression[] = node.condition === null ? [] : [this.#inward(node.condition, main.domain)];
    if (left !== null && right !== null) parts.push(...this.#sameDomain(left.domain, right.domain));
    const plan: JoinNode = {
      ...node,
      left: left?.plan ?? node.left,
      right: right?.plan ?? node.right,
      condition: andAll(parts),
    };
    if (node.joinType !== "full") return { plan, domain: main.domain };
    return this.#mergeDomains(node, plan, must(left, "left"), must(right, "right"));
  }

  #sameDomain(left: ReadonlyMap<ColumnId, Column>, right: ReadonlyMap<ColumnId, Column>): Expression[] {
    return [...left].map(([id, column]) =>
      sameValue(columnReference(column), columnReference(must(right.get(id), "domains have the same columns"))),
    );
  }

  /** A full join's rows have the domain on either side: which side it is cannot be told from a NULL, so both are marked. */
  #mergeDomains(node: JoinNode, join: JoinNode, left: Attached, right: Attached): Attached {
    const present: Column = { id: this.#ids.next(), name: "present", type: typeOf(falseLiteral), nullable: false };
    const leftItems = outputColumns(left.plan).map((column) => ({ column, expression: columnReference(column) }));
    const marked: LogicalNode = {
      kind: "project",
      input: left.plan,
      items: [...leftItems, { column: present, expression: literal(present.type, true) }],
    };
    const domain = new Map<ColumnId, Column>();
    const merged = [...left.domain].map(([id, column]) => {
      const other = must(right.domain.get(id), "domains have the same columns");
      const result: Column = { ...column, id: this.#ids.next(), nullable: true };
      domain.set(id, result);
      const when = predicateCall("is_not_null", { ...columnReference(present), nullable: true });
      const expression: Expression = {
        kind: "case",
        branches: [{ when, then: columnReference({ ...column, nullable: true }) }],
        otherwise: columnReference({ ...other, nullable: true }),
        type: column.type,
      };
      return { column: result, expression };
    });
    const kept = outputColumns(node).map((column) => ({ column, expression: columnReference(column) }));
    return { plan: { kind: "project", input: { ...join, left: marked }, items: [...kept, ...merged] }, domain };
  }

  #attachAggregate(node: AggregateNode): Attached {
    const { plan, domain } = this.attach(node.input);
    const groups = [
      ...node.groups.map(({ column, expression }) => ({ column, expression: this.#inward(expression, domain) })),
      ...passedOn(domain),
    ];
    const aggregates = node.aggregates.map(({ column, call }) => ({
      column,
      call: mapCallExpressions(call, (expression) => this.#inward(expression, domain)),
    }));
    if (node.groups.length > 0) return { plan: { ...node, input: plan, groups, aggregates }, domain };
    // Without groups there is a row for each row of the domain, also where the input has none.
    const renamed = aggregates.map(({ column, call }) => ({ column: { ...column, id: this.#ids.next() }, call }));
    const grouped: AggregateNode = { ...node, input: plan, groups, aggregates: renamed };
    const all = this.#domain();
    const join: JoinNode = {
      kind: "join",
      joinType: "left",
      left: all.plan,
      right: grouped,
      condition: andAll(this.#sameDomain(all.domain, domain)),
      nullAware: false,
      markColumn: null,
    };
    const items = aggregates.map(({ column, call }, index) => {
      const value = columnReference({ ...must(renamed[index], "one for each").column, nullable: true });
      const empty = emptyAggregateValue(call.name, column);
      if (empty.kind === "literal" && empty.value === null) return { column, expression: value as Expression };
      return {
        column,
        expression: {
          kind: "case",
          branches: [{ when: predicateCall("is_null", value), then: empty }],
          otherwise: value,
          type: column.type,
        } as Expression,
      };
    });
    return { plan: { kind: "project", input: join, items: [...items, ...passedOn(all.domain)] }, domain: all.domain };
  }

  /** Each row of the domain has its own windows: its columns go to the partition keys. */
  #attachWindow(node: WindowNode): Attached {
    const { plan, domain } = this.attach(node.input);
    const inward = mapNodeExpressions(node, (expression) => this.#inward(expression, domain)) as WindowNode;
    const keys = [...domain.values()].map(columnReference);
    return { plan: { ...inward, input: plan, partitionBy: [...inward.partitionBy, ...keys] }, domain };
  }

  #attachLimit(node: LimitNode): Attached {
    if (limitKeepsAll(node)) return this.attach(node.input);
    const limit = node.limit === null ? Infinity : (constantCount(node.limit) ?? Infinity);
    const offset = node.offset === null ? 0 : (constantCount(node.offset) ?? 0);
    if (limit === 0) {
      const { plan, domain } = this.attach(node.input);
      return { plan: { kind: "filter", input: plan, predicate: falseLiteral }, domain };
    }
    if (limit === Infinity && offset === 0) return this.attach(node.input);
    const { plan, domain, keys } = this.#attachSorted(node.input);
    if (limit !== 1 || offset !== 0) return { plan: this.#numbered(plan, domain, keys, limit, offset), domain };
    return { plan: keepFirstRows(plan, [...domain.values()], outputColumns(node), keys, this.#ids), domain };
  }

  /** The rows of each row of the domain, counted in order: those behind `offset`, `limit` of them. */
  #numbered(
    input: LogicalNode,
    domain: Attached["domain"],
    orderBy: readonly SortKey[],
    limit: number,
    offset: number,
  ): LogicalNode {
    const type = simpleType("int64");
    const column: Column = { id: this.#ids.next(), name: "row_number", type, nullable: false };
    const plan: LogicalNode = {
      kind: "window",
      input,
      partitionBy: [...domain.values()].map(columnReference),
      orderBy,
      functions: [{ column, call: rankingCall("row_number") }],
    };
    const compared = (name: string, count: number): Expression =>
      predicateCall(name, columnReference(column), { kind: "literal", type, value: BigInt(count) });
    const parts = offset === 0 ? [] : [compared("gt", offset)];
    if (limit !== Infinity) parts.push(compared("le", offset + limit));
    return { kind: "filter", input: plan, predicate: must(andAll(parts), "a limit or an offset") };
  }

  /** Attaches what a LIMIT reads, with the sort keys (also of a sort below a project) as expressions over the result. */
  #attachSorted(node: LogicalNode): Attached & { readonly keys: readonly SortKey[] } {
    if (node.kind === "sort") {
      const { plan, domain } = this.attach(node.input);
      return {
        plan,
        domain,
        keys: node.keys.map((key) => ({ ...key, expression: this.#inward(key.expression, domain) })),
      };
    }
    if (node.kind !== "project" || node.input.kind !== "sort") return { ...this.attach(node), keys: [] };
    const sorted = this.#attachSorted(node.input);
    const keyColumns = sorted.keys.map((key): Column => ({
      id: this.#ids.next(),
      name: "sort_key",
      type: typeOf(key.expression),
      nullable: true,
    }));
    const items = node.items.map(({ column, expression }) => ({
      column,
      expression: this.#inward(expression, sorted.domain),
    }));
    const keyItems = sorted.keys.map((key, index) => ({
      column: must(keyColumns[index], "one for each"),
      expression: key.expression,
    }));
    return {
      plan: { ...node, input: sorted.plan, items: [...items, ...keyItems, ...passedOn(sorted.domain)] },
      domain: sorted.domain,
      keys: sorted.keys.map((key, index) => ({
        ...key,
        expression: columnReference(must(keyColumns[index], "one for each")),
      })),
    };
  }

  #attachSetOperation(node: UnionNode | SetOperationNode): Attached {
    const inputs = node.kind === "union" ? node.inputs : [node.left, node.right];
    const attached = inputs.map((input): LogicalNode => {
      const { plan, domain } = this.attach(input);
      const items = outputColumns(input).map((column) => ({ column, expression: columnReference(column) }));
      return { kind: "project", input: plan, items: [...items, ...passedOn(domain)] };
    });
    const domain = new Map(this.#outerColumns.map((column) => [column.id, { ...column, id: this.#ids.next() }]));
    const columns = [...node.columns, ...domain.values()];
    if (node.kind === "union") return { plan: { ...node, inputs: attached, columns }, domain };
    const [left, right] = attached as [LogicalNode, LogicalNode];
    return { plan: { ...node, left, right, columns }, domain };
  }

  #attachValues(node: ValuesNode): Attached {
    const rows = node.rows.map((row, index): Attached => {
      const { plan, domain } = this.#domain();
      const items = node.columns.map((column, position) => ({
        column: index === 0 && node.rows.length === 1 ? column : { ...column, id: this.#ids.next() },
        expression: this.#inward(must(row[position], "a value for each column"), domain),
      }));
      return { plan: { kind: "project", input: plan, items: [...items, ...passedOn(domain)] }, domain };
    });
    if (rows.length === 1) return must(rows[0], "one row");
    const domain = new Map(this.#outerColumns.map((column) => [column.id, { ...column, id: this.#ids.next() }]));
    return {
      plan: { kind: "union", inputs: rows.map(({ plan }) => plan), columns: [...node.columns, ...domain.values()] },
      domain,
    };
  }
}

function passedOn(
  domain: ReadonlyMap<ColumnId, Column>,
): { readonly column: Column; readonly expression: Expression }[] {
  return [...domain.values()].map((column) => ({ column, expression: columnReference(column) }));
}
