import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { startEtcd, type EtcdServers } from "../../scripts/etcd.ts";
import { FlightSqlClient } from "../../src/flight/flight-sql-client.ts";
import { ensureTpchData } from "../../tpch/make-data.ts";
import { FaultCluster, type Node } from "../../tpch/fault-cluster.ts";

const sample = ensureTpchData(0.01);
const hasEtcd = spawnSync("etcd", ["--version"]).status === 0;

/** Half a billion pairs over several stages: some seconds on two slots. */
const longQuery = `
  select a.l_linenumber, count(*), sum(a.l_quantity), sum(b.l_extendedprice)
  from lineitem a join lineitem b on a.l_linenumber = b.l_linenumber
  where a.l_orderkey < 12000 group by a.l_linenumber order by 1`;

const settings = ["set small_query_bytes_max = 0", "set broadcast_bytes_max = 0", "set target_partitions = 4"];

type Progress = { rows: Promise<unknown[][]>; reached(fraction: number): Promise<void> };

async function start(client: FlightSqlClient): Promise<Progress> {
  for (const setting of settings) await client.update(setting);
  let [seen, wanted] = [0, Infinity];
  let tell: () => void = () => {};
  const rows = (async () => {
    const result = await client.queryWithProgress(longQuery, (fraction) => {
      seen = fraction;
      if (seen >= wanted) tell();
    });
    const all: unknown[][] = [];
    for await (const row of result.rows) all.push([...row]);
    return all;
  })();
  rows.catch(() => {});
  return {
    rows,
    reached: (fraction) =>
      new Promise((resolve) => {
        wanted = fraction;
        tell = resolve;
        if (seen >= wanted) resolve();
      }),
  };
}

describe("a cluster that loses processes in the middle of a query", function () {
  this.timeout(120_000);
  let expected: unknown[][];
  let cluster: FaultCluster | null = null;
  let client: FlightSqlClient | null = null;

  before(async () => {
    const whole = await FaultCluster.start({ dataFolder: sample, schedulers: 1, executors: 1, slots: 2 });
    const plain = await FlightSqlClient.connect(whole.urlOf(whole.schedulers[0]!));
    expected = await (await start(plain)).rows;
    await plain.close();
    await whole.stop();
    assert.equal(expected.length, 7);
  });

  afterEach(async function () {
    if (this.currentTest?.state === "failed" && cluster !== null)
      for (const node of cluster.nodes) process.stderr.write(`== ${node.name}\n${cluster.logOf(node)}\n`);
    await client?.close();
    await cluster?.stop();
    [client, cluster] = [null, null];
  });

  for (const fraction of [0.2, 0.6]) {
    it(`gives the right rows when one of three executors is killed at ${fraction * 100} %`, async () => {
      cluster = await FaultCluster.start({ dataFolder: sample, schedulers: 1, executors: 3 });
      client = await FlightSqlClient.connect(cluster.urlOf(cluster.schedulers[0]!));
      const query = await start(client);
      await query.reached(fraction);
      await cluster.kill(cluster.executors[1]!);
      assert.deepEqual(await query.rows, expected);
    });
  }

  it("goes on, with what was done already, when its only scheduler is killed and started again", async () => {
    cluster = await FaultCluster.start({ dataFolder: sample, schedulers: 1, executors: 2 });
    const scheduler = cluster.schedulers[0]!;
    client = await FlightSqlClient.connect(cluster.urlOf(scheduler));
    const query = await start(client);
    await query.reached(0.5);
    await cluster.kill(scheduler);
    await cluster.restart(scheduler);
    assert.deepEqual(await query.rows, expected);
    assert.doesNotMatch(cluster.logOf(scheduler), /executor lost/);
  });

  it("hands over rows of an executor that drains, and loses no query", async () => {
    cluster = await FaultCluster.start({ dataFolder: sample, schedulers: 1, executors: 2 });
    client = await FlightSqlClient.connect(cluster.urlOf(cluster.schedulers[0]!));
    const query = await start(client);
    await query.reached(0.3);
    const leaving = cluster.executors[0]!;
    const left = new Promise((resolve) => leaving.child.once("exit", resolve));
    leaving.child.kill("SIGTERM");
    assert.deepEqual(await query.rows, expected);
    assert.equal(await left, 0);
  });

  describe("with several schedulers", () => {
    let etcd: EtcdServers;
    let count = 0;
    before(async function () {
      if (!hasEtcd) return this.skip();
      etcd = await startEtcd(1);
    });
    after(async () => {
      if (hasEtcd) await etcd.stop();
    });

    const untilLed = async (): Promise<{ leader: Node; standby: Node }> => {
      for (;;) {
        const leader = cluster!.leader();
        if (leader !== null) return { leader, standby: cluster!.schedulers.find((node) => node !== leader)! };
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    };

    for (const signal of ["SIGKILL", "SIGSTOP", "SIGTERM"] as const) {
      it(`goes on when the leader gets ${signal}`, async () => {
        const state = etcd.url(`survival-${count++}`);
        cluster = await FaultCluster.start({ dataFolder: sample, schedulers: 2, executors: 2, state });
        const { leader, standby } = await untilLed();
        client = await FlightSqlClient.connect(cluster.urlOf(standby));
        const query = await start(client);
        await query.reached(0.4);
        leader.child.kill(signal);
        assert.deepEqual(await query.rows, expected);
        assert.match(cluster.logOf(standby), /info leading loadMs/);
        assert.doesNotMatch(cluster.logOf(standby), /executor lost/);
        if (signal !== "SIGSTOP") return;
        // Back again, it must see that it leads no more.
        leader.child.kill("SIGCONT");
        const end = Date.now() + 10_000;
        while (!cluster.logOf(leader).includes("leading no more") && Date.now() < end)
          await new Promise((resolve) => setTimeout(resolve, 50));
        const late = await FlightSqlClient.connect(cluster.urlOf(leader));
        const rows: unknown[] = [];
        for await (const row of (await late.query("select count(*) from nation")).rows) rows.push(...row);
        assert.deepEqual(rows, [25n]);
        await late.close();
      });
    }
  });
});
