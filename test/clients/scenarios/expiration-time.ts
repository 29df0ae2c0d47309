import { simpleType } from "../../../src/arrow/data-type.ts";
import { EngineError } from "../../../src/common/engine-error.ts";
import type { FlightHandlers } from "../../../src/flight/flight-handlers.ts";
import { decodeProto, encodeProto } from "../../../src/flight/proto-codec.ts";
import { CancelStatus, type Timestamp } from "../../../src/gen/protos.ts";
import { endpoint, flightInfo, rows, scenario } from "./scenario.ts";

type Status = { expiresMs: number | null; gets: number; cancelled: boolean };

const schema = [{ name: "number", type: simpleType("uint32"), nullable: true }];
const flightPackage = "arrow.flight.protocol.";

/** Endpoints that expire, are cancelled and renewed. */
export function expirationTime(): FlightHandlers {
  const statuses: Status[] = [];
  const statusOf = (ticket: Uint8Array): { index: number; status: Status } => {
    const index = Number(Buffer.from(ticket).toString().split(":")[0]);
    const status = statuses[index];
    if (status === undefined) throw new EngineError("invalid_argument", "invalid flight");
    return { index, status };
  };
  return scenario({
    async getFlightInfo(descriptor) {
      statuses.length = 0;
      const endpoints = [null, 5, 6].map((seconds, index) => {
        const expiresMs = seconds === null ? null : Date.now() + seconds * 1000;
        statuses.push({ expiresMs, gets: 0, cancelled: false });
        const ticket = `${index}: ${seconds ?? "no"} seconds`;
        return endpoint(ticket, expiresMs === null ? {} : { expirationTime: timestamp(expiresMs) });
      });
      return flightInfo(descriptor, schema, endpoints);
    },
    async doGet(ticket) {
      const { index, status } = statusOf(ticket);
      const isOver = status.expiresMs === null ? status.gets > 0 : Date.now() > status.expiresMs;
      if (status.cancelled || isOver) throw new EngineError("invalid_argument", "invalid flight");
      status.gets++;
      return rows(schema, [[index]]);
    },
    listActions: () =>
      Promise.resolve(["CancelFlightInfo", "RenewFlightEndpoint"].map((type) => ({ type, description: "" }))),
    async doAction(type, body) {
      if (type === "CancelFlightInfo") {
        const { info } = decodeProto(`${flightPackage}CancelFlightInfoRequest`, body);
        for (const one of info?.endpoint ?? []) statusOf(one.ticket!.ticket).status.cancelled = true;
        return [
          encodeProto(`${flightPackage}CancelFlightInfoResult`, { status: CancelStatus.CANCEL_STATUS_CANCELLED }),
        ];
      }
      const request = decodeProto(`${flightPackage}RenewFlightEndpointRequest`, body).endpoint!;
      const { status } = statusOf(request.ticket!.ticket);
      status.expiresMs = Date.now() + 10_000;
      return [
        encodeProto(`${flightPackage}FlightEndpoint`, { ...request, expirationTime: timestamp(status.expiresMs) }),
      ];
    },
  });
}

function timestamp(ms: number): Timestamp {
  return { seconds: Math.floor(ms / 1000), nanos: (ms % 1000) * 1_000_000 };
}
