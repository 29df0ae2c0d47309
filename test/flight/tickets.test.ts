import assert from "node:assert/strict";
import { createHmac, timingSafeEqual } from "node:crypto";
import fc from "fast-check";
import {
  decodeResultTicket,
  decodeTicket,
  encodeResultTicket,
  encodeTicket,
  type TicketSigner,
} from "../../src/flight/tickets.ts";

const result = { jobId: "j", stageId: 0, task: 3, attempt: 1, partition: 0, executorId: "e" };

function signer(key: string): TicketSigner {
  const sign = (payload: Uint8Array): Buffer => createHmac("sha256", key).update(payload).digest();
  return {
    sign,
    verify: (payload, signature) => signature.byteLength === 32 && timingSafeEqual(sign(payload), signature),
  };
}

describe("tickets", () => {
  it("keep every field", () => {
    assert.deepEqual(decodeResultTicket(encodeResultTicket(result)), result);
    const command = Buffer.from("c");
    assert.deepEqual(decodeTicket(encodeTicket({ kind: "command", command })), { kind: "command", command });
    const empty = decodeTicket(encodeTicket({ kind: "empty", schemaHeader: new Uint8Array(0) }));
    assert.equal(empty.kind, "empty");
  });

  it("are told from foreign bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
        assert.throws(() => decodeTicket(bytes), {
          code: "invalid_argument",
          message: "this ticket was not issued by Onager",
        });
      }),
    );
    assert.throws(() => decodeResultTicket(encodeTicket({ kind: "command", command: new Uint8Array(1) })), {
      code: "invalid_argument",
    });
  });

  it("are refused with a wrong signature", () => {
    const signed = encodeResultTicket(result, signer("a"));
    assert.deepEqual(decodeResultTicket(signed, signer("a")), result);
    assert.throws(() => decodeResultTicket(signed, signer("b")), { code: "unauthenticated" });
    assert.throws(() => decodeResultTicket(encodeResultTicket(result), signer("a")), { code: "unauthenticated" });
  });
});
