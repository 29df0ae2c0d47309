import { createRequire } from "node:module";
import type * as libpg from "libpg-query";
import { EngineError } from "../common/engine-error.ts";

type Parser = typeof libpg;

let parser: Parser | null = null;
let loading: Promise<void> | null = null;
const require = createRequire(import.meta.url);

/** Makes PostgreSQL's parser ready (about 20 ms, once); must have resolved before the first `parse`. */
export function loadParser(): Promise<void> {
  return (loading ??= load());
}

async function load(): Promise<void> {
  const loaded = require("libpg-query") as Parser;
  await loaded.loadModule();
  parser = loaded;
}

/** A syntax error as the parser reports it; `position` counts code points from 0. */
export type ParserFailure = { readonly message: string; readonly position: number };

/** PostgreSQL's raw parse tree of one statement. Locations in it are UTF-8 byte offsets. */
export function parseTree(sql: string): libpg.ParseResult | ParserFailure {
  if (parser === null) throw new EngineError("unavailable", "the SQL parser is not ready");
  try {
    return parser.parseSync(sql);
  } catch (thrown) {
    if (parser.hasSqlDetails(thrown)) {
      const details = thrown.sqlDetails;
      if (details !== undefined) return { message: details.message, position: details.cursorPosition };
    }
    // The module trapped (stack or memory): its state is lost, so later statements get a new one.
    parser = null;
    delete require.cache[require.resolve("libpg-query")];
    loading = load();
    loading.catch(() => {});
    throw new EngineError("feature_not_supported", "statement is too complex to parse", {}, thrown);
  }
}
