import { randomBytes } from "node:crypto";
import type { Schema } from "../arrow/schema.ts";
import type { Value } from "../arrow/value.ts";
import { bindStatement } from "../bind/bind-statement.ts";
import type { MutableCatalog } from "../catalog/open-catalog.ts";
import { EngineError, fromPlainError, type PlainError } from "../common/engine-error.ts";
import type { Logger } from "../common/logger.ts";
import type { BoundStatement } from "../logical/logical-node.ts";
import { parse } from "../sql/parse.ts";
import type { StageGraph } from "../stage/stage.ts";
import type { SchedulerSideConnection } from "../stage/control-message.ts";
import type { StateStore } from "../state/state-store.ts";
import { isEnded, resultStageOf, type ClusterLimits, type JobState } from "./core/cluster-state.ts";
import { explainAnalyzed, explainPlan } from "./explain.ts";
import { JobBoard } from "./job-board.ts";
import { dependsOnTime, PlanCache, readyQuery, type ReadyQuery } from "./plan-cache.ts";
import { planQuery, type PlannedQuery } from "./plan-query.ts";
import type {
  LocatedResult,
  QueryProgress,
  QueryService,
  ResultEndpoint,
  ResultTicket,
  Session,
  StartedQuery,
  StatementDescription,
} from "./query-service.ts";
import { assertMayWrite, restrictedCatalog } from "./restricted-catalog.ts";
import { setSetting, settingNamed, settingOf, settings, settingText } from "./session-settings.ts";
import { literalRows, textSchema } from "./text-rows.ts";

type QueryStatement = BoundStatement & { kind: "query" };

export type SchedulerOptions = {
  readonly catalog: MutableCatalog;
  readonly store: StateStore;
  readonly limits: ClusterLimits;
  readonly logger: Logger;
};

/** Files that changed are noticed within this time; looking at them costs a small query more than running it. */
const catalogAgeMsMax = 1_000;

const locatePauseMs = 25;

/** A statement without rows has done its work when it answers. */
const startedUpdate = {
  schema: [],
  ordered: false,
  isUpdate: true,
  endpoints: [],
  totalRows: 0,
  totalBytes: 0,
} as const;

const showAllSchema = textSchema("name", "setting", "description");

/** Statements in, placed queries out: binds, plans, submits jobs and tells where their rows are. */
export class Scheduler implements QueryService {
  readonly #catalog: MutableCatalog;
  readonly #store: StateStore;
  readonly #logger: Logger;
  readonly #board: JobBoard;
  readonly #cache = new PlanCache();
  /** Encoded once, however often it is submitted. */
  readonly #ready = new WeakMap<StageGraph, ReadyQuery>();
  /** Ends statements exactly in time; the deadline in the job holds after a restart, too. */
  readonly #timers = new Map<string, NodeJS.Timeout>();

  constructor(options: SchedulerOptions) {
    this.#catalog = options.catalog;
    this.#store = options.store;
    this.#logger = options.logger;
    this.#board = new JobBoard(options);
  }

  async start(): Promise<void> {
    for (const { value } of await this.#store.load("view")) {
      this.#catalog.createView(JSON.parse(Buffer.from(value).toString("utf8")), true);
    }
    await this.#board.start();
  }

