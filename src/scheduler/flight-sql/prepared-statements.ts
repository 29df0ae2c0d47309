import { randomBytes } from "node:crypto";
import type { Schema } from "../../arrow/schema.ts";
import type { Value } from "../../arrow/value.ts";
import { EngineError } from "../../common/engine-error.ts";
import type { StatementDescription } from "../query-service.ts";

/** Rows of parameters as the client has bound them, with the types that they came in. */
export type BoundRows = { readonly schema: Schema; readonly rows: readonly (readonly Value[])[] };

export type PreparedStatement = {
  readonly handle: Buffer;
  readonly sql: string;
  readonly description: StatementDescription;
  bound: BoundRows | null;
  lastUsedMs: number;
};

/** Clients that never close their statements must not fill the memory. */
export const preparedIdleMsMax = 8 * 3_600_000;
const statementsMax = 10_000;

/** Prepared statements by handle, the least recently used first. */
export class PreparedStatements {
  readonly #statements = new Map<string, PreparedStatement>();
  readonly #now: () => number;

  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  add(sql: string, description: StatementDescription): PreparedStatement {
    const now = this.#now();
    for (const [key, statement] of this.#statements) {
      if (this.#statements.size < statementsMax && now - statement.lastUsedMs <= preparedIdleMsMax) break;
      this.#statements.delete(key);
    }
    const handle = randomBytes(16);
    const statement = { handle, sql, description, bound: null, lastUsedMs: now };
    this.#statements.set(handle.toString("hex"), statement);
    return statement;
  }

  /** Throws not_found for a handle that is unknown, closed or was not used for hours. */
  get(handle: Uint8Array): PreparedStatement {
    const key = Buffer.from(handle).toString("hex");
    const statement = this.#statements.get(key);
    if (statement === undefined)
      throw new EngineError("not_found", "the prepared statement does not exist, or was closed");
    statement.lastUsedMs = this.#now();
    this.#statements.delete(key);
    this.#statements.set(key, statement);
    return statement;
  }

  close(handle: Uint8Array): void {
    this.#statements.delete(Buffer.from(handle).toString("hex"));
  }
}
