import { readFileSync } from "node:fs";

type Manifest = { readonly version: string };

/** The package's version; package.json lies above src/ and dist/ alike. */
export const version = (JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as Manifest)
  .version;
