/**
 * Sorts row numbers by partition, in order within each: counting sort. `hashes` are of the batch's rows 0 to count - 1;
 * `selection` (0 = none) gives their row numbers. The partition is (low 32 bits × partitionCount) >> 32, as hash.ts says.
 * `starts`: partitionCount + 2 u32s; afterwards rows starts[p] to starts[p + 1] - 1 of `rows` are partition p's.
 */
export function partitionRows(hashes: usize, selection: usize, count: i32, partitionCount: u32, starts: usize, rows: usize): void {
  memory.fill(starts, 0, <usize>(partitionCount + 2) << 2);
  for (let i = 0; i < count; i++) {
    const partition = <usize>((<u64>load<u32>(hashes + (<usize>i << 3)) * <u64>partitionCount) >> 32);
    const counter = starts + ((partition + 2) << 2);
    store<u32>(counter, load<u32>(counter) + 1);
  }
  // starts[p + 1] becomes the next free place of partition p, and with the last row of p the start of p + 1.
  for (let partition: u32 = 2; partition <= partitionCount + 1; partition++) {
    const at = starts + (<usize>partition << 2);
    store<u32>(at, load<u32>(at) + load<u32>(at - 4));
  }
  for (let i = 0; i < count; i++) {
    const partition = <usize>((<u64>load<u32>(hashes + (<usize>i << 3)) * <u64>partitionCount) >> 32);
    const cursor = starts + ((partition + 1) << 2);
    const place = load<u32>(cursor);
    store<u32>(cursor, place + 1);
    store<u32>(rows + (<usize>place << 2), selection == 0 ? <u32>i : load<u32>(selection + (<usize>i << 2)));
  }
}
