import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { accessOf } from "../../src/security/access.ts";
import { Authenticator } from "../../src/security/authenticator.ts";
import { ClusterSecret } from "../../src/security/cluster-secret.ts";
import { JwtVerifier } from "../../src/security/jwt-verifier.ts";
import { NodeCredentials, assertNode } from "../../src/security/node-credentials.ts";
import { hashPassword, parsePasswordHash, verifyPassword } from "../../src/security/password-hash.ts";
import { signToken, verifyToken } from "../../src/security/signed-token.ts";
import { readUsersFile } from "../../src/security/users-file.ts";

const refused = { name: "EngineError", code: "unauthenticated" };
const basic = (user: string, password: string): string =>
  `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;

describe("passwords and tokens", () => {
  let folder: string;
  let hash: string;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "onager-security-"));
    hash = await hashPassword("geheim:ü");
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  const usersFile = (content: unknown): string => {
    const path = join(folder, "users.json");
    writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content));
    return path;
  };
  const usersOf = (now?: () => number): Authenticator => {
    const users = readUsersFile(
      usersFile({
        users: [{ name: "ada", password: hash, roles: ["sales"] }],
        roles: { sales: { read: ["sales_*", "public.region"], write: ["tmp_*"] } },
      }),
    );
    const secret = ClusterSecret.random();
    return new Authenticator({ secret, users, jwt: null, ...(now === undefined ? {} : { now }) });
  };

  it("a hash matches its password only", async () => {
    const parsed = parsePasswordHash(hash);
    assert.equal(await verifyPassword("geheim:ü", parsed), true);
    assert.equal(await verifyPassword("geheim:u", parsed), false);
    assert.equal(await verifyPassword("", parsed), false);
    assert.notEqual(hash, await hashPassword("geheim:ü"));
    for (const text of ["", "geheim", "$scrypt$ln=30,r=8,p=1$AAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAA"])
      assert.throws(() => parsePasswordHash(text), { code: "invalid_argument" });
  });

  it("a handshake gives a token that carries the user and the roles", async () => {
    const authenticator = usersOf();
    const header = await authenticator.login(basic("ada", "geheim:ü"), "127.0.0.1:1");
    assert.match(header, /^Bearer onager1\./);
    // Some clients leave out the padding, and send the password with every call.
    const unpadded = basic("ada", "geheim:ü").replace(/=+$/, "");
    for (const given of [header, unpadded]) {
      const { name, access, isNode } = await authenticator.authenticate(given, "127.0.0.1:2");
      assert.deepEqual([name, isNode], ["ada", false]);
      assert.deepEqual(
        ["sales_2020", "region", "regions", "tmp_x", "nation"].map((table) => access.canRead(table)),
        [true, true, false, false, false],
      );
      assert.deepEqual([access.canWrite("tmp_x"), access.canWrite("sales_2020")], [true, false]);
    }
    assert.equal(await authenticator.login(header, "127.0.0.1:2"), header);
  });

  it("refuses what proves nothing, without saying which part was wrong", async () => {
    const authenticator = usersOf();
    const message = "user name or password is wrong";
    await assert.rejects(authenticator.login(basic("ada", "wrong"), "a:1"), { ...refused, message });
    await assert.rejects(authenticator.login(basic("bob", "geheim:ü"), "a:1"), { ...refused, message });
    for (const header of [undefined, "", "Bearer", "Bearer x.y.z", "Bearer onager1.e30.AAAA", "Digest x", "Basic !!"])
      await assert.rejects(authenticator.authenticate(header, "a:1"), refused, String(header));
  });

  it("slows down guessing from one address, not the user elsewhere", async () => {
    let now = 1_000_000;
    const authenticator = usersOf(() => now);
    const guesses = Array.from({ length: 12 }, (_, guess) =>
      authenticator.login(basic("ada", `guess ${guess}`), "10.0.0.1:1").catch((error: Error) => error.message),
    );
    const messages = await Promise.all(guesses);
    assert.equal(messages.filter((message) => /wrong/.test(message)).length, 5);
    assert.equal(messages.filter((message) => /too many failed logins: try again in 60 s/.test(message)).length, 7);
    await assert.rejects(authenticator.login(basic("ada", "geheim:ü"), "10.0.0.1:2"), /too many failed logins/);
    assert.match(await authenticator.login(basic("ada", "geheim:ü"), "10.0.0.2:1"), /^Bearer /);
    now += 61_000;
    assert.match(await authenticator.login(basic("ada", "geheim:ü"), "10.0.0.1:3"), /^Bearer /);
  });

  it("many right logins at once are no guesses", async () => {
    const authenticator = usersOf();
    const logins = Array.from({ length: 100 }, () => authenticator.login(basic("ada", "geheim:ü"), "10.0.0.1:1"));
    assert.equal(new Set(await Promise.all(logins)).size, 100);
  });

  it("a token is refused when it has expired, was changed, or was made for something or somebody else", () => {
    const secret = ClusterSecret.random();
    const token = signToken(secret, "login token", { subject: "ada", roles: ["reader"], expiresMs: 1000 });
    assert.deepEqual(verifyToken(secret, "login token", token, 999), {
      subject: "ada",
      roles: ["reader"],
      expiresMs: 1000,
    });
    assert.throws(() => verifyToken(secret, "login token", token, 1000), refused);
    assert.throws(() => verifyToken(secret, "node token", token, 1), refused);
    assert.throws(() => verifyToken(ClusterSecret.random(), "login token", token, 1), refused);
    const [prefix, , signature] = token.split(".");
    const forged = Buffer.from(JSON.stringify({ sub: "ada", roles: ["admin"], exp: 9e15 })).toString("base64url");
    assert.throws(() => verifyToken(secret, "login token", `${prefix}.${forged}.${signature}`, 1), refused);
  });

  it("only nodes with the secret may join", () => {
    const secret = new ClusterSecret(Buffer.from("a secret of the cluster"));
    assertNode(secret, new NodeCredentials(secret, "n").authorization());
    assert.throws(() => assertNode(secret, undefined), refused);
    assert.throws(() => assertNode(secret, new NodeCredentials(ClusterSecret.random(), "n").authorization()), refused);
    const login = signToken(secret, "login token", { subject: "ada", roles: ["admin"], expiresMs: 9e15 });
    assert.throws(() => assertNode(secret, `Bearer ${login}`), refused);
  });

  it("a short secret and a wrong users file are told at the start, without what is in them", () => {
    const path = join(folder, "secret");
    writeFileSync(path, "hunter2\n");
    assert.throws(() => ClusterSecret.fromFile(path), { code: "invalid_argument", message: /16 bytes/ });
    const cases: readonly [unknown, RegExp][] = [
      ["{ hunter2", /not valid JSON$/],
      [{ users: [{ name: "ada", password: "hunter2" }] }, /no scrypt hash/],
      [{ users: [{ name: "a:b", password: hash }] }, /without colons/],
      [{ users: [{ name: "a", password: hash, admin: true }] }, /unknown key "admin"/],
      [{ roles: { r: { read: "x" } } }, /"read" must be a list/],
    ];
    for (const [content, message] of cases) {
      assert.throws(
        () => readUsersFile(usersFile(content)),
        (error: Error) => message.test(error.message) && !error.message.includes("hunter2"),
      );
    }
  });

  it("roles add up, and unknown ones allow nothing", () => {
    const roles = new Map([["a+b", { read: ["x.y"], write: [] }]]);
    assert.equal(accessOf(["a+b"], roles).canRead("x.y"), true);
    assert.equal(accessOf(["a+b"], roles).canRead("xzy"), false);
    assert.equal(accessOf(["nobody"], roles).canRead("x.y"), false);
    assert.equal(accessOf(["toString"], roles).canRead("x.y"), false);
    assert.equal(accessOf(["a+b", "reader"], roles).canRead("other"), true);
    assert.equal(accessOf(["reader"], roles).canWrite("other"), false);
    assert.equal(accessOf(["admin"], roles).canWrite("other"), true);
  });
});

describe("tokens of an identity provider", () => {
  let folder: string;
  let server: Server;
  let fetches = 0;
  let privateKey: CryptoKey;
  let strangersKey: CryptoKey;
  let jwks: string;

  before(async () => {
    const pair = await generateKeyPair("ES256", { extractable: true });
    privateKey = pair.privateKey;
    strangersKey = (await generateKeyPair("ES256")).privateKey;
    jwks = JSON.stringify({ keys: [{ ...(await exportJWK(pair.publicKey)), kid: "k1", alg: "ES256" }] });
    folder = mkdtempSync(join(tmpdir(), "onager-jwt-"));
    writeFileSync(join(folder, "jwks.json"), jwks);
    server = createServer((_, response) => {
      fetches++;
      response.end(jwks);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  });
  after(() => {
    server.close();
    rmSync(folder, { recursive: true, force: true });
  });

  type Claims = { iss?: string; aud?: string; exp?: string | number; sub?: string; roles?: unknown };
  const tokenOf = (claims: Claims = {}, key = privateKey): Promise<string> => {
    const { iss = "https://id.example", aud = "onager", exp = "5m", sub = "ada", roles = ["reader"] } = claims;
    const jwt = new SignJWT({ roles }).setProtectedHeader({ alg: "ES256", kid: "k1" });
    return jwt.setIssuer(iss).setAudience(aud).setExpirationTime(exp).setSubject(sub).sign(key);
  };
  const authenticatorWith = (keys: string): Authenticator => {
    const jwt = new JwtVerifier({ issuer: "https://id.example", audience: "onager", jwks: keys });
    return new Authenticator({ secret: ClusterSecret.random(), users: null, jwt });
  };

  it("prove who calls, by keys from a file or a URL", async () => {
    const { port } = server.address() as AddressInfo;
    for (const keys of [join(folder, "jwks.json"), `http://127.0.0.1:${port}/jwks`]) {
      const authenticator = authenticatorWith(keys);
      for (let call = 0; call < 3; call++) {
        const { name, access } = await authenticator.authenticate(`Bearer ${await tokenOf()}`, "a:1");
        assert.deepEqual([name, access.canRead("x"), access.canWrite("x")], ["ada", true, false]);
      }
      const both = await authenticator.authenticate(`Bearer ${await tokenOf({ roles: "other admin" })}`, "a:1");
      assert.equal(both.access.canWrite("x"), true);
    }
    assert.equal(fetches, 1);
  });

  it("are refused from others, for others, or too late", async () => {
    const authenticator = authenticatorWith(join(folder, "jwks.json"));
    const past = Math.floor(Date.now() / 1000) - 120;
    const none = `${Buffer.from('{"alg":"none"}').toString("base64url")}.${(await tokenOf()).split(".")[1]}.`;
    const tokens = [
      await tokenOf({ iss: "https://evil.example" }),
      await tokenOf({ aud: "other" }),
      await tokenOf({ exp: past }),
      await tokenOf({}, strangersKey),
      none,
      "a.b.c",
    ];
    for (const token of tokens) {
      await assert.rejects(authenticator.authenticate(`Bearer ${token}`, "a:1"), (error: Error) => {
        assert.equal((error as Error & { code: string }).code, "unauthenticated");
        assert.ok(!error.message.includes(token));
        return true;
      });
    }
  });

  it("wait for keys that cannot be fetched", async () => {
    const authenticator = authenticatorWith("http://127.0.0.1:9/jwks");
    await assert.rejects(authenticator.authenticate(`Bearer ${await tokenOf()}`, "a:1"), { code: "unavailable" });
  });
});
