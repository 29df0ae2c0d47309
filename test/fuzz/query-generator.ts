import { aggregateCall, averageCall } from "./aggregate-expressions.ts";
import { columnOf, mergedFacts, type Column, type Expr, type Facts, type Scope } from "./expression-facts.ts";
import { ExpressionGenerator, optionalClause } from "./expression-generator.ts";
import { factsOf, groupByClause, itemList, orderAndLimit, plainFacts, tagOf, textOf } from "./query-parts.ts";
import { fuzzColumns, fuzzTables, type Family } from "./fuzz-tables.ts";
import type { Random } from "./random.ts";
import { windowExpression } from "./window-expressions.ts";
import { clause, leaf, list, nothing, sql, type Sql } from "./sql-tree.ts";

/** A query expression with what its columns are; `rows` is an upper estimate. */
type Query = { readonly sql: Sql; readonly columns: readonly Facts[]; readonly rows: number };
type Relation = {
  readonly sql: Sql;
  readonly columns: readonly Column[];
  readonly rows: number;
  /** Columns that tell all rows apart; null where there may be equal rows. */
  readonly ids: readonly Column[] | null;
};
type SelectOptions = {
  /** Families of the wanted columns; any when null. */
  readonly shape: readonly Family[] | null;
  readonly outer: readonly Column[];
  /** How often the query may be evaluated. */
  readonly outerRows: number;
  readonly depth: number;
  /** The outermost query, which may put out approximate values. */
  readonly isTop?: boolean;
};

export type FuzzQuery = {
  readonly sql: Sql;
  /** The ORDER BY decides the place of every row. */
  readonly ordered: boolean;
};

/** Nested loops are kept below this many pairs of rows. */
const pairsMax = 4e5;
/** Larger results are not asked for: comparing them takes longer than making them. */
const resultRowsMax = 25_000;

export class QueryGenerator extends ExpressionGenerator {
  #names = 0;
  #common: { readonly name: string; readonly columns: readonly Facts[]; readonly rows: number }[] = [];

  constructor(random: Random) {
    super(random);
  }

  statement(): FuzzQuery {
    const { random } = this;
    const definitions: Sql[] = [];
    while (random.chance(12)) {
      const query = this.#query({ shape: null, outer: [], outerRows: 1, depth: 1 });
      const name = this.#name("w");
      definitions.push(
        sql("definition", `${name}(${query.columns.map((_, index) => `c${index}`).join(", ")}) as ({0})`, [query.sql]),
      );
      this.#common.push({ name, columns: query.columns, rows: query.rows });
    }
    const make = (): Query =>
      this.#query({ shape: null, outer: [], outerRows: 1, depth: random.pick([1, 2, 2, 3]), isTop: true });
    let query = make();
    for (let attempt = 0; attempt < 4 && query.rows > resultRowsMax; attempt++) query = make();
    const isSortable = query.columns.every(({ family }) => family !== "approx");
    const ordered = isSortable && random.chance(45);
    const tail = ordered ? orderAndLimit(random, query.columns.length, 60) : nothing;
    const withClause =
      definitions.length === 0 ? nothing : clause("with {0} ", [list("definitions", ", ", definitions)]);
    return { sql: sql("statement", "{0}{1}{2}", [withClause, query.sql, tail]), ordered };
  }

