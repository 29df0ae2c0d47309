import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import type { EngineError } from "../../src/common/engine-error.ts";
import { FlightConnection } from "../../src/flight/flight-connection.ts";
import { flightMethods } from "../../src/flight/flight-methods.ts";
import { parseFlightUrl } from "../../src/flight/flight-url.ts";
import { encodeProto } from "../../src/flight/proto-codec.ts";
import { encodeResultTicket } from "../../src/flight/tickets.ts";
import { FlightSqlClient, type ConnectOptions } from "../../src/flight/flight-sql-client.ts";
import { hashPassword } from "../../src/security/password-hash.ts";
import { readClientTls, type ClientTls } from "../../src/security/tls-files.ts";
import { ensureTpchData } from "../../tpch/make-data.ts";
import { Cluster } from "../../tpch/start-cluster.ts";
import { ensureJdbcClient, hasJava, runJdbcClient } from "../support/jdbc-client.ts";
import { ensurePythonClients, runPythonClient } from "../support/python-clients.ts";

const program = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));
const sample = ensureTpchData(0.01);
const passwords = { ada: "ada's pass:word", bob: "bob's password" } as const;

/** A cluster where every door is locked: mutual TLS, users, and a secret. */
describe("a secured cluster", function () {
  this.timeout(120_000);
  let folder: string;
  let cluster: Cluster;
  let providerKey: CryptoKey;
  const path = (name: string): string => join(folder, name);

  before(async () => {
    ensurePythonClients();
    folder = mkdtempSync(join(tmpdir(), "onager-secure-"));
    makeCertificates(folder);
    writeFileSync(path("secret"), "the secret of this cluster\n");
    writeFileSync(path("other-secret"), "the secret of another one\n");
    const users = [
      { name: "ada", password: await hashPassword(passwords.ada), roles: ["admin"] },
      { name: "bob", password: await hashPassword(passwords.bob), roles: ["geographer"] },
    ];
    const roles = { geographer: { read: ["nation", "public.reg*", "open_view"], write: ["bobs_*"] } };
    writeFileSync(path("users.json"), JSON.stringify({ users, roles }));
    const tls = ["--tls-cert", path("node.pem"), "--tls-key", path("node.key"), "--tls-ca", path("ca.pem")];
    const pair = await generateKeyPair("ES256", { extractable: true });
    providerKey = pair.privateKey;
    writeFileSync(
      path("jwks.json"),
      JSON.stringify({ keys: [{ ...(await exportJWK(pair.publicKey)), alg: "ES256" }] }),
    );
    const provider = [
      "--jwt-issuer",
      "https://id.example",
      "--jwt-audience",
      "onager",
      "--jwt-jwks",
      path("jwks.json"),
    ];
    const login = ["--users", path("users.json"), "--secret-file", path("secret"), ...provider];
    const extra = [...tls, "--tls-client-ca", path("ca.pem"), ...login, "--log-level", "debug"];
    cluster = await Cluster.start({ dataFolder: sample, executors: 2, slots: 1, memory: "300MB", extra });
  });
  after(async () => {
    await cluster?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const certificate = (): ConnectOptions => ({
    tls: readClientTls({ authorities: path("ca.pem"), certificate: path("client.pem"), key: path("client.key") }),
  });
  const as = (user: keyof typeof passwords): Promise<FlightSqlClient> =>
    FlightSqlClient.connect(cluster.url, { ...certificate(), user, password: passwords[user] });
  const rowsOf = async (client: FlightSqlClient, sql: string): Promise<unknown[]> => {
    const rows: unknown[] = [];
    for await (const row of (await client.query(sql)).rows) rows.push(row);
    return rows;
  };

  it("runs queries over several executors, their shuffles encrypted as well", async () => {
    assert.match(cluster.url, /^grpc\+tls:/);
    const client = await as("ada");
    try {
      await client.update("set target_partitions = 4");
      await client.update("set small_query_bytes_max = 0");
      const result = await client.query("select l_orderkey, count(*) from lineitem group by l_orderkey");
      const locations = result.info.endpoint.map(({ location }) => location[0]?.uri ?? "");
      assert.equal(new Set(locations).size, 2);
      for (const location of locations) assert.match(location, /^grpc\+tls:/);
      let count = 0;
      for await (const _ of result.rows) count++;
      assert.equal(count, 15_000);
    } finally {
      await client.close();
    }
  });

  it("serves ADBC, which logs in once and brings its token to the executors", async () => {
    const files = ["ca.pem", "client.pem", "client.key"].map(path);
    const answer = await runPythonClient("secure_adbc.py", [cluster.url, "ada", passwords.ada, ...files]);
    assert.deepEqual(answer, { rows: 15_000, refused: "UNAUTHENTICATED", no_certificate: true });
  });

  it("serves JDBC, which logs in again at each executor", async function () {
    if (!hasJava()) this.skip();
    await ensureJdbcClient();
    const properties = {
      password: passwords.ada,
      useEncryption: "true",
      tlsRootCerts: path("ca.pem"),
      clientCertificate: path("client.pem"),
      clientKey: path("client.key"),
    };
    const out = await runJdbcClient(cluster.url, { ...properties, user: "ada" });
    assert.deepEqual(out.get("large"), [15_000, 60_175]);
    const wrong = await runJdbcClient(cluster.url, { ...properties, user: "bob" });
    assert.match(String(wrong.get("connect_error")?.[0]), /user name or password is wrong/);
  });

  it("lets nobody in without a certificate, a password, or with a wrong one", async () => {
    const anonymousTls = readClientTls({ authorities: path("ca.pem") });
    await assert.rejects(
      FlightSqlClient.connect(cluster.url, { tls: anonymousTls, user: "ada", password: passwords.ada }),
      { code: "unavailable" },
    );
    await assert.rejects(FlightSqlClient.connect(cluster.url, certificate()), { code: "unauthenticated" });
    await assert.rejects(FlightSqlClient.connect(cluster.url, { ...certificate(), user: "ada", password: "wrong" }), {
      code: "unauthenticated",
      message: "user name or password is wrong",
    });
    await assert.rejects(FlightSqlClient.connect(cluster.url.replace("+tls", ""), {}), { code: "unavailable" });
  });

  it("shows each user the tables of the user's roles, and no others", async () => {
    const [ada, bob] = await Promise.all([as("ada"), as("bob")]);
    try {
      await ada.update("create or replace view open_view as select c_custkey from customer");
      await ada.update("create or replace view closed_view as select 1 as x");
      const names = (await bob.getTables()).map(({ name }) => name);
      assert.deepEqual(names, ["nation", "open_view", "region"]);
      assert.deepEqual(await rowsOf(bob, "show tables"), [
        ["nation", "table"],
        ["open_view", "view"],
        ["region", "table"],
      ]);
      assert.deepEqual(await rowsOf(bob, "select count(*) from nation, region where n_regionkey = r_regionkey"), [
        [25n],
      ]);
      assert.deepEqual(await rowsOf(bob, "select count(*) from open_view"), [[1500n]]);
      const denied = { code: "permission_denied" };
      for (const sql of [
        "select * from customer",
        "select * from closed_view",
        "select * from no_such_table",
        "select (select count(*) from customer)",
        "with x as (select * from customer) select 1 from nation",
        "explain select * from customer",
        "describe customer",
        "create view bobs_view as select * from customer",
      ])
        await assert.rejects(rowsOf(bob, sql), denied, sql);
      await assert.rejects(bob.prepare("select * from customer"), denied);
      await assert.rejects(bob.update("create view other as select 1 as x"), denied);
      await assert.rejects(bob.update("create or replace view open_view as select 1 as x"), denied);
      await assert.rejects(bob.update("drop view open_view"), denied);
      await bob.update("create view bobs_view as select n_name from nation");
      await bob.update("drop view bobs_view");
    } finally {
      await Promise.all([ada.close(), bob.close()]);
    }
  });

  it("takes the tokens of an identity provider, at every node, with the roles that they name", async () => {
    const jwt = new SignJWT({ roles: ["geographer"] }).setProtectedHeader({ alg: "ES256" });
    jwt.setIssuer("https://id.example").setAudience("onager").setSubject("carol").setExpirationTime("5m");
    const token = await jwt.sign(providerKey);
    const client = await FlightSqlClient.connect(cluster.url, { ...certificate(), token });
    try {
      await client.update("set small_query_bytes_max = 0");
      assert.deepEqual(await rowsOf(client, "select count(*) from nation"), [[25n]]);
      await assert.rejects(rowsOf(client, "select count(*) from customer"), { code: "permission_denied" });
    } finally {
      await client.close();
    }
    const changed = `${token.slice(0, -4)}AAAA`;
    await assert.rejects(FlightSqlClient.connect(cluster.url, { ...certificate(), token: changed }), {
      code: "unauthenticated",
    });
  });

  it("reads nothing for a ticket that the cluster did not sign, or changed after it did, at any node", async () => {
    const client = await as("ada");
    const tls = certificate().tls!;
    try {
      await client.update("set small_query_bytes_max = 0");
      const { info } = await client.query("select * from customer");
      const token = await loginToken(cluster.url, tls, "ada", passwords.ada);
      const { location, ticket } = info.endpoint[0]!;
      const changed = Buffer.from(ticket!.ticket);
      changed[20]! ^= 1;
      const forged = encodeResultTicket({ jobId: "a", stageId: 0, task: 0, attempt: 0, partition: 0, executorId: "b" });
      for (const uri of [cluster.url, location[0]!.uri]) {
        const { host, port } = parseFlightUrl(uri);
        const connection = new FlightConnection(host, port, tls);
        const read = (bytes: Uint8Array, headers: Record<string, string>): Promise<unknown> => {
          const raw = { ...flightMethods.DoGet, responseDeserialize: (answer: Buffer) => answer };
          const request = encodeProto("arrow.flight.protocol.Ticket", { ticket: bytes });
          return connection.collect(raw, request, { headers, timeoutMs: 10_000 });
        };
        try {
          for (const bytes of [changed, forged]) {
            await assert.rejects(read(bytes, { authorization: token }), (error: EngineError) =>
              ["unauthenticated", "invalid_argument"].includes(error.code),
            );
          }
          await assert.rejects(read(ticket!.ticket, {}), { code: "unauthenticated" });
        } finally {
          connection.close();
        }
      }
    } finally {
      await client.close();
    }
  });

  it("takes no executor without the secret, or with another", async () => {
    const scheduler = cluster.url.replace(/^.*\/\//, "");
    const tls = ["--tls-cert", path("node.pem"), "--tls-key", path("node.key"), "--tls-ca", path("ca.pem")];
    for (const secret of [[], ["--secret-file", path("other-secret")]]) {
      const args = ["executor", "--port", "0", "--work-dir", path("work"), "--scheduler", scheduler, ...tls, ...secret];
      const { status, stderr } = await run([...args, "--slots", "1", "--memory", "300MB"]);
      assert.notEqual(status, 0);
      assert.match(stderr, /only nodes with the cluster's secret may join|the token's signature is wrong/);
    }
  });

  it("writes no secret into its logs", () => {
    for (const { logFile } of cluster.processes) {
      const log = readFileSync(logFile, "utf8");
      for (const secret of [...Object.values(passwords), "the secret of this cluster", "onager1.", "Basic "])
        assert.ok(!log.includes(secret), `${logFile} has ${secret}`);
    }
  });
});

/** A certificate authority, a node's certificate for 127.0.0.1, and a client's. */
function makeCertificates(folder: string): void {
  const openssl = (args: string): void => {
    execFileSync("openssl", args.split(" "), { cwd: folder, stdio: "ignore" });
  };
  const key = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes";
  openssl(`req -x509 ${key} -days 2 -subj /CN=authority -keyout ca.key -out ca.pem`);
  writeFileSync(join(folder, "node.ext"), "subjectAltName=IP:127.0.0.1,DNS:localhost\n");
  for (const name of ["node", "client"]) {
    openssl(`req ${key} -subj /CN=${name} -keyout ${name}.key -out ${name}.csr`);
    const extensions = name === "node" ? " -extfile node.ext" : "";
    openssl(`x509 -req -in ${name}.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -out ${name}.pem${extensions}`);
  }
}

async function loginToken(url: string, tls: ClientTls, user: string, password: string): Promise<string> {
  const { host, port } = parseFlightUrl(url);
  const connection = new FlightConnection(host, port, tls);
  try {
    const authorization = `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;
    const { headers } = await connection.exchange(flightMethods.Handshake, [], { headers: { authorization } });
    return headers["authorization"]!;
  } finally {
    connection.close();
  }
}

async function run(args: readonly string[]): Promise<{ status: number | null; stderr: string }> {
  const child = spawn(process.execPath, [program, ...args], { stdio: ["ignore", "ignore", "pipe"] });
  let stderr = "";
  // Refused for good is fatal; an executor that went on trying would be a fault that this ends.
  const timer = setTimeout(() => child.kill("SIGTERM"), 15_000);
  child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
  const status = await new Promise<number | null>((resolve) => child.on("close", resolve));
  clearTimeout(timer);
  return { status, stderr };
}
