import { randomBytes } from "node:crypto";
import type { Etcd3, IPutRequest, IRequestOp } from "etcd3";
import { EngineError } from "../common/engine-error.ts";
import { persist } from "./etcd-client.ts";
import type { RecordKind, StateStore, StateWrite } from "./state-store.ts";

/** Writes count only while the key exists as it was made in this revision. */
export type Fence = {
  readonly key: string;
  readonly revision: string;
  /** Whether the lease of the key can still be alive. */
  readonly isCurrent: () => boolean;
};

/** etcd refuses requests above 1.5 MiB and transactions of more than 128 operations. */
const inlineBytesMax = 128 * 1024;
const partBytesMax = 256 * 1024;
const transactionBytesMax = 1024 * 1024;
const transactionOpsMax = 120;
const pageRecords = 32;
const patienceMs = 10_000;

type Manifest = { readonly version: string; readonly parts: number; readonly byteSize: number };
type Change = { readonly ops: readonly IRequestOp[]; readonly byteSize: number };

/**
 * Records in etcd:
 *
 *     PREFIX/record/KIND/KEY            0, value   or   1, manifest of a large value
 *     PREFIX/part/KIND/KEY/VERSION/N    its parts, written before the manifest; of no meaning without it
 *
 * A batch is one transaction, in which the manifests change and the parts of older versions go. Batches of more than 40
 * records or a mebibyte are applied in several, in their order.
 */
export class EtcdStore implements StateStore {
  readonly #client: Etcd3;
  readonly #prefix: string;
  readonly #fence: Fence | null;
  readonly #onClose: () => void;

  /** Without a fence everybody may write: for tests and tools. */
  constructor(client: Etcd3, prefix: string, fence: Fence | null, onClose: () => void = () => {}) {
    this.#client = client;
    this.#prefix = prefix;
    this.#fence = fence;
    this.#onClose = onClose;
  }

  async load(kind: RecordKind): Promise<{ key: string; value: Uint8Array }[]> {
    const root = `${this.#prefix}/record/${kind}/`;
    const records: { key: string; value: Uint8Array }[] = [];
    for await (const { key, value } of this.#range(root)) {
      const name = key.slice(root.length);
      records.push({ key: decodeURIComponent(name), value: await this.#valueOf(kind, name, value) });
    }
    return records;
  }

  async write(writes: readonly StateWrite[]): Promise<void> {
    const changes: Change[] = [];
    for (const write of writes) changes.push(await this.#changeOf(write));
    for (const group of groupsOf(changes)) await this.#commit(group.flatMap((change) => change.ops));
  }

  async close(): Promise<void> {
    this.#onClose();
  }

  /** Removes parts that no record speaks of: a leader that died may have left some. */
  async sweep(kind: RecordKind): Promise<void> {
    const live = new Map<string, string>();
    const root = `${this.#prefix}/record/${kind}/`;
    for await (const { key, value } of this.#range(root)) {
      if (value[0] === 1) live.set(key.slice(root.length), manifestOf(value).version);
    }
    const parts = `${this.#prefix}/part/${kind}/`;
    const dead: IRequestOp[] = [];
    for await (const { key } of this.#range(parts, true)) {
      const [name, version] = key.slice(parts.length).split("/");
      if (live.get(name!) !== version) dead.push({ request_delete_range: { key: Buffer.from(key) } });
    }
    for (let at = 0; at < dead.length; at += transactionOpsMax)
      await this.#commit(dead.slice(at, at + transactionOpsMax));
  }

  async #valueOf(kind: RecordKind, name: string, value: Buffer): Promise<Uint8Array> {
    if (value[0] === 0) return new Uint8Array(value.subarray(1));
    const { version, parts, byteSize } = manifestOf(value);
    const whole = new Uint8Array(byteSize);
    let offset = 0;
    for await (const part of this.#range(`${this.#prefix}/part/${kind}/${name}/${version}/`, false, 4)) {
      whole.set(part.value, offset);
      offset += part.value.byteLength;
    }
    if (offset !== byteSize)
      throw new EngineError(
        "io_error",
        `etcd holds ${offset} of ${byteSize} bytes (${parts} parts) of ${kind} ${name}`,
      );
    return whole;
  }

  /** Writes the parts of a large value, and gives the operations that make it count. */
  async #changeOf({ kind, key, value }: StateWrite): Promise<Change> {
    const name = encodeURIComponent(key);
    const record = Buffer.from(`${this.#prefix}/record/${kind}/${name}`);
    const parts = `${this.#prefix}/part/${kind}/${name}/`;
    if (value === null)
      return { ops: [{ request_delete_range: { key: record } }, deletion(parts, after(parts))], byteSize: 0 };
    if (value.byteLength <= inlineBytesMax) {
      const content = Buffer.concat([Buffer.of(0), value]);
      return { ops: [put(record, content), deletion(parts, after(parts))], byteSize: content.byteLength };
    }
    const version = randomBytes(6).toString("hex");
    const puts: IRequestOp[] = [];
    for (let offset = 0; offset < value.byteLength; offset += partBytesMax) {
      const number = String(puts.length).padStart(6, "0");
      puts.push(
        put(Buffer.from(`${parts}${version}/${number}`), Buffer.from(value.subarray(offset, offset + partBytesMax))),
      );
    }
    const partsAtOnce = Math.floor(transactionBytesMax / partBytesMax);
    for (let at = 0; at < puts.length; at += partsAtOnce) await this.#commit(puts.slice(at, at + partsAtOnce));
    const manifest: Manifest = { version, parts: puts.length, byteSize: value.byteLength };
    const content = Buffer.concat([Buffer.of(1), Buffer.from(JSON.stringify(manifest))]);
    const own = `${parts}${version}/`;
    return {
      ops: [put(record, content), deletion(parts, own), deletion(after(own), after(parts))],
      byteSize: content.byteLength,
    };
  }

  /** All or nothing, and nothing once another scheduler leads. May be repeated: it puts the same values. */
  async #commit(ops: readonly IRequestOp[]): Promise<void> {
    const fence = this.#fence;
    const mayGoOn = (): boolean => fence === null || fence.isCurrent();
    await persist(
      async () => {
        if (!mayGoOn()) throw notLeading();
        const compare = fence === null ? (["", 0] as const) : ([fence.key, Number(fence.revision)] as const);
        const { succeeded } = await this.#client
          .if(compare[0] === "" ? `${this.#prefix}/never` : compare[0], "Create", "==", compare[1])
          .then(...ops)
          .commit();
        if (!succeeded) throw notLeading();
      },
      { timeoutMs: patienceMs, mayGoOn },
    );
  }