  async close(): Promise<void> {
    for (const timer of this.#timers.values()) clearTimeout(timer);
    await this.#board.close();
    await this.#store.close();
  }

  /** Serves the stream of one executor. */
  attach(connection: SchedulerSideConnection): void {
    this.#board.attach(connection);
  }

  /** Resolves, with the reason, when the store refuses a write. */
  get failed(): Promise<string> {
    return this.#board.failed;
  }

  addressOf(executorId: string): { host: string; port: number } | null {
    return this.#board.addressOf(executorId);
  }

  async describe(sql: string, session: Session): Promise<StatementDescription> {
    await this.#catalog.refresh(catalogAgeMsMax);
    const key = this.#keyOf(sql, [], session);
    const known = this.#cache.description(key);
    if (known !== undefined) return known;
    const statement = this.#bind(sql, session);
    switch (statement.kind) {
      case "query": {
        const { parameterTypes } = statement;
        const description = { schema: schemaOf(statement), parameterTypes, isUpdate: false };
        this.#cache.rememberDescription(key, description);
        return description;
      }
      case "explain":
        return {
          schema: textSchema("query plan"),
          parameterTypes: statement.statement.parameterTypes,
          isUpdate: false,
        };
      case "show_tables":
      case "show":
        return { schema: this.#literalGraph(statement, session).schema, parameterTypes: [], isUpdate: false };
      default:
        return { schema: [], parameterTypes: [], isUpdate: true };
    }
  }

  async execute(
    sql: string,
    parameters: readonly Value[],
    session: Session,
    signal?: AbortSignal,
  ): Promise<StartedQuery> {
    const graph = await this.#graphOf(sql, parameters, session);
    if (graph === null) return { ...startedUpdate, queryId: newQueryId() };
    const clientLeft = { code: "query_canceled", message: "the client went away", details: {} } as const;
    if (signal?.aborted) throw fromPlainError(clientLeft);
    const queryId = this.#submit(graph, session);
    const onAbort = (): void => void this.#cancel(queryId, clientLeft);
    signal?.addEventListener("abort", onAbort, { once: true });
    try {
      return this.#started(await this.#board.placed(queryId));
    } finally {
      signal?.removeEventListener("abort", onAbort);
    }
  }

  async submit(
    sql: string,
    parameters: readonly Value[],
    session: Session,
  ): Promise<{ queryId: string; schema: Schema }> {
    const graph = (await this.#graphOf(sql, parameters, session)) ?? literalRows([], []);
    return { queryId: this.#submit(graph, session), schema: graph.schema };
  }

  async progress(queryId: string): Promise<QueryProgress> {
    const job = this.#board.job(queryId);
    if (job === undefined) throw new EngineError("not_found", `query ${queryId} is not known, or its result was freed`);
    let [finished, all] = [0, 0];
    for (const stage of job.stages) {
      finished += stage.finishedTasks;
      all += stage.tasks.length;
    }
    const fraction = job.status === "finished" ? 1 : finished / all;
    const { status, schema, error } = job;
    return { state: status, fraction, schema, started: job.placed ? this.#started(job) : null, error };
  }

  /**
   * Where a result partition is now: the attempt that a ticket names may have been lost, and made again elsewhere. Waits
   * while it is not placed. Throws the query's error when it failed, not_found when it is unknown.
   */
  async locate(ticket: ResultTicket, signal: AbortSignal): Promise<LocatedResult> {
    for (;;) {
      if (signal.aborted) throw new EngineError("query_canceled", "the client went away");
      const job = this.#board.job(ticket.jobId);
      if (job === undefined)
        throw new EngineError("not_found", `query ${ticket.jobId} is not known, or its result was freed`);
      if (job.error !== null && isEnded(job)) throw fromPlainError(job.error);
      const task = resultStageOf(job).stageId === ticket.stageId ? resultStageOf(job).tasks[ticket.task] : undefined;
      if (task === undefined) throw new EngineError("not_found", `query ${ticket.jobId} has no such result partition`);
      const { executorId, attempt } = task;
      if (executorId !== null && this.#board.isConnected(executorId)) {
        const address = this.#board.addressOf(executorId)!;
        return { ticket: { ...ticket, attempt, executorId }, host: address.host, port: address.port };
      }
      await new Promise((resolve) => setTimeout(resolve, locatePauseMs));
    }
  }

  async cancel(queryId: string, reason: string): Promise<boolean> {
    return this.#cancel(queryId, { code: "query_canceled", message: reason, details: {} });
  }

  async relations(session: Session): Promise<{ name: string; type: "TABLE" | "VIEW"; schema: Schema }[]> {
    const catalog = restrictedCatalog(this.#catalog, session);
    return catalog.names().flatMap((name) => {
      const relation = catalog.find(name);
      if (relation === undefined) return [];
      const isTable = relation.kind === "table";
      const schema = isTable ? relation.table.schema : this.#viewSchema(name, session);
      return [{ name, type: isTable ? ("TABLE" as const) : ("VIEW" as const), schema }];
    });
  }

  /** A view whose tables are gone has no columns to show, but it still is there. */
  #viewSchema(name: string, session: Session): Schema {
    try {
      return schemaOf(this.#bind(`select * from "${name.replaceAll('"', '""')}"`, session) as QueryStatement);
    } catch (error) {
      this.#logger.log("info", `view ${name} cannot be bound: ${EngineError.from(error).message}`);
      return [];
    }
  }

  #bind(sql: string, session: Session): BoundStatement {
    const statements = parse(sql);
    if (statements.length !== 1) {
      const message =
        statements.length === 0 ? "the statement is empty" : "one statement at a time, please: the text holds several";
      throw new EngineError("syntax_error", message);
    }
    return bindStatement(statements[0]!, { catalog: restrictedCatalog(this.#catalog, session), sql });
  }

  /** What to run; null when the statement has done its work already. */
  async #graphOf(sql: string, parameters: readonly Value[], session: Session): Promise<StageGraph | null> {
    await this.#catalog.refresh(catalogAgeMsMax);
    const key = this.#keyOf(sql, parameters, session);
    const known = this.#cache.plan(key);
    if (known !== undefined) return known.graph;
    const statement = this.#bind(sql, session);
    switch (statement.kind) {
      case "query":
        return this.#planOnce(key, statement, parameters, session);
      case "explain":
        return this.#explain(statement, parameters, session);
      case "show_tables":
      case "show":
        return this.#literalGraph(statement, session);
      case "set":
        setSetting(session, statement.name, statement.value);
        return null;
      case "create_view": {
        const view = { name: statement.name, sql: statement.sql, columnNames: statement.columnNames };
        assertMayWrite(session, view.name);
        this.#catalog.createView(view, statement.orReplace);
        await this.#store.write([{ kind: "view", key: view.name, value: Buffer.from(JSON.stringify(view)) }]);
        return null;
      }
      default:
        for (const name of statement.names) {
          assertMayWrite(session, name);
          this.#catalog.dropView(name, statement.ifExists);
          await this.#store.write([{ kind: "view", key: name, value: null }]);
        }
        return null;
    }
  }

  #keyOf(sql: string, parameters: readonly Value[], session: Session): string | null {
    return this.#cache.keyOf(sql, parameters, session, this.#catalog.version, this.#board.slotCount);
  }

  #planOnce(key: string | null, statement: QueryStatement, parameters: readonly Value[], session: Session): StageGraph {
    const { graph } = this.#plan(statement, parameters, session);
    if (key !== null && !dependsOnTime(statement.plan)) this.#cache.rememberPlan(key, this.#readyQuery(graph));
    return graph;
  }

  #readyQuery(graph: StageGraph): ReadyQuery {
    let ready = this.#ready.get(graph);
    if (ready === undefined) this.#ready.set(graph, (ready = readyQuery(graph)));
    return ready;
  }

  #plan(statement: QueryStatement, parameters: readonly Value[], session: Session): PlannedQuery {
    return planQuery(statement, parameters, {
      slots: Math.max(1, this.#board.slotCount),
      targetPartitions: settingOf(session, "target_partitions"),
      broadcastBytesMax: settingOf(session, "broadcast_bytes_max"),
      smallQueryBytesMax: settingOf(session, "small_query_bytes_max"),
      recursionMax: settingOf(session, "recursion_max"),
      disabledRules: settingOf(session, "disabled_rules"),
      runtimeFilters: settingOf(session, "runtime_filters"),
    });
  }

  async #explain(
    statement: BoundStatement & { kind: "explain" },
    parameters: readonly Value[],
    session: Session,
  ): Promise<StageGraph> {
    const planned = this.#plan(statement.statement, parameters, session);
    let text = explainPlan(planned);
    if (statement.analyze) {
      const queryId = this.#submit(planned.graph, session);
      const job = await this.#board.ended(queryId);
      text = explainAnalyzed(planned, job);
      this.#cancel(queryId, { code: "query_canceled", message: "its rows are not wanted", details: {} });
    }
    return literalRows(
      textSchema("query plan"),
      text
        .trimEnd()
        .split("\n")
        .map((line) => [line]),
    );
  }

  #literalGraph(statement: BoundStatement & { kind: "show_tables" | "show" }, session: Session): StageGraph {
    if (statement.kind === "show_tables") {
      const catalog = restrictedCatalog(this.#catalog, session);
      const rows = catalog.names().map((name) => [name, catalog.find(name)?.kind ?? "table"]);
      return literalRows(textSchema("name", "kind"), rows);
    }
    if (statement.name === "all") {
      const names = Object.keys(settings).map(settingNamed);
      return literalRows(
        showAllSchema,
        names.map((name) => [name, settingText(session, name), settings[name].description]),
      );
    }
    const name = settingNamed(statement.name);
    return literalRows(textSchema(name), [[settingText(session, name)]]);
  }

  #submit(graph: StageGraph, session: Session): string {
    const queryId = newQueryId();
    const timeoutMs = settingOf(session, "statement_timeout");
    const expire = (): void => {
      const message = `the statement ran longer than statement_timeout (${timeoutMs} ms)`;
      this.#cancel(queryId, { code: "deadline_exceeded", message, details: {} });
    };
    if (timeoutMs > 0) this.#timers.set(queryId, setTimeout(expire, timeoutMs));
    this.#board.submit({
      jobId: queryId,
      schema: graph.schema,
      ordered: graph.ordered,
      retryPolicy: settingOf(session, "retry_policy"),
      deadlineMs: timeoutMs > 0 ? Date.now() + timeoutMs : Infinity,
      stages: this.#readyQuery(graph).stages,
    });
    const forgetTimer = (): void => {
      clearTimeout(this.#timers.get(queryId));
      this.#timers.delete(queryId);
    };
    this.#board.ended(queryId).then(forgetTimer, forgetTimer);
    return queryId;
  }

  #cancel(queryId: string, error: PlainError): boolean {
    const job = this.#board.job(queryId);
    const wasRunning = job !== undefined && !isEnded(job);
    this.#board.dispatch({ kind: "cancel_job", jobId: queryId, error });
    return wasRunning;
  }

