import assert from "node:assert/strict";
import { TpchAnswers } from "../../tpch/answers.ts";
import { compareAnswer } from "../../tpch/compare-answer.ts";
import { FlightEngine } from "../../tpch/flight-engine.ts";
import { ensureTpchData } from "../../tpch/make-data.ts";
import { queryNumbers, tpchQuery } from "../../tpch/queries.ts";
import { Cluster } from "../../tpch/start-cluster.ts";

const scale = 0.01;

const setups = [
  { name: "one standalone process", executors: 0, slots: 2 },
  { name: "one scheduler and two executors", executors: 2, slots: 1 },
];

for (const { name, executors, slots } of setups) {
  describe(`TPC-H at scale ${scale} on ${name}`, () => {
    let cluster: Cluster;
    let engine: FlightEngine;
    let answers: TpchAnswers;

    before(async function () {
      this.timeout(120_000);
      const dataFolder = ensureTpchData(scale);
      answers = new TpchAnswers(dataFolder);
      cluster = await Cluster.start({ dataFolder, executors, slots, memory: "1GB" });
      engine = await FlightEngine.connect(cluster.url);
    });

    after(async function () {
      this.timeout(30_000);
      await engine?.close();
      await cluster?.stop();
      answers?.close();
    });

    for (const number of queryNumbers) {
      it(`q${String(number).padStart(2, "0")} gives DuckDB's answer`, async () => {
        const query = tpchQuery(number, scale);
        const { rows } = await engine.run(query.sql);
        assert.deepEqual(compareAnswer(await answers.expected(query), rows), []);
      });
    }
  });
}