  #name(prefix: string): string {
    return `${prefix}${++this.#names}`;
  }

  #query(options: SelectOptions): Query {
    const { random } = this;
    if (options.depth > 0 && random.chance(13)) return this.#setOperation(options);
    if (random.chance(3)) return this.#values(options);
    const query = random.chance(38) ? this.#grouped(options) : this.#select(options);
    const isSortable = query.columns.every(({ family }) => family !== "approx");
    if (options.isTop !== true && isSortable && random.chance(8)) {
      return {
        ...query,
        sql: sql(query.sql.tag, "{0}{1}", [query.sql, orderAndLimit(random, query.columns.length, 100)]),
      };
    }
    return query;
  }

  #setOperation(options: SelectOptions): Query {
    const { random } = this;
    const depth = options.depth - 1;
    const shape = options.shape ?? this.#shape(3);
    const { outer, outerRows } = options;
    const [left, right] = [
      this.#query({ shape, outer, outerRows, depth }),
      this.#query({ shape, outer, outerRows, depth }),
    ];
    const operator = random.pick([
      "union all",
      "union all",
      "union",
      "intersect",
      "except",
      "intersect all",
      "except all",
    ]);
    return {
      sql: sql(left.sql.tag, `(({0}) ${operator} ({1}))`, [left.sql, right.sql]),
      columns: left.columns.map((column, index) => mergedFacts(column, right.columns[index]!)),
      rows: left.rows + right.rows,
    };
  }

  #values(options: SelectOptions): Query {
    const shape = options.shape ?? this.#shape(2);
    const rowCount = this.random.between(1, 4);
    const rows = Array.from({ length: rowCount }, () => shape.map((family) => this.literal(family)));
    const columns = shape.map((family, index) =>
      rows.map((row) => row[index]! as Facts).reduce((left, right) => mergedFacts({ ...left, family }, right)),
    );
    const tuples = rows.map((row) =>
      sql("tuple", "({0})", [
        {
          ...list(
            "row",
            ", ",
            row.map((cell) => cell.sql),
          ),
          atLeast: shape.length,
        },
      ]),
    );
    return {
      sql: sql(tagOf(columns), "values {0}", [list("tuples", ", ", tuples)]),
      columns: columns.map(plainFacts),
      rows: rowCount,
    };
  }

  #shape(max: number): Family[] {
    return Array.from({ length: this.random.between(1, max) }, () => this.family());
  }

  #select(options: SelectOptions): Query {
    const { random } = this;
    const { outer, outerRows, depth } = options;
    const from = this.#from(options);
    const scope: Scope = { columns: from.columns, outer, rows: from.rows * outerRows };
    const where = random.chance(60) ? this.filter(scope, 1 + depth) : null;
    const families = options.shape ?? Array.from({ length: random.between(1, 5) }, () => this.familyIn(scope));
    const hasWindows = from.columns.length > 0 && random.chance(18);
    const items = families.map((family) => {
      const call =
        hasWindows && random.chance(60)
          ? windowExpression(this, family, { ...scope, outer: [] }, from.ids ?? [])
          : null;
      return call ?? this.expr(family, scope, random.between(0, 2));
    });
    const distinct = random.chance(15);
    if (options.isTop === true && options.shape === null && !distinct && random.chance(20)) {
      const approximate = this.approximate(scope, 1);
      if (approximate !== null) items.push(approximate);
    }
    const parts = [
      distinct ? clause("distinct ", []) : nothing,
      itemList(items, options.shape === null && options.isTop === true),
      from.sql,
      optionalClause(" where {0}", where),
    ];
    return { sql: sql(tagOf(items), "select {0}{1}{2}{3}", parts), columns: items.map(factsOf), rows: from.rows };
  }

  #grouped(options: SelectOptions): Query {
    const { random } = this;
    const { outer, outerRows, depth } = options;
    const from = this.#from(options);
    const input: Scope = { columns: from.columns, outer, rows: from.rows * outerRows };
    const where = random.chance(50) ? this.filter(input, 1 + depth) : null;
    const groups: Expr[] = [];
    const hasSets = random.chance(15);
    while (groups.length < 3 && random.chance(groups.length === 0 ? 75 : 40)) {
      const own = this.#groupKey(input, hasSets);
      if (own !== null) groups.push(own);
    }
    const plain = groups.flatMap((group) =>
      group.sql.parts.length === 0 ? [{ ...factsOf(group), ref: group.sql.ours }] : [],
    );
    const scope: Scope = {
      columns: plain,
      outer,
      rows: input.rows,
      ready: groups,
      aggregate: (family) => aggregateCall(this, family, input),
    };
    const families = options.shape ?? [
      ...groups.filter(() => random.chance(70)).map((group) => group.family),
      ...Array.from({ length: random.between(1, 3) }, () => this.familyIn(input)),
    ];
    const items = families.map((family) => this.expr(family, scope, random.between(1, 2)));
    if (hasSets && groups.length > 0 && options.shape === null) {
      items.push({ family: "int", bound: 1, sql: sql("int", "grouping({0})", [groups[0]!.sql]) });
    }
    if (options.isTop === true && options.shape === null && random.chance(25)) {
      const average = averageCall(this, input);
      if (average !== null) items.push(average);
    }
    const having = random.chance(25) ? this.#having(scope, Math.min(depth, 1)) : null;
    const parts = [
      itemList(items, options.shape === null && options.isTop === true),
      from.sql,
      optionalClause(" where {0}", where),
      groupByClause(
        random,
        groups.map((group) => group.sql),
        hasSets,
      ),
      optionalClause(" having {0}", having),
    ];
    // No HAVING without groups or aggregates: what there is then is a plain select.
    const counted = groups.length === 0 ? this.#withAggregate(items) : items;
    const itemsPart =
      counted === items ? parts[0]! : itemList(counted, options.shape === null && options.isTop === true);
    return {
      sql: sql(tagOf(counted), "select {0}{1}{2}{3}{4}", [itemsPart, ...parts.slice(1)]),
      columns: counted.map(factsOf),
      rows: Math.min(from.rows, 20_000),
    };
  }

  #having(scope: Scope, depth: number): Sql {
    const condition = this.condition(scope, 1 + depth);
    return this.random.chance(50)
      ? condition
      : sql("bool", `({0} or count(*) > ${this.random.between(1, 20)})`, [condition]);
  }

  /** A select without GROUP BY needs an aggregate call to be a grouped one. */
  #withAggregate(items: readonly Expr[]): readonly Expr[] {
    const [first, ...rest] = items as [Expr, ...Expr[]];
    const text = "case when count(*) >= 0 then {0} end";
    return [{ ...first, sql: sql(first.sql.tag, text, [first.sql]) }, ...rest];
  }

  #groupKey(input: Scope, isPlain: boolean): Expr | null {
    const { random } = this;
    const family = this.familyIn(input);
    const own: Scope = { ...input, outer: [] };
    if (!isPlain && random.chance(30) && family !== "interval") {
      const key = this.expr(family, { ...own, rows: Infinity }, 1);
      // A constant is a position or nothing at all to GROUP BY.
      return /[.]/.test(textOf(key.sql)) && !/^[-(]*[0-9']/.test(textOf(key.sql)) ? key : null;
    }
    const columns = own.columns.filter((column) => column.family === family);
    return columns.length === 0 ? null : columnOf(random.pick(columns));
  }

  /** FROM with one to three relations, or none at all. */
  #from(options: SelectOptions): Relation {
    const { random } = this;
    if (random.chance(3)) return { sql: nothing, columns: [], rows: 1, ids: null };
    let joined = this.#relation(options, 1);
    const more = random.weighted([
      [45, 0],
      [38, 1],
      [13, 2],
      [4, 3],
    ] as const);
    for (let count = 0; count < more; count++) joined = this.#join(joined, options, count > 0 || more > 1);
    return { ...joined, sql: sql("from", " from {0}", [joined.sql]) };
  }

  #join(left: Relation, options: SelectOptions, isLonger: boolean): Relation {
    const { random } = this;
    const { outer, depth, outerRows } = options;
    if (depth > 0 && left.rows * outerRows <= 20_000 && random.chance(12)) return this.#lateral(left, options);
    if (left.ids?.length === 1 && left.rows >= 300 && outerRows === 1 && random.chance(15)) return this.#joinById(left);
    const right = this.#relation(options, left.rows);
    const columns = [...left.columns, ...right.columns];
    const rows = left.rows * right.rows;
    const relation = (text: string, parts: readonly Sql[] = []): Relation => ({
      sql: sql("joined", text, [left.sql, right.sql, ...parts]),
      columns,
      rows,
      ids: left.ids === null || right.ids === null ? null : [...left.ids, ...right.ids],
    });
    if (random.chance(9))
      return relation(random.pick(["{0} cross join {1}", "{0} cross join {1}", "{0}, {1}"].slice(0, isLonger ? 1 : 3)));
    const joinType = random.pick(["join", "join", "inner join", "left join", "left join", "right join", "full join"]);
    const scope: Scope = { columns, outer: random.chance(30) ? outer : [], rows: rows * outerRows };
    const equality = this.#equality(left, right);
    if (random.chance(8) && !isLonger) {
      const names = ["id", "i4", "s", "dt", "u2", "d1"].filter((name) =>
        [left, right].every((one) => one.columns.some(({ ref }) => ref.endsWith(`.${name}`))),
      );
      if (names.length > 0) {
        const name = random.pick(names);
        const facts = left.columns.find(({ ref }) => ref.endsWith(`.${name}`))!;
        return { ...relation(`{0} ${joinType} {1} using (${name})`), columns: [...columns, { ...facts, ref: name }] };
      }
    }
    const conditions = [
      ...(equality !== null && (joinType === "full join" || random.chance(85)) ? [equality] : []),
      ...(random.chance(15) ? [this.#equality(left, right) ?? leaf("bool", "true")] : []),
      ...(random.chance(25) ? [this.condition(scope, joinType === "full join" ? 1 : 2)] : []),
    ];
    if (conditions.length === 0) conditions.push(this.condition({ ...scope, outer: [] }, 1));
    return relation(`{0} ${joinType} {1} on {2}`, [list("bool", " and ", conditions)]);
  }

  /** Two large tables, by a key of both, so that there are not more rows than in one. */
  #joinById(left: Relation): Relation {
    const { random } = this;
    const right = this.#table("big");
    const columns = [...left.columns, ...right.columns];
    const key = sql("bool", "({0} = {1})", [columnOf(left.ids![0]!).sql, columnOf(right.ids![0]!).sql]);
    const conditions = [key, ...(random.chance(40) ? [this.condition({ columns, outer: [], rows: Infinity }, 1)] : [])];
    const joinType = random.pick(["join", "left join", "right join", "full join"]);
    return {
      sql: sql("joined", `{0} ${joinType} {1} on {2}`, [left.sql, right.sql, list("bool", " and ", conditions)]),
      columns,
      rows: Math.max(left.rows, right.rows),
      ids: [...left.ids!, ...right.ids!],
    };
  }

  /** left.x = right.y of one family, now and then of expressions over them. */
  #equality(left: Relation, right: Relation): Sql | null {
    const { random } = this;
    for (let attempt = 0; attempt < 5; attempt++) {
      const family = random.weighted<Family>([
        [10, "int"],
        [4, "text"],
        [3, "dec"],
        [2, "date"],
        [1, "ts"],
        [1, "float"],
        [1, "bool"],
        [1, "tz"],
        [1, "interval"],
        [1, "blob"],
        [1, "time"],
      ]);
      const [first, second] = [left, right].map((relation) =>
        relation.columns.filter((column) => column.family === family),
      );
      if (first!.length === 0 || second!.length === 0) continue;
      const one = columnOf(random.pick(first!));
      const same = second!.filter(({ ref }) => ref.split(".")[1] === one.sql.ours.split(".")[1]);
      const other = columnOf(random.pick(same.length > 0 && random.chance(60) ? same : second!));
      const sides = [one, other].map((side) => {
        if (random.chance(90) || side.bound > 1e6) return side.sql;
        return family === "int" ? sql("int", "(cast({0} as bigint) + 1)", [side.sql]) : side.sql;
      });
      return sql("bool", random.chance(92) ? "({0} = {1})" : "({0} is not distinct from {1})", sides);
    }
    return null;
  }

  #relation(options: SelectOptions, others: number): Relation {
    const { random } = this;
    const { depth, outerRows } = options;
    const allowed = pairsMax / (others * outerRows);
    if (depth > 0 && random.chance(20)) {
      const shape = this.#shape(4);
      const query = this.#query({ shape, outer: [], outerRows: others * outerRows, depth: depth - 1 });
      if (query.rows <= allowed || query.rows === 1) return this.#derived(query, "");
    }
    const common = this.#common.filter(({ rows }) => rows <= allowed);
    if (common.length > 0 && random.chance(45)) {
      const { name, columns, rows } = random.pick(common);
      const alias = this.#name("t");
      return {
        sql: leaf("common table", `${name} as ${alias}`),
        columns: columns.map((facts, index) => ({ ...facts, ref: `${alias}.c${index}` })),
        rows,
        ids: null,
      };
    }
    const tables = fuzzTables.filter((one) => one.rows <= allowed || one.name === "few");
    const weights: Readonly<Record<string, number>> = { none: 1, one: 2, few: 12, mid: 22, big: 12 };
    const table = random.weighted(tables.map((one) => [weights[one.name]!, one] as const));
    return this.#table(table.name);
  }

  #table(name: string): Relation {
    const table = fuzzTables.find((one) => one.name === name)!;
    const alias = this.#name("t");
    const smaller = fuzzTables.filter(({ rows }) => rows < table.rows).map(({ name }) => `${name} as ${alias}`);
    return {
      sql: leaf(`table ${alias}`, `${table.name} as ${alias}`, undefined, smaller),
      columns: fuzzColumns.map(({ name, ...facts }) => ({ ...facts, ref: `${alias}.${name}` })),
      rows: Math.max(1, table.rows),
      ids: [{ family: "int", bound: table.rows, ref: `${alias}.id` }],
    };
  }

  #derived(query: Query, keyword: string): Relation {
    const alias = this.#name("q");
    const names = query.columns.map((_, index) => `c${index}`);
    return {
      sql: sql("derived", `${keyword}({0}) as ${alias}(${names.join(", ")})`, [query.sql]),
      columns: query.columns.map((facts, index) => ({ ...facts, ref: `${alias}.${names[index]!}` })),
      rows: query.rows,
      ids: null,
    };
  }

  #lateral(left: Relation, options: SelectOptions): Relation {
    const { random } = this;
    const outer = random.chance(25) ? [...left.columns, ...options.outer] : left.columns;
    const query = this.#query({
      shape: this.#shape(3),
      outer,
      outerRows: left.rows * options.outerRows,
      depth: options.depth - 1,
    });
    const right = this.#derived(query, "lateral ");
    const text = random.pick(["{0} cross join {1}", "{0} left join {1} on true", "{0} join {1} on true"]);
    return {
      sql: sql("joined", text, [left.sql, right.sql]),
      columns: [...left.columns, ...right.columns],
      rows: left.rows * right.rows,
      ids: null,
    };
  }

  protected subqueryCondition(scope: Scope, depth: number): Sql | null {
    const { random } = this;
    if (scope.rows > 20_000 * 300) return null;
    const visible = [...scope.columns, ...scope.outer];
    const outer = random.chance(70) ? visible : [];
    const options = { outer, outerRows: outer.length === 0 ? 1 : scope.rows, depth };
    if (random.chance(35)) {
      return sql("bool", `(${random.pick(["", "not "])}exists ({0}))`, [
        this.#correlated({ ...options, shape: ["int"] }).sql,
      ]);
    }
    const family = this.familyIn(scope);
    const left = this.expr(family, scope, 0).sql;
    const query = this.#correlated({ ...options, shape: [family] });
    const form = random.pick([
      "{0} in ({1})",
      "{0} not in ({1})",
      "{0} in ({1})",
      "{0} not in ({1})",
      `{0} ${random.pick(["=", "<>", "<", ">="])} ${random.pick(["any", "all"])} ({1})`,
    ]);
    return sql("bool", `(${form})`, [left, query.sql]);
  }

  /** A query that likely has an equality with an outer column in its WHERE. */
  #correlated(options: SelectOptions): Query {
    return this.#query(options);
  }

  protected scalarSubquery(family: Family, scope: Scope, depth: number): Expr | null {
    const { random } = this;
    if (scope.rows > 20_000 * 300 || depth < 0) return null;
    const visible = [...scope.columns, ...scope.outer];
    const outer = random.chance(70) ? visible : [];
    const options: SelectOptions = {
      shape: [family],
      outer,
      outerRows: outer.length === 0 ? 1 : scope.rows,
      depth: Math.min(depth, 1),
    };
    if (random.chance(30) && family !== "interval") {
      const query = this.#select(options);
      const order = random.pick(["", " desc", " nulls first", " desc nulls last"]);
      return { ...query.columns[0]!, sql: sql(family, `(({0}) order by 1${order} limit 1)`, [query.sql]) };
    }
    const from = this.#from(options);
    const input: Scope = { columns: from.columns, outer, rows: from.rows * options.outerRows };
    const where = random.chance(85) ? this.filter(input, 1) : null;
    const call = aggregateCall(this, family, input);
    if (call === null || from.columns.length === 0) return null;
    const select = sql("select", "(select {0}{1}{2})", [call.sql, from.sql, optionalClause(" where {0}", where)]);
    return { ...factsOf(call), sql: { ...select, tag: family } };
  }
}
