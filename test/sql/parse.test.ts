import assert from "node:assert/strict";
import { EngineError } from "../../src/common/engine-error.ts";
import type { Select, SqlExpression, Statement } from "../../src/sql/ast.ts";
import { formatErrorWithPosition } from "../../src/sql/format-error-with-position.ts";
import { loadParser, parse } from "../../src/sql/parse.ts";

function only(sql: string): Statement {
  const statements = parse(sql);
  assert.equal(statements.length, 1);
  return statements[0]!;
}

function select(sql: string): Select {
  const statement = only(sql);
  assert(statement.kind === "query" && statement.query.body.kind === "select");
  return statement.query.body;
}

function items(sql: string): readonly SqlExpression[] {
  return select(sql).items.map((item) => item.expression);
}

/** The text that each expression's span covers. */
function texts(sql: string): readonly string[] {
  return items(sql).map(({ span }) => sql.slice(span.start, span.end));
}

function failure(sql: string): string {
  try {
    parse(sql);
  } catch (thrown) {
    assert(thrown instanceof EngineError, String(thrown));
    return `${thrown.code}: ${formatErrorWithPosition(thrown, sql)}`;
  }
  return assert.fail(`no error: ${sql}`);
}

describe("parse", () => {
  before(loadParser);

  it("gives no statement for nothing but space, comments and semicolons", () => {
    for (const sql of ["", "  \n", ";", " ; ;; ", "-- only\n/* this */"]) assert.deepEqual(parse(sql), []);
  });

  it("splits at semicolons outside strings, names and comments", () => {
    const sql = `select ';', ";", $$;$$, e'\\';' /* ; */ from t -- ;\n; select 2;`;
    assert.deepEqual(
      parse(sql).map(({ span }) => sql.slice(span.start, span.end)),
      [sql.slice(0, sql.indexOf("t --") + 1), "select 2"],
    );
  });

  it("places nodes in UTF-16 offsets whatever the characters before", () => {
    assert.deepEqual(texts("select 'é', '日本', '😀' , abc, a.b, \"Ü\".\"x y\" from t"), [
      "'é'",
      "'日本'",
      "'😀'",
      "abc",
      "a.b",
      '"Ü"."x y"',
    ]);
  });

  it("places nodes behind other statements and placeholders", () => {
    const sql = "select 'ä'; select ?, abc, ?, def from t where x=?";
    const [, second] = parse(sql);
    assert(second?.kind === "query" && second.query.body.kind === "select");
    const spans = second.query.body.items.map(({ expression: { span } }) => sql.slice(span.start, span.end));
    assert.deepEqual(spans, ["?", "abc", "?", "def"]);
    const where = second.query.body.where;
    assert(where?.kind === "operator" && where.args[1]?.kind === "parameter");
    assert.equal(where.args[1].index, 3);
    assert.equal(where.args[1].span.start, sql.length - 1);
  });

  it("numbers question marks, but not those in strings, names, comments and dollar quotes", () => {
    const sql = `select '?', "?", $a$ ? $a$, ?, -?, ?||? /* ? */ from t -- ?`;
    const numbers: number[] = [];
    const visit = (node: unknown): void => {
      if (typeof node !== "object" || node === null) return;
      if ("kind" in node && node.kind === "parameter" && "index" in node) numbers.push(node.index as number);
      for (const part of Object.values(node)) visit(part);
    };
    visit(items(sql));
    assert.deepEqual(numbers, [1, 2, 3, 4]);
  });

  it("keeps numbered placeholders and refuses a mixture", () => {
    const [first] = items("select $2");
    assert(first?.kind === "parameter" && first.index === 2);
    assert.equal(
      failure("select ?, $1"),
      "syntax_error: a statement cannot mix ? and $n placeholders\nLINE 1, column 8\nselect ?, $1\n       ^",
    );
  });

  it("reads every literal as written", () => {
    const values = items("select 0, -5, 1.50, 1e3, 9223372036854775808, '', 'it''s', E'a\\nb', true, null").map(
      (node) => ("text" in node ? node.text : "value" in node ? node.value : node.kind),
    );
    assert.deepEqual(values, ["0", "-5", "1.50", "1e3", "9223372036854775808", "", "it's", "a\nb", true, "null"]);
  });

  it("folds the case of plain names and keeps that of quoted ones", () => {
    assert.deepEqual(
      items('select Foo, "Foo", A."B" from t').map((node) => (node.kind === "column" ? node.parts : [])),
      [["foo"], ["Foo"], ["a", "B"]],
    );
  });

  it("keeps names that PostgreSQL would cut", () => {
    const long = `Column_${"x".repeat(80)}`;
    const accented = `${"é".repeat(40)} "q"`;
    const sql = `select ${long}, "${accented.replaceAll('"', '""')}", ?, q.${long} as long_name_0 from t where ${long} = ?`;
    const [first, second, third, fourth] = items(sql);
    assert(
      first?.kind === "column" && second?.kind === "column" && third?.kind === "parameter" && fourth?.kind === "column",
    );
    assert.deepEqual(
      [first.parts, second.parts, fourth.parts],
      [[long.toLowerCase()], [accented], ["q", long.toLowerCase()]],
    );
    assert.deepEqual(
      texts(sql).map((text) => text.length),
      [87, 48, 1, 89],
    );
    assert.equal(select(sql).items[3]!.alias, "long_name_0");
    const { where } = select(sql);
    assert(where?.kind === "operator");
    assert.deepEqual(
      where.args.map(({ span }) => span.start),
      [sql.lastIndexOf(long), sql.length - 1],
    );
    assert.match(failure(`select ${long} ${long} ${long}`), new RegExp(`near "${long}"`));
  });

  it("recognises statements outside the grammar", () => {
    assert.equal(only("Show Tables").kind, "show_tables");
    for (const [sql, qualifiers, name] of [
      ["describe t", [], "t"],
      ["DESC table Main.T;", ["main"], "t"],
      ['describe "A b"', [], "A b"],
      ["describe table", [], "table"],
    ] as const) {
      const statement = only(sql);
      assert(statement.kind === "describe");
      assert.deepEqual([statement.name.qualifiers, statement.name.name], [qualifiers, name]);
    }
    assert.match(failure("describe"), /^syntax_error: syntax error at end of input\nLINE 1, column 9/);
    assert.match(failure("describe a b"), /near "b"\nLINE 1, column 12/);
    assert.match(failure("describe a."), /near "\."/);
  });

  it("reads SET, RESET, SHOW, EXPLAIN, CREATE VIEW and DROP VIEW", () => {
    const plain = (sql: string): unknown => ({ ...only(sql), span: undefined });
    assert.deepEqual(plain("set a.b = 'x'"), { kind: "set", name: "a.b", value: "x", span: undefined });
    assert.deepEqual(plain("set a to 0"), { kind: "set", name: "a", value: "0", span: undefined });
    assert.deepEqual(plain("reset a"), { kind: "set", name: "a", value: null, span: undefined });
    assert.deepEqual(plain("reset all"), { kind: "set", name: "all", value: null, span: undefined });
    assert.deepEqual(plain("show a"), { kind: "show", name: "a", span: undefined });
    for (const [sql, analyze] of [
      ["explain select 1", false],
      ["explain analyze select 1", true],
      ["explain (analyze off) select 1", false],
      ["explain (analyze, format text) select 1", true],
    ] as const) {
      const statement = only(sql);
      assert(statement.kind === "explain");
      assert.equal(statement.analyze, analyze);
    }
    const view = only('create or replace view main.v ("As", b) as\n select 1, 2 ; ');
    assert(view.kind === "create_view");
    assert.deepEqual(
      [view.name.name, view.name.qualifiers, view.orReplace, view.querySql],
      ["v", ["main"], true, "select 1, 2"],
    );
    assert.deepEqual(
      view.columnNames?.map(({ name }) => name),
      ["As", "b"],
    );
    const drop = only("drop view if exists a, main.b");
    assert(drop.kind === "drop_view");
    assert.deepEqual([drop.ifExists, drop.names.map(({ name }) => name)], [true, ["a", "b"]]);
  });

  it("reports syntax errors with their place", () => {
    assert.equal(
      failure("select 'é' from\n  from"),
      'syntax_error: syntax error at or near "from"\nLINE 2, column 3\n  from\n  ^^^^',
    );
    assert.equal(failure("selec 1"), 'syntax_error: syntax error at or near "selec"\nLINE 1, column 1\nselec 1\n^^^^^');
    assert.match(failure("select * from t where"), /at end of input\nLINE 1, column 22\n.*\n {21}\^$/);
    assert.match(failure("select 'abc"), /unterminated quoted string.*\nLINE 1, column 8/);
    assert.match(failure("select 1; select ? ?"), /near "\?"\nLINE 1, column 20/);
    assert.match(failure("select 1 \0 from t"), /invalid character.*\nLINE 1, column 10/);
    assert.match(failure("select '\ud800'"), /invalid character/);
  });

  it("names unsupported constructs with their place", () => {
    const cases: readonly (readonly [string, RegExp])[] = [
      ["insert into t values (1)", /INSERT is not supported\nLINE 1, column 1/],
      ["update t set a = 1", /UPDATE is/],
      ["delete from t", /DELETE is/],
      ["create table t (a int)", /CREATE TABLE is/],
      ["create table t as select 1", /CREATE TABLE AS is/],
      ["drop table t", /DROP TABLE is/],
      ["create temp view v as select 1", /CREATE TEMPORARY VIEW is/],
      ["begin", /TRANSACTION is/],
      ["select array[1]", /arrays are/],
      ["select '1'::int[]", /array types are/],
      ["select a[1] from t", /subscripts/],
      ["select 1 for update", /FOR UPDATE/],
      ["select 1 into t", /SELECT INTO/],
      ["select f(x => 1)", /named arguments/],
      ["with a as (delete from t returning 1) select 1", /DELETE in a query/],
      ["explain (format json) select 1", /FORMAT json/],
      ["select s.f(1)", /functions in schemas/],
      ["select B'01'", /bit strings/],
      ["select json_object('a': 1)", /JSON is/],
    ];
    for (const [sql, expected] of cases) {
      const text = failure(sql);
      assert.match(text, expected, sql);
      assert.match(text, /^feature_not_supported|syntax_error/, sql);
    }
  });

  it("refuses statements that would overflow the parser, and goes on working", () => {
    for (const sql of [
      `select ${"(".repeat(20_000)}1${")".repeat(20_000)}`,
      `select 1${" + 1".repeat(20_000)}`,
      `select ${"not ".repeat(20_000)} true`,
      `select ${"case when true then ".repeat(5_000)} 1 ${"end ".repeat(5_000)}`,
      `select 1${" union select 1".repeat(5_000)}`,
      `select * from t${" join t on true and a = b".repeat(5_000)}`,
    ]) {
      assert.match(failure(sql), /^feature_not_supported: statement is nested deeper than 1000 levels/);
    }
    assert.equal(only("select 1").kind, "query");
    assert.equal(items(`select ${Array.from({ length: 20_000 }, (_, index) => index).join(", ")}`).length, 20_000);
    assert.equal(
      only(`select 1 where ${Array.from({ length: 5_000 }, (_, index) => `a = ${index}`).join(" or ")}`).kind,
      "query",
    );
  });
});
