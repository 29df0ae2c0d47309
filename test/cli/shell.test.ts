import assert from "node:assert/strict";
import { PassThrough, Readable } from "node:stream";
import { decimalType, simpleType } from "../../src/arrow/data-type.ts";
import { displayWidth } from "../../src/cli/shell/display-width.ts";
import { formatRows, type OutputFormat } from "../../src/cli/shell/format-rows.ts";
import { runShell, type ShellOptions } from "../../src/cli/shell/run-shell.ts";
import { isBlank, splitStatements } from "../../src/cli/shell/split-statements.ts";
import { FakeCluster } from "../support/fake-cluster.ts";

describe("splitting a script", () => {
  const texts = (script: string): readonly string[] => splitStatements(script).items.map((item) => item.text);

  it("cuts at semicolons outside of quotes and comments", () => {
    assert.deepEqual(texts("select 1; select ';' ; ;; select \"a;b\";"), ["select 1", "select ';'", 'select "a;b"']);
    assert.deepEqual(texts("select 'it''s;' ; select E'a\\';b';"), ["select 'it''s;'", "select E'a\\';b'"]);
    assert.deepEqual(texts("select 1 -- no; comment\n; /* a; /* b; */ ; */ select 2;"), [
      "select 1 -- no; comment",
      "/* a; /* b; */ ; */ select 2",
    ]);
    assert.deepEqual(texts("select $$a;b$$, $x$;$$;$x$, $1; select a$b;"), [
      "select $$a;b$$, $x$;$$;$x$, $1",
      "select a$b",
    ]);
    assert.deepEqual(texts("-- only\n;"), []);
  });

  it("keeps what is not ended yet", () => {
    assert.equal(splitStatements("select 1; select 'a;").rest, " select 'a;");
    assert.equal(splitStatements("select /* ;").rest, "select /* ;");
    assert.ok(isBlank(" -- x\n/* y */ "));
    assert.ok(!isBlank("-- x\n1"));
  });

  it("takes backslash commands by line, between statements only", () => {
    const { items } = splitStatements("\\d t;\nselect 1 \\ 2;\n  \\q");
    assert.deepEqual(items, [
      { kind: "command", text: "\\d t" },
      { kind: "statement", text: "select 1 \\ 2" },
      { kind: "command", text: "\\q" },
    ]);
  });
});

describe("printing rows", () => {
  const schema = [
    { name: "n", type: simpleType("int64"), nullable: true },
    { name: "text", type: simpleType("utf8"), nullable: true },
    { name: "text", type: decimalType(38, 3), nullable: true },
    { name: "f", type: simpleType("float64"), nullable: true },
    { name: "b", type: simpleType("bool"), nullable: true },
  ];
  const rows = [
    [2n ** 63n - 1n, "日本\n\u001b[2J", -1n, Number.NaN, true],
    [null, null, null, null, null],
    [0n, 'a,"b"', 10n ** 37n, 0.5, false],
    [1n, "", 0n, -0, null],
  ];

  async function print(format: OutputFormat, batches: readonly (typeof rows)[]): Promise<string> {
    let text = "";
    const iterate = async function* (): AsyncGenerator<typeof rows> {
      yield* batches;
    };
    await formatRows(format, { schema, batches: iterate() }, async (part) => void (text += part));
    return text;
  }

  it("as a table: numbers to the right, NULL told apart, wide and control characters harmless", async () => {
    assert.equal(
      await print("table", [rows.slice(0, 2), rows.slice(2)]),
      [
        "                   n | text            |                                    text |    f | b",
        "---------------------+-----------------+-----------------------------------------+------+-------",
        " 9223372036854775807 | 日本\\n\\u001b[2J |                                  -0.001 |  NaN | true",
        "                NULL | NULL            |                                    NULL | NULL | NULL",
        '                   0 | a,"b"           | 10000000000000000000000000000000000.000 |  0.5 | false',
        "                   1 |                 |                                   0.000 |   -0 | NULL",
        "(4 rows)",
        "",
      ].join("\n"),
    );
    assert.match(await print("table", []), /\(0 rows\)\n$/);
    assert.equal(displayWidth("日本é👩‍👩‍👧"), 7);
  });

  it("as csv: quotes where needed, NULL as nothing", async () => {
    assert.equal(
      await print("csv", [rows]),
      'n,text,text,f,b\n9223372036854775807,"日本\n\u001b[2J",-0.001,NaN,true\n,,,,\n0,"a,""b""",10000000000000000000000000000000000.000,0.5,false\n1,"",0.000,-0,\n',
    );
  });

  it("as json: every digit kept, keys unique", async () => {
    const text = await print("json", [rows.slice(0, 1), rows.slice(1)]);
    assert.ok(text.includes('{"n":9223372036854775807,"text":"日本\\n\\u001b[2J","text_2":-0.001,"f":"NaN","b":true}'));
    assert.deepEqual(JSON.parse(text)[3], { n: 1, text: "", text_2: 0, f: -0, b: null });
    assert.deepEqual(JSON.parse(await print("json", [])), []);
  });
});

