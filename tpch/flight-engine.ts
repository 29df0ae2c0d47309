import { formatValue } from "../src/expr/format-value.ts";
import { FlightSqlClient } from "../src/flight/flight-sql-client.ts";
import type { TextRow } from "./compare-answer.ts";

export type TextResult = { readonly columns: readonly string[]; readonly rows: readonly TextRow[] };

/** A server reached through Flight SQL, with every value as the text that a cast to varchar gives. */
export class FlightEngine {
  readonly #client: FlightSqlClient;

  private constructor(client: FlightSqlClient) {
    this.#client = client;
  }

  static async connect(url: string): Promise<FlightEngine> {
    return new FlightEngine(await FlightSqlClient.connect(url));
  }

  async run(sql: string): Promise<TextResult> {
    const { schema, rows } = await this.#client.query(sql);
    const textRows: TextRow[] = [];
    for await (const row of rows) {
      textRows.push(row.map((value, index) => (value === null ? null : formatValue(schema[index]!.type, value))));
    }
    return { columns: schema.map((field) => field.name), rows: textRows };
  }

  async close(): Promise<void> {
    await this.#client.close();
  }
}
