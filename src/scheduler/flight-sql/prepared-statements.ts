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
  /** Null for one that another scheduler has prepared. */
  readonly description: StatementDescription | null;
  bound: BoundRows | null;
  lastUsedMs: number;
};

/** Clients that never close their statements must not fill the memory. */
export const preparedIdleMsMax = 8 * 3_600_000;
const statementsMax = 10_000;

/** A handle is this, the scheduler's own tag, random bytes and the statement's text. */
const handleMagic = Buffer.from("OPS1");
const tagBytes = 8;
const randomPartBytes = 8;
const textAt = handleMagic.length + tagBytes + randomPartBytes;

/**
 * Prepared statements by handle, the least recently used first. The handle holds the text, so that the scheduler that takes
 * over from the one that made it goes on with it; values that were bound there are bound again by drivers at each run.
 */
export class PreparedStatements {
  readonly #statements = new Map<string, PreparedStatement>();
  readonly #now: () => number;
  readonly #tag = randomBytes(tagBytes);

  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  add(sql: string, description: StatementDescription): PreparedStatement {
    const handle = Buffer.concat([handleMagic, this.#tag, randomBytes(randomPartBytes), Buffer.from(sql)]);
    return this.#keep(handle, sql, description);
  }

  #keep(handle: Buffer, sql: string, description: StatementDescription | null): PreparedStatement {
    const now = this.#now();
    for (const [key, statement] of this.#statements) {
      if (this.#statements.size < statementsMax && now - statement.lastUsedMs <= preparedIdleMsMax) break;
      this.#statements.delete(key);
    }
    const statement = { handle, sql, description, bound: null, lastUsedMs: now };
    this.#statements.set(handle.toString("hex"), statement);
    return statement;
  }

  /** Throws not_found for a handle that is unknown, closed or was not used for hours. */
  get(handle: Uint8Array): PreparedStatement {
    const key = Buffer.from(handle).toString("hex");
    const statement = this.#statements.get(key) ?? this.#adopt(Buffer.from(handle));
    if (statement === null) throw new EngineError("not_found", "the prepared statement does not exist, or was closed");
    statement.lastUsedMs = this.#now();
    this.#statements.delete(key);
    this.#statements.set(key, statement);
    return statement;
  }

  /** A statement of an earlier scheduler; null for what is none, or was closed here. */
  #adopt(handle: Buffer): PreparedStatement | null {
    if (handle.length <= textAt || !handle.subarray(0, handleMagic.length).equals(handleMagic)) return null;
    const tag = handle.subarray(handleMagic.length, handleMagic.length + tagBytes);
    if (tag.equals(this.#tag)) return null;
    return this.#keep(handle, handle.subarray(textAt).toString("utf8"), null);
  }

  close(handle: Uint8Array): void {
    this.#statements.delete(Buffer.from(handle).toString("hex"));
  }
}
