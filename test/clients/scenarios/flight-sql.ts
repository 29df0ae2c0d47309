import { Field, Int64, Schema } from "apache-arrow";
import { Message } from "apache-arrow/ipc/metadata/message";
import { makeLogger } from "../../../src/common/logger.ts";
import { EngineError } from "../../../src/common/engine-error.ts";
import { FlightPeers } from "../../../src/flight/flight-client.ts";
import type { FlightHandlers } from "../../../src/flight/flight-handlers.ts";
import { encapsulate } from "../../../src/flight/ipc-message.ts";
import { decodeAny, decodeProto, encodeAny, encodeProto } from "../../../src/flight/proto-codec.ts";
import type { FlightDescriptor } from "../../../src/gen/protos.ts";
import type { QueryService } from "../../../src/scheduler/query-service.ts";
import { makeFlightSqlHandlers } from "../../../src/scheduler/flight-sql/flight-sql-handlers.ts";
import { endpoint, flightInfo, scenario } from "./scenario.ts";

const sqlPackage = "arrow.flight.protocol.sql.";
const noBytes = new Uint8Array(0);

/** A column with all that Flight SQL can say about one. */
const metadata = {
  TABLE_NAME: "test",
  IS_AUTO_INCREMENT: "1",
  IS_CASE_SENSITIVE: "0",
  TYPE_NAME: "type_test",
  SCHEMA_NAME: "schema_test",
  IS_SEARCHABLE: "1",
  CATALOG_NAME: "catalog_test",
  PRECISION: "100",
  REMARKS: "test column",
};
export const columnMetadata: Map<string, string> = new Map(
  Object.entries(metadata).map(([name, value]) => [`ARROW:FLIGHT:SQL:${name}`, value]),
);
const column = new Field("id", new Int64(), true, columnMetadata);
const querySchema = Message.encode(Message.from(new Schema([column])));

/** Statements that only this scenario knows; the answers to metadata commands are Onager's own, on an empty catalog. */
export function flightSql(): FlightHandlers {
  const unused = (): Promise<never> =>
    Promise.reject(new EngineError("internal", "statements end before they get here"));
  const queries: QueryService = {
    describe: unused,
    execute: unused,
    submit: unused,
    progress: unused,
    cancel: () => Promise.resolve(false),
    addressOf: () => null,
    relations: () => Promise.resolve([]),
  };
  const own = makeFlightSqlHandlers({
    queries,
    peers: new FlightPeers(),
    localPartitions: null,
    logger: makeLogger("error"),
  });
  return {
    ...scenario({}),
    async getFlightInfo(descriptor, context) {
      if (!isStatement(descriptor)) return own.getFlightInfo(descriptor, context);
      const info = flightInfo(descriptor, [], [endpoint("rows")]);
      return { ...info, schema: encapsulate(querySchema) };
    },
    getSchema: (descriptor, context) =>
      isStatement(descriptor) ? Promise.resolve(querySchema) : own.getSchema(descriptor, context),
    async doGet(ticket, context) {
      if (Buffer.from(ticket).toString() !== "rows") return own.doGet(ticket, context);
      return { kind: "batches", schemaHeader: querySchema, batches: (async function* () {})() };
    },
    async *doPut(descriptor, messages) {
      for await (const _ of messages);
      switch (typeOf(descriptor)) {
        case "CommandStatementUpdate":
          yield encodeProto(`${sqlPackage}DoPutUpdateResult`, { recordCount: 10_000 });
          return;
        case "CommandPreparedStatementUpdate":
          yield encodeProto(`${sqlPackage}DoPutUpdateResult`, { recordCount: 20_000 });
          return;
        default:
          yield encodeProto(`${sqlPackage}DoPutPreparedStatementResult`, {});
      }
    },
    async doAction(type, body) {
      if (type === "ClosePreparedStatement") return [];
      const { query } = decodeProto(`${sqlPackage}ActionCreatePreparedStatementRequest`, decodeAny(body)!.value);
      const isQuery = query.startsWith("SELECT");
      return [
        encodeAny(`${sqlPackage}ActionCreatePreparedStatementResult`, {
          preparedStatementHandle: Buffer.from(`${query} HANDLE`),
          datasetSchema: isQuery ? encapsulate(querySchema) : noBytes,
          parameterSchema: noBytes,
        }),
      ];
    },
  };
}

/** Counts the rows that a client sends to be stored, and checks what it says about them. */
export function ingestion(): FlightHandlers {
  return scenario({
    async *doPut(descriptor, messages) {
      const command = decodeProto(`${sqlPackage}CommandStatementIngest`, decodeAny(descriptor.cmd)!.value);
      const { table, schema, catalog, temporary, transactionId, options } = command;
      const said = JSON.stringify([table, schema, catalog, temporary, Buffer.from(transactionId ?? []).toString()]);
      const isExpected =
        said === JSON.stringify(["test_table", "test_schema", "test_catalog", true, "123"]) &&
        JSON.stringify(options) === JSON.stringify({ key1: "val1", key2: "val2" });
      if (!isExpected) throw new EngineError("invalid_argument", `the command says ${said}`);
      let recordCount = 0;
      for await (const { header } of messages) {
        const message = Message.decode(header);
        if (message.isRecordBatch()) recordCount += message.header().length;
      }
      yield encodeProto(`${sqlPackage}DoPutUpdateResult`, { recordCount });
    },
  });
}

function typeOf(descriptor: FlightDescriptor): string {
  return decodeAny(descriptor.cmd)?.typeName.slice(sqlPackage.length) ?? "";
}

function isStatement(descriptor: FlightDescriptor): boolean {
  return ["CommandStatementQuery", "CommandPreparedStatementQuery"].includes(typeOf(descriptor));
}
