import { catalogName, schemaName, type Table } from "../catalog/table.ts";
import { EngineError, type TextSpan } from "../common/engine-error.ts";
import { nearestNameHint } from "../common/nearest-name.ts";
import type { AggregateCall, ColumnId, Expression, SortKey, WindowCall } from "../expr/expression.ts";
import type { ApplyForm, Column, LogicalNode } from "../logical/logical-node.ts";
import { outputColumns } from "../logical/output-columns.ts";
import type { CommonTable } from "../sql/ast.ts";
import type { NamedWindows } from "./window-definitions.ts";

/** A column under the name that the statement knows it by, which aliases may have changed. */
export type VisibleColumn = { readonly name: string; readonly column: Column };

/** One alias in FROM. */
export type ScopeRelation = {
  readonly alias: string;
  readonly columns: readonly VisibleColumn[];
  /** A catalog relation under its own name can be qualified with its schema. */
  readonly isCatalogName: boolean;
  /** Columns of the files that cannot be read, for the error of a query that names one. */
  readonly unreadable?: Table["unsupportedColumns"];
};

/**
 * What a FROM clause, or a part of it, makes visible: `visible` in the order of `*`, where JOIN USING has merged
 * columns, and each relation's own columns for qualified names.
 */
export type Namespace = { readonly visible: readonly VisibleColumn[]; readonly relations: readonly ScopeRelation[] };

export const emptyNamespace: Namespace = { visible: [], relations: [] };

/** A subquery of an expression, to be put below the node that evaluates the expression. */
export type PendingApply = { readonly subquery: LogicalNode; readonly form: ApplyForm };

/** The aggregates found while a query's select list, HAVING and ORDER BY are bound. */
export type AggregateCollector = {
  readonly calls: { readonly column: Column; readonly call: AggregateCall }[];
  /** Subqueries in aggregates' arguments, which belong below the aggregation. */
  readonly applies: PendingApply[];
  inArguments: boolean;
  /** GROUPING(args). */
  readonly groupingBits: (args: readonly Expression[], span: TextSpan) => Expression;
};

/** A call with OVER, and the column that holds its value. */
export type BoundWindow = {
  readonly column: Column;
  readonly call: WindowCall;
  readonly partitionBy: readonly Expression[];
  readonly orderBy: readonly SortKey[];
};

/** The window functions found while a query's select list and ORDER BY are bound. */
export type WindowCollector = {
  readonly windows: BoundWindow[];
  readonly definitions: NamedWindows;
  /** The part of a window function that is being bound. */
  inside: "call" | "definition" | null;
};

/** The WITH queries that a place in the statement sees: a list, innermost and latest first. */
export type CommonTables = {
  readonly table: CommonTable;
  /** Set by WITH RECURSIVE: the query could see itself. */
  readonly recursive: boolean;
  /** The names around the WITH, to bind the query in at each reference. */
  readonly outer: Scope | null;
  readonly next: CommonTables | null;
  /** Set in the list that the query itself sees under WITH RECURSIVE. */
  readonly isBeingBound: boolean;
  /** Set in the list that the recursive part of a query sees: what its own name stands for there. */
  readonly work?: WorkTable;
};

/** The rows that the round before has added to a recursive query's result. */
export type WorkTable = { readonly workId: number; readonly columns: readonly VisibleColumn[] };

export function findCommonTable(tables: CommonTables | null, name: string): CommonTables | null {
  for (let current = tables; current !== null; current = current.next) {
    if (current.table.name.name === name) return current;
  }
  return null;
}

/** The names that expressions of one query level see, and those of the levels around it. */
export class Scope {
  readonly namespace: Namespace;
  readonly parent: Scope | null;
  readonly commonTables: CommonTables | null;
  /** The clause being bound, for messages. */
  clause: string;
  /** null where the clause allows no aggregates. */
  aggregates: AggregateCollector | null = null;
  /** null where the clause allows no window functions. */
  windows: WindowCollector | null = null;
  #ids: Set<ColumnId> | null = null;

  constructor(namespace: Namespace, parent: Scope | null, commonTables: CommonTables | null, clause: string) {
    this.namespace = namespace;
    this.parent = parent;
    this.commonTables = commonTables;
    this.clause = clause;
  }

