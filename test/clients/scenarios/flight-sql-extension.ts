import { Field, Int32, Int64, Schema, type DataType } from "apache-arrow";
import { Message } from "apache-arrow/ipc/metadata/message";
import { EngineError } from "../../../src/common/engine-error.ts";
import type { FlightHandlers } from "../../../src/flight/flight-handlers.ts";
import { encapsulate } from "../../../src/flight/ipc-message.ts";
import { encodeSqlInfo } from "../../../src/flight/nested-tables.ts";
import { decodeAny, decodeProto, encodeAny, encodeProto } from "../../../src/flight/proto-codec.ts";
import {
  ActionCancelQueryResultCancelResult,
  type CommandStatementQuery,
  type FlightDescriptor,
} from "../../../src/gen/protos.ts";
import type { EncodedBatch } from "../../../src/shuffle/encoded-batch.ts";
import { columnMetadata } from "./flight-sql.ts";
import { endpoint, flightInfo, scenario } from "./scenario.ts";

const sqlPackage = "arrow.flight.protocol.sql.";
const noBytes = new Uint8Array(0);

const schemaHeader = (name: string, type: DataType): Uint8Array =>
  Message.encode(Message.from(new Schema([new Field(name, type, true, columnMetadata)])));
const outside = schemaHeader("id", new Int64());
const inTransaction = schemaHeader("pkey", new Int32());

/** What this server says it can: 4 to 9 of FlightSql.proto's SqlInfo, and the two timeouts. */
const info = encodeSqlInfo([
  { id: 4, info: { kind: "bool", value: false } },
  { id: 5, info: { kind: "bool", value: true } },
  { id: 6, info: { kind: "text", value: "min_version" } },
  { id: 7, info: { kind: "text", value: "max_version" } },
  { id: 8, info: { kind: "int32", value: 2 } },
  { id: 9, info: { kind: "bool", value: true } },
  { id: 100, info: { kind: "int32", value: 42 } },
  { id: 101, info: { kind: "int32", value: 7 } },
]);

type Command = { readonly name: string; readonly inTransaction: boolean };

/** Substrait plans, transactions and savepoints, each with answers that tell them apart. */
export function flightSqlExtension(): FlightHandlers {
  const schemaOf = (descriptor: FlightDescriptor): Uint8Array => {
    const command = commandOf(descriptor);
    if (command.name === "CommandGetSqlInfo") return info.schemaHeader;
    return command.inTransaction ? inTransaction : outside;
  };
  return scenario({
    async getFlightInfo(descriptor) {
      const { name, inTransaction: isInside } = commandOf(descriptor);
      const ticket = name === "CommandGetSqlInfo" ? "info" : isInside ? "inside" : "outside";
      return { ...flightInfo(descriptor, [], [endpoint(ticket)]), schema: encapsulate(schemaOf(descriptor)) };
    },
    getSchema: (descriptor) => Promise.resolve(schemaOf(descriptor)),
    async doGet(ticket) {
      const name = Buffer.from(ticket).toString();
      if (name === "info") return { kind: "batches", ...info, batches: all(info.batches) };
      return { kind: "batches", schemaHeader: name === "inside" ? inTransaction : outside, batches: all([]) };
    },
    async *doPut(descriptor, messages) {
      for await (const _ of messages);
      const command = commandOf(descriptor);
      if (command.name === "CommandPreparedStatementQuery") {
        yield encodeProto(`${sqlPackage}DoPutPreparedStatementResult`, {});
        return;
      }
      const recordCount = command.name === "CommandPreparedStatementUpdate" ? 20_000 : 10_000;
      yield encodeProto(`${sqlPackage}DoPutUpdateResult`, {
        recordCount: recordCount + (command.inTransaction ? 5_000 : 0),
      });
    },
    doAction: (type, body) => Promise.resolve(act(type, decodeAny(body)?.value ?? noBytes)),
  });
}

function act(type: string, value: Uint8Array): readonly Uint8Array[] {
  switch (type) {
    case "BeginTransaction":
      return [encodeAny(`${sqlPackage}ActionBeginTransactionResult`, { transactionId: Buffer.from("transaction_id") })];
    case "BeginSavepoint":
      return [encodeAny(`${sqlPackage}ActionBeginSavepointResult`, { savepointId: Buffer.from("savepoint_id") })];
    case "EndTransaction":
    case "EndSavepoint":
    case "ClosePreparedStatement":
      return [];
    case "CancelQuery": {
      const result = ActionCancelQueryResultCancelResult.CANCEL_RESULT_CANCELLED;
      return [encodeAny(`${sqlPackage}ActionCancelQueryResult`, { result })];
    }
    case "CreatePreparedStatement":
      return [prepared(decodeProto(`${sqlPackage}ActionCreatePreparedStatementRequest`, value).transactionId)];
    case "CreatePreparedSubstraitPlan": {
      const { plan, transactionId } = decodeProto(`${sqlPackage}ActionCreatePreparedSubstraitPlanRequest`, value);
      if (plan?.version !== "version") throw new EngineError("invalid_argument", "another plan was expected");
      return [prepared(transactionId)];
    }
    default:
      throw new EngineError("feature_not_supported", type);
  }
}

/** The handle says whether the statement belongs to a transaction. */
function prepared(transactionId: Uint8Array | undefined): Buffer {
  const isInside = (transactionId?.byteLength ?? 0) > 0;
  return encodeAny(`${sqlPackage}ActionCreatePreparedStatementResult`, {
    preparedStatementHandle: Buffer.from(isInside ? "inside" : "outside"),
    datasetSchema: encapsulate(isInside ? inTransaction : outside),
    parameterSchema: noBytes,
  });
}

function commandOf(descriptor: FlightDescriptor): Command {
  const any = decodeAny(descriptor.cmd);
  if (any === null) throw new EngineError("invalid_argument", "no command");
  const name = any.typeName.slice(sqlPackage.length);
  switch (name) {
    case "CommandGetSqlInfo":
      return { name, inTransaction: false };
    case "CommandPreparedStatementQuery":
    case "CommandPreparedStatementUpdate": {
      const { preparedStatementHandle } = decodeProto(`${sqlPackage}CommandPreparedStatementQuery`, any.value);
      return { name, inTransaction: Buffer.from(preparedStatementHandle).toString() === "inside" };
    }
    case "CommandStatementSubstraitPlan": {
      const { plan, transactionId } = decodeProto(`${sqlPackage}CommandStatementSubstraitPlan`, any.value);
      if (Buffer.from(plan?.plan ?? noBytes).toString() !== "plan")
        throw new EngineError("invalid_argument", "another plan was expected");
      return { name, inTransaction: (transactionId?.byteLength ?? 0) > 0 };
    }
    default: {
      const { transactionId }: CommandStatementQuery = decodeProto(`${sqlPackage}CommandStatementQuery`, any.value);
      return { name, inTransaction: (transactionId?.byteLength ?? 0) > 0 };
    }
  }
}

async function* all(batches: readonly EncodedBatch[]): AsyncGenerator<EncodedBatch, void, undefined> {
  yield* batches;
}
