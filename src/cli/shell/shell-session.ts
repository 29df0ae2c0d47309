import { typeName } from "../../arrow/data-type.ts";
import { simpleType } from "../../arrow/data-type.ts";
import type { Schema } from "../../arrow/schema.ts";
import type { Value } from "../../arrow/value.ts";
import { EngineError } from "../../common/engine-error.ts";
import { nearestNames } from "../../common/nearest-name.ts";
import type { FlightSqlClient, QueryResult } from "../../flight/flight-sql-client.ts";
import { formatErrorWithPosition } from "../../sql/format-error-with-position.ts";
import { formatRows, outputFormats, type OutputFormat, type Write } from "./format-rows.ts";
import { ProgressBar, type BarStream } from "./progress-bar.ts";
import type { ShellItem } from "./split-statements.ts";

export type ShellStreams = { readonly write: Write; readonly errors: BarStream };

const help = String.raw`Statements end with a semicolon and may span lines. Ctrl-C stops a query, Ctrl-D leaves.
  \d             tables and views
  \d NAME        columns of a table or view
  \format KIND   how rows are shown: table, csv or json
  \timing        whether the time of each statement is shown
  \?             this help
  \q             leave
`;

/** What a shell has to remember between statements, and how it does one thing after the other. */
export class ShellSession {
  readonly #client: FlightSqlClient;
  readonly #streams: ShellStreams;
  #format: OutputFormat;
  #timing: boolean;
  #running: AbortController | null = null;
  #left = false;

  constructor(
    client: FlightSqlClient,
    streams: ShellStreams,
    options: { readonly format: OutputFormat; readonly timing: boolean },
  ) {
    this.#client = client;
    this.#streams = streams;
    this.#format = options.format;
    this.#timing = options.timing;
  }

  get isRunning(): boolean {
    return this.#running !== null;
  }

  /** Whether the user wants no more: \q, or nobody reads the output. */
  get hasLeft(): boolean {
    return this.#left;
  }

  leave(): void {
    this.#left = true;
    this.interrupt();
  }

  /** Stops the running statement. */
  interrupt(): void {
    this.#running?.abort(new EngineError("query_canceled", "cancelled"));
  }

  /** Does one thing and prints its result or error; whether it went well. */
  async run(item: ShellItem): Promise<boolean> {
    const controller = new AbortController();
    this.#running = controller;
    const startedMs = performance.now();
    try {
      if (item.kind === "command") await this.#command(item.text, controller.signal);
      else await this.#statement(item.text, controller.signal);
      return true;
    } catch (thrown) {
      const error = EngineError.from(thrown);
      if (this.#left) return true;
      const text = item.kind === "statement" ? formatErrorWithPosition(error, item.text) : error.message;
      this.#streams.errors.write(`ERROR: ${text}\n`);
      return false;
    } finally {
      this.#running = null;
      if (this.#timing && !this.#left && item.kind === "statement") {
        await this.#streams.write(`Time: ${(performance.now() - startedMs).toFixed(1)} ms\n`);
      }
    }
  }

  async #statement(sql: string, signal: AbortSignal): Promise<void> {
    const bar = new ProgressBar(this.#streams.errors);
    try {
      const result = await this.#client.queryWithProgress(sql, (fraction) => bar.update(fraction), signal);
      if (result.schema.length === 0) {
        for await (const _batch of result.batches);
        bar.clear();
        if (this.#format === "table") await this.#streams.write("OK\n");
        return;
      }
      await formatRows(
        this.#format,
        { schema: result.schema, batches: this.#withProgress(result, bar) },
        this.#streams.write,
      );
    } finally {
      bar.clear();
    }
  }

  /** The result's batches; the bar goes on until the first one is there. */
  async *#withProgress(result: QueryResult, bar: ProgressBar): AsyncGenerator<readonly (readonly Value[])[]> {
    let asking = false;
    const timer = setInterval(() => {
      if (asking) return;
      asking = true;
      void this.#client.progress(result.info).then((fraction) => {
        asking = false;
        if (fraction !== null) bar.update(fraction);
      });
    }, 500);
    try {
      for await (const batch of result.batches) {
        clearInterval(timer);
        bar.clear();
        yield batch;
      }
    } finally {
      clearInterval(timer);
      bar.clear();
    }
  }

  async #command(text: string, signal: AbortSignal): Promise<void> {
    const [name = "", argument] = text.split(/\s+/, 2);
    switch (name) {
      case "\\q":
        this.#left = true;
        return;
      case "\\?":
        return this.#streams.write(help);
      case "\\timing":
        this.#timing = argument === undefined ? !this.#timing : argument === "on";
        return this.#streams.write(`Timing is ${this.#timing ? "on" : "off"}.\n`);
      case "\\format": {
        const format = outputFormats.find((one) => one === argument);
        if (format === undefined)
          throw new EngineError("invalid_argument", `\\format takes one of ${outputFormats.join(", ")}`);
        this.#format = format;
        return;
      }
      case "\\d":
        return argument === undefined ? this.#listTables(signal) : this.#describeTable(argument, signal);
      default:
        throw new EngineError("invalid_argument", `there is no command ${name}; \\? lists them`);
    }
  }

  async #listTables(signal: AbortSignal): Promise<void> {
    const tables = await this.#client.getTables({ signal });
    const rows = tables.map(({ name, type, schema }) => [name, type.toLowerCase(), schema.length]);
    await this.#print(
      [text("name"), text("kind"), { name: "columns", type: simpleType("int32"), nullable: false }],
      rows,
    );
  }

  async #describeTable(wanted: string, signal: AbortSignal): Promise<void> {
    // Unquoted names are folded to lower case, as in SQL.
    const name = /^".*"$/.test(wanted) ? wanted.slice(1, -1).replaceAll('""', '"') : wanted.toLowerCase();
    const tables = await this.#client.getTables({ signal });
    const table = tables.find((one) => one.name === name);
    if (table === undefined) {
      const near = nearestNames(
        name,
        tables.map((one) => one.name),
      );
      const hint = near.length > 0 ? `; perhaps you meant ${near.join(" or ")}` : "";
      throw new EngineError("undefined_table", `there is no table or view "${name}"${hint}`);
    }
    await this.#print(
      [text("column"), text("type")],
      table.schema.map((field) => [field.name, typeName(field.type)]),
    );
  }

  async #print(schema: Schema, rows: readonly (readonly Value[])[]): Promise<void> {
    const batches = (async function* (): AsyncGenerator<readonly (readonly Value[])[]> {
      yield rows;
    })();
    await formatRows(this.#format, { schema, batches }, this.#streams.write);
  }
}

function text(name: string): Schema[number] {
  return { name, type: simpleType("utf8"), nullable: false };
}
