/** Rounded up, and the same on both sides, so that the counter of waiting output returns to zero. */
export function outputKib(batch: { readonly header: Uint8Array; readonly body: Uint8Array }): number {
  return Math.ceil((batch.header.byteLength + batch.body.byteLength) / 1024);
}
