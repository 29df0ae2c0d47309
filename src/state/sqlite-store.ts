import { DatabaseSync, type StatementSync } from "node:sqlite";
import { EngineError } from "../common/engine-error.ts";
import type { RecordKind, StateStore, StateWrite } from "./state-store.ts";

/**
 * One SQLite file, the default of a single scheduler. Writes are synchronous: with the write-ahead log a commit takes
 * well below a millisecond, less than a turn through another thread.
 */
export class SqliteStore implements StateStore {
  readonly #database: DatabaseSync;
  readonly #put: StatementSync;
  readonly #delete: StatementSync;
  readonly #load: StatementSync;

  constructor(path: string) {
    try {
      this.#database = new DatabaseSync(path);
      this.#database.exec(`
        pragma journal_mode = wal;
        pragma synchronous = normal;
        pragma busy_timeout = 2000;
        create table if not exists record (kind text not null, key text not null, value blob not null, primary key (kind, key)) without rowid;
      `);
    } catch (error) {
      throw new EngineError(
        "io_error",
        `cannot open the state file ${path}: ${(error as Error).message}`,
        { file: path },
        error,
      );
    }
    this.#put = this.#database.prepare(
      "insert into record (kind, key, value) values (?, ?, ?) on conflict do update set value = excluded.value",
    );
    this.#delete = this.#database.prepare("delete from record where kind = ? and key = ?");
    this.#load = this.#database.prepare("select key, value from record where kind = ? order by key");
  }

  async load(kind: RecordKind): Promise<{ key: string; value: Uint8Array }[]> {
    return this.#load.all(kind).map((row) => ({ key: row["key"] as string, value: row["value"] as Uint8Array }));
  }

  write(writes: readonly StateWrite[]): void {
    if (writes.length === 1) return this.#apply(writes[0]!);
    this.#database.exec("begin immediate");
    try {
      for (const write of writes) this.#apply(write);
      this.#database.exec("commit");
    } catch (error) {
      this.#database.exec("rollback");
      throw error;
    }
  }

  async close(): Promise<void> {
    this.#database.close();
  }

  #apply(write: StateWrite): void {
    if (write.value === null) this.#delete.run(write.kind, write.key);
    else this.#put.run(write.kind, write.key, write.value);
  }
}
