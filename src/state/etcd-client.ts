import { readFileSync } from "node:fs";
import { Etcd3, type IOptions } from "etcd3";
import { EngineError } from "../common/engine-error.ts";

export type EtcdAddress = {
  /** `http://host:port` or `https://host:port` of each member. */
  readonly hosts: readonly string[];
  /** Begins every key of ours; several clusters may share one etcd. */
  readonly prefix: string;
  readonly user: { readonly username: string; readonly password: string } | null;
  /** Paths of PEM files. */
  readonly tls: { readonly ca: string; readonly cert: string | null; readonly key: string | null } | null;
};

/** Reads `etcd://[user:password@]h1:p1,h2:p2/prefix[?ca=FILE&cert=FILE&key=FILE]`; throws invalid_argument. */
export function parseEtcdUrl(url: string): EtcdAddress {
  const match = /^etcd:\/\/(?:([^:@/]+):([^@/]*)@)?([^/?]+)(\/[^?]*)?(?:\?(.*))?$/.exec(url);
  const members = match?.[3]?.split(",") ?? [];
  if (match === null || !members.every((member) => /^(\[[^\]]+\]|[^:]+):\d+$/.test(member))) {
    throw new EngineError("invalid_argument", `--state: "${url}" must be like etcd://HOST:PORT,HOST:PORT/PREFIX`);
  }
  const [, username, password, , path, query] = match;
  const parameters = new URLSearchParams(query ?? "");
  const ca = parameters.get("ca");
  return {
    hosts: members.map((member) => `${ca === null ? "http" : "https"}://${member}`),
    prefix: (path ?? "/").replace(/\/+$/, "") || "/onager",
    user:
      username === undefined
        ? null
        : { username: decodeURIComponent(username), password: decodeURIComponent(password ?? "") },
    tls: ca === null ? null : { ca, cert: parameters.get("cert"), key: parameters.get("key") },
  };
}

/** A member that hangs is given up after this, and another one is asked. */
const callTimeoutMs = 1_500;

type Policy = NonNullable<NonNullable<IOptions["faultHandling"]>["global"]>;

/**
 * A client without retries of its own: the library's circuit breaker would keep away from a member for longer than a lease
 * lasts. Callers ask again (`persist`), and each call goes to another member.
 */
export function openEtcd(address: EtcdAddress): Etcd3 {
  const { tls, user } = address;
  const direct = { execute: (run: () => unknown) => Promise.resolve().then(run) } as unknown as Policy;
  return new Etcd3({
    hosts: [...address.hosts],
    grpcOptions: { "grpc.max_receive_message_length": -1, "grpc.max_send_message_length": -1 },
    defaultCallOptions: (context) => (context.isStream ? {} : { deadline: Date.now() + callTimeoutMs }),
    faultHandling: { host: () => direct, global: direct },
    ...(user === null ? {} : { auth: { ...user } }),
    ...(tls === null
      ? {}
      : {
          credentials: {
            rootCertificate: readFileSync(tls.ca),
            ...(tls.key === null ? {} : { privateKey: readFileSync(tls.key) }),
            ...(tls.cert === null ? {} : { certChain: readFileSync(tls.cert) }),
          },
        }),
  });
}

const pausesMs = [20, 50, 100, 200, 400];

/** Tries a call that may be repeated until it succeeds, `mayGoOn` says no, or the time is over. */
export async function persist<T>(
  call: () => Promise<T>,
  { timeoutMs, mayGoOn }: { readonly timeoutMs: number; readonly mayGoOn: () => boolean },
): Promise<T> {
  const end = performance.now() + timeoutMs;
  for (let failures = 0; ; failures++) {
    try {
      return await call();
    } catch (error) {
      if (error instanceof EngineError) throw error;
      if (performance.now() > end || !mayGoOn()) {
        throw new EngineError("unavailable", `etcd does not answer: ${(error as Error).message}`, {}, error);
      }
    }
    const pause = pausesMs[Math.min(failures, pausesMs.length - 1)]!;
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}