describe("the shell", () => {
  let cluster: FakeCluster;
  before(async () => {
    cluster = await FakeCluster.start();
  });
  after(() => cluster.close());

  async function shell(
    options: Partial<ShellOptions> & { readonly text?: string },
  ): Promise<{ status: number; out: string; errors: string }> {
    const output = new PassThrough();
    let [out, errors] = ["", ""];
    output.on("data", (chunk: Buffer) => (out += chunk.toString()));
    const input = Readable.from(options.text === undefined ? [] : [...options.text].map((character) => character));
    const status = await runShell({
      url: cluster.url,
      input,
      output,
      errors: { write: (text) => (errors += text) },
      ...options,
    });
    return { status, out, errors };
  }

  it("runs a script and stops at the first error, with its place and status 1", async () => {
    const { status, out, errors } = await shell({
      command: "select numbers 2 1; create x; selec 1; select numbers 1 1",
    });
    assert.equal(status, 1);
    assert.equal(out, " n | t     |    d\n---+-------+------\n 0 | NULL  | 0.00\n 1 | row 1 | 0.25\n(2 rows)\nOK\n");
    assert.equal(errors, 'ERROR: syntax error at or near "selec"\nLINE 1, column 1\nselec 1\n^^^^^\n');
  });

  it("reads statements from its input as they come, the last without semicolon", async () => {
    const { status, out } = await shell({ text: "\\format csv\nselect\n  numbers 1 1;", format: "json" });
    assert.equal(status, 1, "the fake knows no line breaks");
    const piped = await shell({ text: "\\format csv\nselect numbers 1 1;\n\\timing on\nselect numbers 0 1" });
    assert.equal(piped.status, 0);
    assert.match(piped.out, /^n,t,d\n0,,0\.00\nTiming is on\.\nn,t,d\nTime: [\d.]+ ms\n$/);
    assert.equal(out, "");
    assert.equal((await shell({ text: "\\q\nselec 1;\n" })).status, 0);
  });

  it("describes tables, and names near ones", async () => {
    const { out, errors, status } = await shell({ command: "\\d\n\\d NUMBERS\n\\d nunbers" });
    assert.match(out, / big_numbers \| view  \|       1\n/);
    assert.match(out, / d      \| decimal\(15,2\)\n/);
    assert.match(errors, /no table or view "nunbers".*numbers/);
    assert.equal(status, 1);
    assert.match((await shell({ command: "\\x" })).errors, /no command \\x/);
  });

  it("says that nobody answers", async () => {
    const { status, errors } = await shell({ url: "grpc://127.0.0.1:1", command: "select numbers 1 1" });
    assert.equal(status, 1);
    assert.match(errors, /^ERROR: cannot reach grpc:\/\/127\.0\.0\.1:1: /);
  });
});
