/**
 * One record batch as it is stored, served and read: an Arrow IPC message without framing. `header` is the bare flatbuffer
 * Message (what FlightData.data_header holds); `body` the padded buffers. At most 2 MiB of body, but for one
 * row that is larger. Both are views of one SharedArrayBuffer, so that threads pass them without a copy.
 */
export type EncodedBatch = { readonly header: Uint8Array; readonly body: Uint8Array; readonly rowCount: number };

export function encodedByteSize(batch: EncodedBatch): number {
  return batch.header.byteLength + batch.body.byteLength;
}

/** Target for one message's body: gRPC clients accept 4 MiB by default. */
export const encodedBodyBytesMax = 2 * 1024 * 1024;
