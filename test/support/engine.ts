import { FlightEngine } from "../../tpch/flight-engine.ts";
import { ensureTpchData } from "../../tpch/make-data.ts";
import { Cluster } from "../../tpch/start-cluster.ts";
import { DuckDbEngine } from "./duckdb-engine.ts";
import type { SqlEngine } from "./sql-engine.ts";

/**
 * The engine that the .slt files run on, over the TPC-H sample: a standalone server reached through Flight SQL.
 * `ONAGER_SLT_ENGINE=duckdb` runs them on the oracle, `ONAGER_SLT_EXECUTORS=2` on a cluster of processes.
 */
export async function startEngine(): Promise<SqlEngine> {
  if (process.env["ONAGER_SLT_ENGINE"] === "duckdb") return DuckDbEngine.start();
  const executors = Number(process.env["ONAGER_SLT_EXECUTORS"] ?? "0");
  const cluster = await Cluster.start({ dataFolder: ensureTpchData(0.01), executors, slots: 2, memory: "1GB" });
  try {
    const client = await FlightEngine.connect(cluster.url);
    return {
      name: "onager",
      run: (sql) => client.run(sql),
      close: async () => {
        await client.close();
        await cluster.stop();
      },
    };
  } catch (error) {
    await cluster.stop();
    throw error;
  }
}
