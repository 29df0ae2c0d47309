import assert from "node:assert/strict";
import { type DataType, decimalType, simpleType, typeName } from "../../src/arrow/data-type.ts";
import type { Value } from "../../src/arrow/value.ts";
import { bindParameters } from "../../src/bind/bind-parameters.ts";
import { bindStatement } from "../../src/bind/bind-statement.ts";
import { EngineError } from "../../src/common/engine-error.ts";
import type { BoundStatement } from "../../src/logical/logical-node.ts";
import { printLogicalPlan } from "../../src/logical/print-plan.ts";
import { loadParser, parse } from "../../src/sql/parse.ts";
import { checkPlan } from "./check-plan.ts";
import { testCatalog } from "./test-catalog.ts";

type BoundQuery = BoundStatement & { readonly kind: "query" };

function bindQuery(sql: string, parameterTypes?: readonly DataType[]): BoundQuery {
  const options = { catalog: testCatalog(), sql, ...(parameterTypes === undefined ? {} : { parameterTypes }) };
  const statement = bindStatement(parse(sql)[0]!, options);
  assert(statement.kind === "query");
  return statement;
}

/** The line of the plan that has the values. */
function bound(sql: string, values: readonly Value[], types?: readonly DataType[]): string {
  const plan = bindParameters(bindQuery(sql).plan, values, types);
  checkPlan(plan);
  return printLogicalPlan(plan).replace(/\n\s*scan .*/s, "");
}

function failure(run: () => unknown): string {
  try {
    run();
  } catch (thrown) {
    assert(thrown instanceof EngineError, String(thrown));
    return `${thrown.code}: ${thrown.message} @${thrown.details.span?.start}`;
  }
  return assert.fail("no error");
}

const typesOf = (sql: string, given?: readonly DataType[]): string =>
  bindQuery(sql, given).parameterTypes.map(typeName).join(", ");

