/**
 * The layer rule: which folder of src/ may import which, and which folder alone may import an outside library. Imports go
 * downward only; src/README.md describes the folders in the same order.
 */
import { dirname, join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";

const sourceRoot = fileURLToPath(new URL("../src", import.meta.url));

const words = (text) => text.split(" ").filter((word) => word !== "");

const allowed = {
  common: [],
  gen: [],
  security: words("common"),
  arrow: words("common"),
  sql: words("common"),
  expr: words("common arrow"),
  catalog: words("common arrow"),
  logical: words("common arrow expr catalog"),
  bind: words("common arrow sql expr catalog logical"),
  optimize: words("common arrow expr catalog logical"),
  physical: words("common arrow expr catalog logical"),
  stage: words("common arrow expr catalog physical"),
  codec: words("common gen arrow expr catalog physical stage"),
  kernel: words("common arrow"),
  compile: words("common arrow expr kernel"),
  shuffle: words("common arrow kernel"),
  operator: words("common arrow expr physical stage kernel compile shuffle"),
  duckdb: words("common arrow expr physical stage kernel operator"),
  flight: words("common gen security arrow stage codec shuffle"),
  state: words("common gen arrow stage codec"),
  scheduler: words(
    "common gen security arrow sql expr catalog logical bind optimize physical stage codec shuffle flight state",
  ),
  executor: words("common gen arrow expr physical stage codec kernel compile shuffle operator duckdb flight"),
};

/** Each outside library has one door, which makes it replaceable. */
const doors = {
  "libpg-query": ["sql"],
  hyparquet: ["catalog"],
  koffi: ["duckdb"],
  "@duckdb/node-api": ["duckdb"],
  "@duckdb/node-bindings": ["duckdb"],
  "@grpc/grpc-js": ["flight"],
  protobufjs: ["flight", "gen"],
  etcd3: ["state"],
  commander: ["cli"],
  jose: ["security"],
  "apache-arrow": ["arrow", "flight"],
};

function layerOf(file) {
  const path = relative(sourceRoot, file);
  return path.startsWith("..") ? undefined : path.split(sep)[0];
}

function packageOf(source) {
  return source
    .split("/")
    .slice(0, source.startsWith("@") ? 2 : 1)
    .join("/");
}

/** Why a file in layer `from` must not import `source`, or undefined when it may. */
function objection(from, file, source) {
  if (!source.startsWith(".")) {
    const door = doors[packageOf(source)];
    return door !== undefined && !door.includes(from) ? `only ${door.join(" and ")}/ may import ${source}` : undefined;
  }
  const to = layerOf(join(dirname(file), source));
  if (to === undefined) return `${from}/ must not import from outside src/`;
  if (to === from || from === "cli") return undefined;
  if (allowed[from] === undefined) return `${from}/ is not a layer: add it to scripts/oxlint-layers.js`;
  return allowed[from].includes(to) ? undefined : `${from}/ must not import ${to}/`;
}

export default {
  meta: { name: "layers" },
  rules: {
    arrows: {
      create(context) {
        const from = layerOf(context.filename);
        if (from === undefined) return {};
        const check = (node) => {
          const source = node.source?.value;
          if (typeof source !== "string") return;
          const message = objection(from, context.filename, source);
          if (message !== undefined) context.report({ node, message });
        };
        return {
          ImportDeclaration: check,
          ExportNamedDeclaration: check,
          ExportAllDeclaration: check,
          ImportExpression: check,
        };
      },
    },
  },
};