  /** Pages, since one answer must not hold everything. */
  async *#range(prefix: string, keysOnly = false, page = pageRecords): AsyncGenerator<{ key: string; value: Buffer }> {
    const end = Buffer.from(after(prefix));
    for (let start = Buffer.from(prefix); ;) {
      const { kvs, more } = await persist(
        () =>
          this.#client.kv.range({ key: start, range_end: end, limit: keysOnly ? 1_000 : page, keys_only: keysOnly }),
        { timeoutMs: patienceMs, mayGoOn: () => true },
      );
      for (const { key, value } of kvs) yield { key: key.toString(), value };
      const last = kvs.at(-1);
      if (!more || last === undefined) return;
      start = Buffer.concat([last.key, Buffer.of(0)]);
    }
  }
}

function notLeading(): EngineError {
  return new EngineError("unavailable", "this scheduler does not lead any more");
}

function manifestOf(value: Buffer): Manifest {
  return JSON.parse(value.subarray(1).toString("utf8")) as Manifest;
}

/** The first key behind all that begin with the prefix; prefixes of ours end in a plain character. */
function after(prefix: string): string {
  return prefix.slice(0, -1) + String.fromCharCode(prefix.charCodeAt(prefix.length - 1) + 1);
}

function put(key: Buffer, value: Buffer): IRequestOp {
  const request: IPutRequest = { key, value };
  return { request_put: request };
}

function deletion(from: string, to: string): IRequestOp {
  return { request_delete_range: { key: Buffer.from(from), range_end: Buffer.from(to) } };
}

function* groupsOf(changes: readonly Change[]): Generator<Change[]> {
  let group: Change[] = [];
  let [ops, bytes] = [0, 0];
  for (const change of changes) {
    const full = ops + change.ops.length > transactionOpsMax || bytes + change.byteSize > transactionBytesMax;
    if (full && group.length > 0) {
      yield group;
      group = [];
      [ops, bytes] = [0, 0];
    }
    group.push(change);
    ops += change.ops.length;
    bytes += change.byteSize;
  }
  if (group.length > 0) yield group;
}