describe("parameters", () => {
  before(loadParser);

  it("take their types from where they stand", () => {
    assert.equal(typesOf("select $1 from t where a = $1"), "integer");
    assert.equal(
      typesOf("select a from t where x > $1 and d < $2 and s like $3 limit $4"),
      "decimal(15,2), date, varchar, bigint",
    );
    assert.equal(typesOf("select $2::bool"), "unknown, boolean");
    assert.equal(typesOf("select a from t where a = $1 and b = $1"), "integer");
  });

  it("follow the values' types where their use leaves it open or could not hold them", () => {
    const [int64, float64, utf8, date] = (["int64", "float64", "utf8", "date"] as const).map(simpleType);
    assert.equal(typesOf("select $1", [int64!]), "bigint");
    assert.equal(typesOf("select a from t where a = $1", [int64!]), "integer");
    assert.equal(typesOf("select a from t where a = $1", [float64!]), "double precision");
    assert.equal(typesOf("select a from t where x = $1", [int64!]), "decimal(15,2)");
    assert.equal(typesOf("select a from t where x = $1", [decimalType(4, 3)]), "decimal(4,3)");
    assert.equal(typesOf("select a from t where d = $1", [utf8!]), "date");
    assert.equal(typesOf("select a from t where d = $1 and $2 is null", [date!, simpleType("null")]), "date, varchar");
    assert.equal(typesOf("select 1", [int64!]), "bigint");
  });

  it("become literals of their type", () => {
    assert.match(bound("select a from t where a = $1", [5n]), /filter a#1 = 5$/);
    assert.match(bound("select a from t where a = $1", [5]), /filter a#1 = 5$/);
    assert.match(bound("select a from t where a = $1", ["5"]), /filter a#1 = 5$/);
    assert.match(bound("select a from t where x > $1", [24]), /filter x#5 > 24\.00$/);
    assert.match(bound("select a from t where x > $1", [2450n]), /filter x#5 > 24\.50$/);
    assert.match(bound("select a from t where x > $1", [0.05]), /filter x#5 > 0\.05$/);
    assert.match(bound("select a from t where x > $1", ["1.5"]), /filter x#5 > 1\.50$/);
    assert.match(bound("select a from t where d > $1", ["2020-01-01"]), /filter d#4 > date '2020-01-01'$/);
    assert.match(bound("select a from t where d > $1", [18262]), /filter d#4 > date '2020-01-01'$/);
    assert.match(
      bound("select a from u where ts > $1", [1_577_836_800_000_000n]),
      /filter ts#4 > timestamp '2020-01-01 00:00:00'$/,
    );
    assert.match(bound("select a from t where f = $1", [1n]), /filter f#6 = 1$/);
    assert.match(bound("select a from t where flag = $1", [true]), /filter flag#7 = true$/);
    assert.match(bound("select a from t where s = $1", ["it's"]), /filter s#3 = 'it''s'$/);
    assert.match(bound("select a from t where s = $1", [null]), /filter s#3 = NULL$/);
    assert.match(bound("select $1 || s from t", [7]), /'7' \|\| s/);
  });

  it("are exact by their own types where these are given", () => {
    assert.match(bound("select a from t where x > $1", [5n], [decimalType(3, 2)]), /filter x#5 > 0\.05$/);
    assert.match(bound("select a from t where x > $1", [5n], [simpleType("int64")]), /filter x#5 > 5\.00$/);
    assert.match(bound("select a from t where d > $1", [18262], [simpleType("date")]), /date '2020-01-01'/);
  });

  it("reach subqueries, joins, aggregates and limits", () => {
    const sql =
      "select sum(a + ?) from t join u using (a) where b in (select c from u where c > ?) having count(*) > ? limit ? offset ?";
    const text = printLogicalPlan(bindParameters(bindQuery(sql).plan, [1, 2, 3, 4, 5]));
    assert.doesNotMatch(text, /\$/);
    assert.match(text, /^limit 4 offset 5\n/);
  });

  it("of LIMIT may be NULL, not negative", () => {
    assert.match(bound("select a from t limit $1 offset $2", [null, 2]), /^limit all offset 2/);
    assert.match(
      failure(() => bound("select a from t limit $1", [-1])),
      /^invalid_parameter_value: LIMIT must not be negative @22/,
    );
  });

  it("are refused where a value is missing or would change", () => {
    const refused = (sql: string, values: readonly Value[]): string => failure(() => bound(sql, values));
    assert.match(
      refused("select a from t where a = $1 and b = $2", [1]),
      /^undefined_parameter: no value for parameter \$2 @37/,
    );
    assert.match(
      refused("select a from t where x = $1", [0.055]),
      /^invalid_parameter_value: .*\$1 is not exact as decimal\(15,2\) @26/,
    );
    assert.match(refused("select a from t where x = $1", ["0.055"]), /^invalid_parameter_value/);
    assert.match(refused("select a from t where a = $1", [1.5]), /^invalid_parameter_value/);
    assert.match(refused("select a from t where a = $1", [5_000_000_000n]), /^numeric_value_out_of_range: .* @26/);
    assert.match(refused("select a from t where a = $1", ["x"]), /^invalid_text_representation: .* @26/);
    assert.match(refused("select a from t where d = $1", ["2020-02-30"]), /^datetime_field_overflow/);
  });
});

describe("large statements", () => {
  before(loadParser);

  it("bind, or are refused with an error of ours", () => {
    const terms = Array.from({ length: 5000 }, (_, index) => `a = ${index} or b > ${index}`).join(" or ");
    assert.equal(bindQuery(`select a from t where ${terms}`).outputs.length, 1);
    assert.equal(bindQuery(`select ${"(".repeat(900)}1${")".repeat(900)}`).outputs.length, 1);
    assert.equal(bindQuery(`select 1${" + 1".repeat(900)}`).outputs.length, 1);
    assert.equal(bindQuery(`select 1${" union all select 1".repeat(900)}`).outputs.length, 1);
    const nested = `${"select (".repeat(900)}select 1${")".repeat(900)}`;
    try {
      bindQuery(nested);
    } catch (thrown) {
      assert(thrown instanceof EngineError && thrown.code === "feature_not_supported", String(thrown));
    }
    const doubling = Array.from(
      { length: 40 },
      (_, index) => `q${index + 1} as (select l.n from q${index} l, q${index} r)`,
    );
    assert.match(
      failure(() => bindQuery(`with q0 as (select 1 as n), ${doubling.join(", ")} select * from q40`)),
      /^feature_not_supported: statement is too complex/,
    );
    assert.equal(bindQuery("select 1").outputs.length, 1);
  });
});