  #started(job: JobState): StartedQuery {
    const stage = resultStageOf(job);
    const endpoints = stage.tasks.map((task, position): ResultEndpoint => {
      const executorId = task.executorId ?? task.home ?? "";
      const address = this.#board.isConnected(executorId) ? this.#board.addressOf(executorId) : null;
      return {
        ticket: {
          jobId: job.jobId,
          stageId: stage.stageId,
          task: position,
          attempt: task.attempt,
          partition: 0,
          executorId,
        },
        locations: address === null ? [] : [{ host: address.host, port: address.port }],
      };
    });
    let [totalRows, totalBytes] = [-1, -1];
    if (job.status === "finished") {
      const sizes = stage.tasks.flatMap((task) => task.partitions);
      totalRows = sizes.reduce((sum, size) => sum + size.rowCount, 0);
      totalBytes = sizes.reduce((sum, size) => sum + size.byteSize, 0);
    }
    return {
      queryId: job.jobId,
      schema: job.schema,
      ordered: job.ordered,
      isUpdate: false,
      endpoints,
      totalRows,
      totalBytes,
    };
  }
}

function schemaOf(statement: QueryStatement): Schema {
  return statement.outputs.map(({ name, column }) => ({ name, type: column.type, nullable: true }));
}

function newQueryId(): string {
  return randomBytes(8).toString("hex");
}
