import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silentLogger } from "../../src/common/logger.ts";
import { openWorkFolder, removeWorkFolder } from "../../src/executor/work-folder.ts";

describe("work folders of executors", () => {
  const parent = mkdtempSync(join(tmpdir(), "onager-test-"));
  after(() => rmSync(parent, { recursive: true }));
  const owned = (name: string, owner: object): string => {
    const folder = join(parent, name);
    mkdirSync(folder);
    writeFileSync(join(folder, "owner.json"), JSON.stringify(owner));
    writeFileSync(join(folder, "1.shuffle"), "rows");
    return folder;
  };

  it("of processes that died are removed, all others stay", () => {
    const mine = openWorkFolder(parent, silentLogger);
    const own = JSON.parse(readFileSync(join(mine, "owner.json"), "utf8")) as { host: string; pid: number };
    const dead = owned("executor-dead", { ...own, pid: 2 ** 22 + 1 });
    const reused = owned("executor-reused", { ...own, startTime: "1" });
    const elsewhere = owned("executor-elsewhere", { ...own, host: "another-machine", pid: 2 ** 22 + 1 });
    const others = owned("something-else", {});
    const starting = join(parent, "executor-starting");
    mkdirSync(starting);
    const ownerless = join(parent, "executor-ownerless");
    mkdirSync(ownerless);
    utimesSync(ownerless, new Date(0), new Date(0));
    const second = openWorkFolder(parent, silentLogger);
    for (const folder of [dead, reused, ownerless]) assert.ok(!existsSync(folder), folder);
    for (const folder of [mine, second, elsewhere, others, starting]) assert.ok(existsSync(folder), folder);
    removeWorkFolder(mine);
    assert.ok(!existsSync(mine));
  });
});
