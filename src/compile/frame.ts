/**
 * What compiled code and the host share per call, at one address of linear memory (16-byte aligned):
 *
 *   0  next free byte of the heap for strings   4  end of the heap   8  bytes that did not fit
 *  16  per used input: address of its data, of its validity
 *   …  per output: address of its data, of its validity bitmap, then (written by the code) whether any row is NULL
 *   …  constants and scratch places, 16 bytes or more each
 */
export type FrameLayout = { readonly inputs: number; readonly outputs: number; readonly byteSize: number };

export const heapNextOffset = 0;
export const heapEndOffset = 4;
export const heapNeededOffset = 8;
/** Bytes per output in the frame. */
export const outputStride = 16;

export function frameLayout(inputCount: number, outputCount: number): FrameLayout {
  const outputs = 16 + Math.ceil((inputCount * 8) / 16) * 16;
  return { inputs: 16, outputs, byteSize: outputs + outputCount * outputStride };
}

/** Parameters of the compiled function: the frame, the number of rows, and the selection (0 = rows 0 to count - 1). */
export const frameLocal = 0;
export const countLocal = 1;
export const selectionLocal = 2;