  /** Whether a column comes from this level, not from one around it. */
  owns(id: ColumnId): boolean {
    this.#ids ??= new Set(
      [this.namespace.visible, ...this.namespace.relations.map(({ columns }) => columns)]
        .flat()
        .map(({ column }) => column.id),
    );
    return this.#ids.has(id);
  }

  /** The column of a name; the innermost level that has it wins. Throws undefined_column, undefined_table, ambiguous_column. */
  resolve(parts: readonly string[], span: TextSpan): Column {
    for (const scope of levels(this)) {
      const found = parts.length === 1 ? scope.#findVisible(parts[0]!, span) : scope.#findQualified(parts, span);
      if (found !== null) return found;
    }
    throw this.#unknown(parts, span);
  }

  #findVisible(name: string, span: TextSpan): Column | null {
    const matches = this.namespace.visible.filter((visible) => visible.name === name);
    if (new Set(matches.map(({ column }) => column.id)).size > 1) {
      const owners = new Set(matches.map(({ column }) => this.qualifierOf(column.id)));
      const hint =
        owners.has(null) || owners.size < 2
          ? {}
          : { hint: `it could be ${[...owners].map((owner) => `${owner}.${name}`).join(" or ")}` };
      throw new EngineError("ambiguous_column", `column reference "${name}" is ambiguous`, { span, ...hint });
    }
    return matches[0]?.column ?? null;
  }

  #findQualified(parts: readonly string[], span: TextSpan): Column | null {
    const name = parts.at(-1)!;
    const relation = this.relation(parts.slice(0, -1));
    if (relation === null) return null;
    const matches = relation.columns.filter((visible) => visible.name === name);
    if (matches.length > 1)
      throw new EngineError("ambiguous_column", `column reference "${parts.join(".")}" is ambiguous`, { span });
    if (matches.length === 1) return matches[0]!.column;
    refuseUnreadable(relation, name, span);
    const hint = nearestNameHint(
      name,
      relation.columns.map((visible) => visible.name),
    );
    throw new EngineError("undefined_column", `column "${parts.join(".")}" does not exist`, {
      span,
      ...(hint === undefined ? {} : { hint }),
    });
  }

  /** The relation of this level by its qualified alias. */
  relation(qualifier: readonly string[]): ScopeRelation | null {
    const alias = qualifier.at(-1);
    const schema = qualifier.slice(0, -1);
    if (!isOwnSchema(schema)) return null;
    return (
      this.namespace.relations.find(
        (relation) => relation.alias === alias && (schema.length === 0 || relation.isCatalogName),
      ) ?? null
    );
  }

  /** The alias that a column of this level belongs to. */
  qualifierOf(id: ColumnId): string | null {
    return (
      this.namespace.relations.find(({ columns }) => columns.some(({ column }) => column.id === id))?.alias ?? null
    );
  }

  #unknown(parts: readonly string[], span: TextSpan): EngineError {
    const columns = new Set<string>();
    const aliases = new Set<string>();
    for (const scope of levels(this)) {
      for (const { name } of scope.namespace.visible) columns.add(name);
      for (const { alias } of scope.namespace.relations) aliases.add(alias);
    }
    if (parts.length > 1) return unknownRelation(parts.slice(0, -1), aliases, span);
    const name = parts[0]!;
    for (const scope of levels(this)) for (const one of scope.namespace.relations) refuseUnreadable(one, name, span);
    if (aliases.has(name))
      return new EngineError("feature_not_supported", `whole-row reference "${name}" is not supported`, { span });
    const hint = nearestNameHint(name, columns);
    return new EngineError("undefined_column", `column "${name}" does not exist`, {
      span,
      ...(hint === undefined ? {} : { hint }),
    });
  }
}

/** Throws feature_not_supported for a column that the files have but the catalog had to leave out. */
function refuseUnreadable(relation: ScopeRelation, name: string, span: TextSpan): void {
  const column = relation.unreadable?.find((one) => one.name.toLowerCase() === name.toLowerCase());
  if (column === undefined) return;
  const message = `column "${name}" of "${relation.alias}" has the type ${column.typeName}, which is not supported`;
  throw new EngineError("feature_not_supported", message, { span });
}

/** A scope and those around it, innermost first. */
function* levels(innermost: Scope): Generator<Scope> {
  for (let scope: Scope | null = innermost; scope !== null; scope = scope.parent) yield scope;
}

export function unknownRelation(qualifier: readonly string[], aliases: Iterable<string>, span: TextSpan): EngineError {
  const hint = nearestNameHint(qualifier.at(-1)!, aliases);
  const message = `missing FROM-clause entry for table "${qualifier.join(".")}"`;
  return new EngineError("undefined_table", message, { span, ...(hint === undefined ? {} : { hint }) });
}

/** Whether `[catalog.]schema` names the one schema there is. */
export function isOwnSchema(qualifiers: readonly string[]): boolean {
  const [schema, catalog] = qualifiers.toReversed();
  return (
    (schema === undefined || schema === schemaName) &&
    (catalog === undefined || catalog === catalogName) &&
    qualifiers.length <= 2
  );
}

/** The namespace with the columns as `plan` puts them out: an outer join has made some nullable. */
export function refreshNamespace(namespace: Namespace, plan: LogicalNode): Namespace {
  const byId = new Map(outputColumns(plan).map((column) => [column.id, column]));
  const refresh = (columns: readonly VisibleColumn[]): readonly VisibleColumn[] =>
    columns.map(({ name, column }) => ({ name, column: byId.get(column.id) ?? column }));
  return {
    visible: refresh(namespace.visible),
    relations: namespace.relations.map((relation) => ({ ...relation, columns: refresh(relation.columns) })),
  };
}
