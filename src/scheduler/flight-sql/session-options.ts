import { unreachable } from "../../common/assert.ts";
import { EngineError } from "../../common/engine-error.ts";
import { decodeProto, encodeProto } from "../../flight/proto-codec.ts";
import {
  SetSessionOptionsResultErrorValue,
  type SessionOptionValue,
  type SetSessionOptionsResultError,
} from "../../gen/protos.ts";
import type { Session } from "../query-service.ts";
import { setSetting, settingNamed, settings, settingText } from "../session-settings.ts";
import { catalogName, schemaName } from "../../catalog/table.ts";

const packageName = "arrow.flight.protocol.";

/** The options that drivers set by themselves; there is one value for each. */
const fixedOptions: Readonly<Record<string, string>> = { catalog: catalogName, schema: schemaName };

/** Answers SetSessionOptions: options that are wrong are told one by one, the others are set. */
export function setSessionOptions(body: Uint8Array, session: Session): Buffer {
  const { sessionOptions } = decodeProto(`${packageName}SetSessionOptionsRequest`, body);
  const errors: Record<string, SetSessionOptionsResultError> = {};
  for (const [name, value] of Object.entries(sessionOptions)) {
    const error = setOption(session, name, textOf(value));
    if (error !== null) errors[name] = { value: error };
  }
  return encodeProto(`${packageName}SetSessionOptionsResult`, { errors });
}

/** Answers GetSessionOptions: every setting, also those at their default. */
export function getSessionOptions(session: Session): Buffer {
  const sessionOptions: Record<string, SessionOptionValue> = {};
  for (const [name, value] of Object.entries(fixedOptions)) sessionOptions[name] = { stringValue: value };
  for (const name of Object.keys(settings).map(settingNamed))
    sessionOptions[name] = { stringValue: settingText(session, name) };
  return encodeProto(`${packageName}GetSessionOptionsResult`, { sessionOptions });
}

/** An option without a value is one to be erased. */
function setOption(session: Session, name: string, value: string | null): number | null {
  const fixed = Object.hasOwn(fixedOptions, name) ? fixedOptions[name] : undefined;
  if (fixed !== undefined)
    return value === null || value === "" || value === fixed ? null : SetSessionOptionsResultErrorValue.INVALID_VALUE;
  if (!Object.hasOwn(settings, name)) return SetSessionOptionsResultErrorValue.INVALID_NAME;
  if (value === null) {
    session.settings.delete(name);
    return null;
  }
  try {
    setSetting(session, name, value);
    return null;
  } catch (thrown) {
    if (thrown instanceof EngineError) return SetSessionOptionsResultErrorValue.INVALID_VALUE;
    throw thrown;
  }
}

function textOf(value: SessionOptionValue): string | null {
  const [kind] = Object.keys(value) as (keyof SessionOptionValue)[];
  switch (kind) {
    case undefined:
      return null;
    case "stringListValue":
      return (value.stringListValue?.values ?? []).join(",");
    case "stringValue":
    case "boolValue":
    case "int64Value":
    case "doubleValue":
      return String(value[kind]);
    default:
      return unreachable(kind, "option");
  }
}
