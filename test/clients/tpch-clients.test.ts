import assert from "node:assert/strict";
import { TpchAnswers } from "../../tpch/answers.ts";
import { compareAnswer } from "../../tpch/compare-answer.ts";
import { ensureTpchData } from "../../tpch/make-data.ts";
import { PythonEngine, type PythonClient } from "../../tpch/python-engine.ts";
import { queryNumbers, tpchQuery } from "../../tpch/queries.ts";
import { Cluster } from "../../tpch/start-cluster.ts";

const scale = 0.01;
const clients: readonly [PythonClient, string][] = [
  ["adbc", "following locations to the executors"],
  ["pyarrow", "on the one connection to the scheduler"],
];

describe("TPC-H from Python, on one scheduler and two executors", function () {
  this.timeout(300_000);
  let cluster: Cluster;
  let answers: TpchAnswers;

  before(async () => {
    const dataFolder = ensureTpchData(scale);
    answers = new TpchAnswers(dataFolder);
    cluster = await Cluster.start({ dataFolder, executors: 2, slots: 1, memory: "1GB" });
  });
  after(async () => {
    await cluster?.stop();
    answers?.close();
  });

  for (const [client, how] of clients) {
    it(`${client} gets DuckDB's answers, ${how}`, async () => {
      const engine = new PythonEngine(client, cluster.url);
      try {
        for (const number of queryNumbers) {
          const query = tpchQuery(number, scale);
          const { rows } = await engine.run(query.sql);
          assert.deepEqual(compareAnswer(await answers.expected(query), rows), [], query.name);
        }
      } finally {
        await engine.close();
      }
    });
  }
});
