import { EngineError } from "../common/engine-error.ts";
import { nearestNames } from "../common/nearest-name.ts";
import type { Session } from "./query-service.ts";

type Setting<T> = { readonly description: string; readonly defaultText: string; readonly parse: (text: string) => T };

/** Every session setting: SET name = value, SHOW name, and Flight SQL's SetSessionOptions go by this table. */
export const settings = {
  statement_timeout: duration("longest run of a statement, in milliseconds unless it has a unit; 0 = no limit", "0"),
  runtime_filters: onOrOff(
    "whether stages that end give filters (bounds, short lists of keys, Bloom filters) to the scans that start after them",
    "on",
  ),
  target_partitions: wholeNumber(
    "tasks of a stage that reads a hash exchange; 0 = chosen from the number of bytes",
    "0",
  ),
  broadcast_bytes_max: wholeNumber(
    "largest build side, in bytes, that is sent to all tasks instead of partitioning both sides",
    "16777216",
  ),
  small_query_bytes_max: wholeNumber(
    "queries that read no more bytes than this run as one task without an exchange",
    "4194304",
  ),
  recursion_max: wholeNumber("rounds that a recursive query may take before it ends with an error", "10000"),
  retry_policy: oneOf(
    "what is done when tasks fail for a passing reason or executors are lost: none = the query fails, stage = what was lost is made again, query = as stage, and all of the query when that failed too often",
    ["stage", "none", "query"],
  ),
  disabled_rules: nameList("optimiser rules to leave out, by name, separated by commas (for finding faults)", ""),
} as const;

export type SettingName = keyof typeof settings;
export type SettingValue<Name extends SettingName> = ReturnType<(typeof settings)[Name]["parse"]>;

export function settingNamed(name: string): SettingName {
  if (Object.hasOwn(settings, name)) return name as SettingName;
  const near = nearestNames(name, Object.keys(settings));
  const hint =
    near.length > 0 ? `perhaps you meant ${near.join(" or ")}` : `settings are ${Object.keys(settings).join(", ")}`;
  throw new EngineError("undefined_object", `unrecognized setting "${name}"`, { hint });
}

/** null resets. The value is checked here, so that reading it later cannot fail. */
export function setSetting(session: Session, name: string, text: string | null): void {
  const known = settingNamed(name);
  if (text === null) {
    session.settings.delete(known);
    return;
  }
  settings[known].parse(text);
  session.settings.set(known, text);
}

export function settingText(session: Session, name: SettingName): string {
  return session.settings.get(name) ?? settings[name].defaultText;
}

export function settingOf<Name extends SettingName>(session: Session, name: Name): SettingValue<Name> {
  return settings[name].parse(settingText(session, name)) as SettingValue<Name>;
}

function wholeNumber(description: string, defaultText: string): Setting<number> {
  const parse = (text: string): number => {
    if (!/^\d{1,15}$/.test(text)) throw new EngineError("invalid_parameter_value", `"${text}" is no whole number`);
    return Number(text);
  };
  return { description, defaultText, parse };
}

function duration(description: string, defaultText: string): Setting<number> {
  const factors: Readonly<Record<string, number>> = { "": 1, ms: 1, s: 1000, min: 60_000, h: 3_600_000 };
  const parse = (text: string): number => {
    const match = /^(\d{1,12})\s*([a-z]*)$/.exec(text);
    const factor = match === null ? undefined : factors[match[2]!];
    if (factor === undefined)
      throw new EngineError("invalid_parameter_value", `"${text}" is no duration; write it like 500ms, 30s or 2min`);
    return Number(match![1]) * factor;
  };
  return { description, defaultText, parse };
}

/** The first is the default. */
function oneOf<const Word extends string>(description: string, words: readonly [Word, ...Word[]]): Setting<Word> {
  const parse = (text: string): Word => {
    const word = words.find((one) => one === text.toLowerCase());
    if (word === undefined)
      throw new EngineError("invalid_parameter_value", `"${text}" is none of ${words.join(", ")}`);
    return word;
  };
  return { description, defaultText: words[0], parse };
}

function nameList(description: string, defaultText: string): Setting<ReadonlySet<string>> {
  return {
    description,
    defaultText,
    parse: (text) =>
      new Set(
        text
          .split(",")
          .map((name) => name.trim())
          .filter((name) => name !== ""),
      ),
  };
}

function onOrOff(description: string, defaultText: string): Setting<boolean> {
  const values: Readonly<Record<string, boolean>> = {
    on: true,
    true: true,
    1: true,
    off: false,
    false: false,
    0: false,
  };
  const parse = (text: string): boolean => {
    const value = values[text.toLowerCase()];
    if (value === undefined) throw new EngineError("invalid_parameter_value", `"${text}" is neither on nor off`);
    return value;
  };
  return { description, defaultText, parse };
}
