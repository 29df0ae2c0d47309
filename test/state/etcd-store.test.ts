import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { startEtcd, type EtcdServers } from "../../scripts/etcd.ts";
import { silentLogger } from "../../src/common/logger.ts";
import { openEtcd, parseEtcdUrl } from "../../src/state/etcd-client.ts";
import { EtcdElection } from "../../src/state/etcd-election.ts";
import { EtcdStore } from "../../src/state/etcd-store.ts";
import { storeContract } from "./store-contract.ts";

const hasEtcd = spawnSync("etcd", ["--version"]).status === 0;

describe("addresses of etcd", () => {
  it("name members, a prefix, credentials and certificates", () => {
    assert.deepEqual(parseEtcdUrl("etcd://a:1,b:2/some/where/"), {
      hosts: ["http://a:1", "http://b:2"],
      prefix: "/some/where",
      user: null,
      tls: null,
    });
    assert.deepEqual(parseEtcdUrl("etcd://me:p%40ss@[::1]:2379?ca=x.pem"), {
      hosts: ["https://[::1]:2379"],
      prefix: "/onager",
      user: { username: "me", password: "p@ss" },
      tls: { ca: "x.pem", cert: null, key: null },
    });
  });

  for (const url of ["etcd://", "etcd://host", "etcd:/a:1", "etcd://a:1,b"]) {
    it(`are refused when malformed: ${url}`, () => assert.throws(() => parseEtcdUrl(url), /must be like/));
  }
});

describe("EtcdStore", function () {
  this.timeout(60_000);
  let servers: EtcdServers;
  let count = 0;
  const open = (prefix: string): EtcdStore => {
    const address = parseEtcdUrl(servers.url(prefix));
    const client = openEtcd(address);
    return new EtcdStore(client, address.prefix, null, () => client.close());
  };

  before(async function () {
    if (!hasEtcd) this.skip();
    servers = await startEtcd(3);
  });
  after(async () => {
    if (hasEtcd) await servers.stop();
  });

  storeContract("EtcdStore", () => open(`contract-${count++}`));

  it("keeps values of any size, and no part of what was replaced or deleted", async () => {
    const store = open("large");
    const other = open("large");
    const large = (seed: number, size: number): Uint8Array => new Uint8Array(size).map((_, at) => (at * seed) % 251);
    const sizes = [0, 131_072, 131_073, 262_144, 262_145, 5_000_000];
    await store.write(sizes.map((size) => ({ kind: "job", key: `a/${size} ü`, value: large(7, size) })));
    for (const size of sizes) await store.write([{ kind: "job", key: `a/${size} ü`, value: large(11, size) }]);
    const loaded = new Map((await other.load("job")).map(({ key, value }) => [key, value]));
    assert.equal(loaded.size, sizes.length);
    for (const size of sizes) assert.deepEqual(loaded.get(`a/${size} ü`), large(11, size));
    await store.write(sizes.map((size) => ({ kind: "job", key: `a/${size} ü`, value: null })));
    const client = openEtcd(parseEtcdUrl(servers.url("large")));
    assert.deepEqual(await client.getAll().prefix("/large/").keys(), []);
    client.close();
    await store.close();
    await other.close();
  });

  it("takes a batch of hundreds of records", async () => {
    const store = open("batch");
    const keys = Array.from({ length: 300 }, (_, index) => `k${String(index).padStart(3, "0")}`);
    await store.write(keys.map((key) => ({ kind: "job", key, value: Buffer.from(key) })));
    assert.deepEqual(
      (await store.load("job")).map(({ key }) => key),
      keys,
    );
    await store.close();
  });

  it("lets one lead, refuses the deposed one's writes, and hands over at once when it resigns", async () => {
    const address = parseEtcdUrl(servers.url("election"));
    const candidate = (name: string): EtcdElection =>
      new EtcdElection({
        client: openEtcd(address),
        prefix: address.prefix,
        address: name,
        leaseSeconds: 2,
        logger: silentLogger,
      });
    const [first, second] = [candidate("first"), candidate("second")];
    const terms = [first.campaign(), second.campaign()];
    const winner = await Promise.race(terms.map(async (term, index) => ({ index, term: (await term)! })));
    await new Promise((resolve) => setTimeout(resolve, 500));
    assert.equal(first.leader, winner.index === 0 ? "first" : "second");
    assert.equal(second.leader, first.leader);
    await winner.term.store.write([{ kind: "job", key: "a", value: Buffer.from("1") }]);
    const started = Date.now();
    await winner.term.resign();
    const next = (await terms[1 - winner.index])!;
    assert.ok(Date.now() - started < 1_500);
    assert.deepEqual(
      (await next.store.load("job")).map(({ key }) => key),
      ["a"],
    );
    await assert.rejects(async () => winner.term.store.write([{ kind: "job", key: "b", value: Buffer.from("2") }]), {
      code: "unavailable",
    });
    // Also when it believes that it leads.
    const client = openEtcd(address);
    const deluded = new EtcdStore(client, address.prefix, {
      key: `${address.prefix}/leader`,
      revision: "1",
      isCurrent: () => true,
    });
    await assert.rejects(async () => deluded.write([{ kind: "job", key: "b", value: Buffer.from("2") }]), {
      code: "unavailable",
    });
    assert.equal((await next.store.load("job")).length, 1);
    client.close();
    await first.close();
    await second.close();
  });

  it("goes on when a member dies, hangs, or the leader of etcd changes", async () => {
    const store = open("faults");
    servers.members[0]!.child.kill("SIGSTOP");
    for (let index = 0; index < 5; index++) {
      await store.write([{ kind: "job", key: `stopped-${index}`, value: Buffer.from("x") }]);
    }
    servers.members[0]!.child.kill("SIGCONT");
    servers.members[1]!.child.kill("SIGKILL");
    for (let index = 0; index < 5; index++) {
      await store.write([{ kind: "job", key: `killed-${index}`, value: Buffer.from("x") }]);
    }
    assert.equal((await store.load("job")).length, 10);
    await store.close();
  });
});
