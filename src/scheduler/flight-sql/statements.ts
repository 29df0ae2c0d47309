import { encodeClientSchema } from "../../arrow/arrow-schema.ts";
import type { Value } from "../../arrow/value.ts";
import { EngineError } from "../../common/engine-error.ts";
import type { CallContext } from "../../flight/flight-handlers.ts";
import { withClientText } from "../../flight/call-wrappers.ts";
import { decodeProto, type AnyMessage } from "../../flight/proto-codec.ts";
import { formatErrorWithPosition } from "../../sql/format-error-with-position.ts";
import type { QueryService, Session, StartedQuery, StatementDescription } from "../query-service.ts";
import { parameterValues } from "./parameters.ts";
import type { BoundRows, PreparedStatements } from "./prepared-statements.ts";
import type { QueryTexts } from "./query-texts.ts";

const sqlPackage = "arrow.flight.protocol.sql.";

/** A statement as a command names it: by its text, or by the handle of a prepared one. */
export type Statement = {
  readonly sql: string;
  readonly bound: BoundRows | null;
  /** Known already for a prepared statement. */
  readonly description: StatementDescription | null;
  /** Of a prepared statement. */
  readonly handle: Uint8Array | null;
};

/** Runs statements for the Flight SQL front end; adds the position in the text to their errors. */
export class Statements {
  readonly #queries: QueryService;
  readonly #prepared: PreparedStatements;
  readonly #texts: QueryTexts;

  constructor(queries: QueryService, prepared: PreparedStatements, texts: QueryTexts) {
    this.#queries = queries;
    this.#prepared = prepared;
    this.#texts = texts;
  }

  /** The statement of a query or update command; null for other commands. */
  statementOf(command: AnyMessage): Statement | null {
    switch (command.typeName) {
      case `${sqlPackage}CommandStatementQuery`:
      case `${sqlPackage}CommandStatementUpdate`: {
        // Both messages are alike.
        const { query, transactionId } = decodeProto(`${sqlPackage}CommandStatementQuery`, command.value);
        refuseTransaction(transactionId);
        return { sql: query, bound: null, description: null, handle: null };
      }
      case `${sqlPackage}CommandPreparedStatementQuery`:
      case `${sqlPackage}CommandPreparedStatementUpdate`: {
        const { preparedStatementHandle } = decodeProto(`${sqlPackage}CommandPreparedStatementQuery`, command.value);
        return this.#prepared.get(preparedStatementHandle);
      }
      default:
        return null;
    }
  }

  async describe(statement: Statement, session: Session): Promise<StatementDescription> {
    return statement.description ?? withPosition(statement.sql, () => this.#queries.describe(statement.sql, session));
  }

  async schemaHeaderOf(statement: Statement, session: Session): Promise<Uint8Array> {
    return encodeClientSchema((await this.describe(statement, session)).schema);
  }

  /** Starts a statement with its bound parameters; a client that goes away meanwhile cancels it. */
  async execute(statement: Statement, session: Session, context: CallContext): Promise<StartedQuery> {
    const rows = await this.#parameterRows(statement, session);
    if (rows.length > 1) {
      throw new EngineError("invalid_argument", `a query takes one row of parameters, but ${rows.length} were bound`);
    }
    return this.#run(statement, rows[0] ?? [], session, context);
  }

  /** Runs a statement without rows once for each bound row; gives the number of rows it changed, -1 where unknown. */
  async update(statement: Statement, session: Session, context: CallContext): Promise<number> {
    const { isUpdate } = await this.describe(statement, session);
    if (!isUpdate)
      throw new EngineError("invalid_argument", "the statement returns rows: run it as a query, not as an update");
    let changed = 0;
    for (const row of await this.#parameterRows(statement, session)) {
      const { totalRows } = await this.#run(statement, row, session, context);
      changed = totalRows < 0 || changed < 0 ? -1 : changed + totalRows;
    }
    return changed;
  }

  /** Starts a query without waiting for it. */
  async submit(statement: Statement, session: Session): ReturnType<QueryService["submit"]> {
    const rows = await this.#parameterRows(statement, session);
    const submitted = await withPosition(statement.sql, () =>
      this.#queries.submit(statement.sql, rows[0] ?? [], session),
    );
    this.#texts.remember(submitted.queryId, statement.sql);
    return submitted;
  }

  async #run(
    statement: Statement,
    row: readonly Value[],
    session: Session,
    context: CallContext,
  ): Promise<StartedQuery> {
    const started = await withPosition(statement.sql, () =>
      this.#queries.execute(statement.sql, row, session, context.signal),
    );
    this.#texts.remember(started.queryId, statement.sql);
    if (context.signal.aborted) await this.#queries.cancel(started.queryId, "the client went away");
    return started;
  }

  /** One row without values when nothing is bound: a statement that has parameters says itself that they are missing. */
  async #parameterRows(statement: Statement, session: Session): Promise<readonly (readonly Value[])[]> {
    const { bound } = statement;
    if (bound === null) return [[]];
    const { parameterTypes } = await this.describe(statement, session);
    return withPosition(statement.sql, async () =>
      bound.rows.map((row) => parameterValues(bound, row, parameterTypes)),
    );
  }
}

/** Runs something that takes SQL; its error is shown to the client with the place in the text. */
export async function withPosition<T>(sql: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (thrown) {
    const error = EngineError.from(thrown);
    throw withClientText(error, formatErrorWithPosition(error, sql));
  }
}

/** Transactions cannot be begun, so an id is a mistake of the client's; running outside of it would be worse. */
export function refuseTransaction(transactionId: Uint8Array | undefined): void {
  if (transactionId !== undefined && transactionId.byteLength > 0) {
    throw new EngineError("feature_not_supported", "transactions are not supported");
  }
}
