import { readFileSync } from "node:fs";
import { EngineError } from "../common/engine-error.ts";
import type { Grants } from "./access.ts";
import { parsePasswordHash, type PasswordHash } from "./password-hash.ts";

export type User = { readonly name: string; readonly password: PasswordHash; readonly roles: readonly string[] };

export type UsersFile = {
  readonly users: ReadonlyMap<string, User>;
  readonly roles: ReadonlyMap<string, Grants>;
};

/**
 * Reads `{"users": [{"name", "password", "roles"}], "roles": {NAME: {"read": […], "write": […]}}}`, where `password` is what
 * `onager hash-password` printed. Throws invalid_argument or undefined_file; no message holds what is in the file but names.
 */
export function readUsersFile(path: string): UsersFile {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw new EngineError("undefined_file", `cannot read the users file ${path}: ${(error as Error).message}`);
  }
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch {
    // The parser's own message would quote the file.
    throw new EngineError("invalid_argument", `the users file ${path} is not valid JSON`);
  }
  try {
    return parseUsers(content);
  } catch (error) {
    throw new EngineError("invalid_argument", `users file ${path}: ${EngineError.from(error).message}`);
  }
}

function parseUsers(content: unknown): UsersFile {
  const top = objectOf(content, "the file", ["users", "roles"]);
  const roles = new Map<string, Grants>();
  for (const [name, raw] of Object.entries(objectOf(top["roles"] ?? {}, '"roles"', null))) {
    const grants = objectOf(raw, `role "${name}"`, ["read", "write"]);
    roles.set(name, {
      read: textsOf(grants["read"] ?? [], `role "${name}": "read"`),
      write: textsOf(grants["write"] ?? [], `role "${name}": "write"`),
    });
  }
  const users = new Map<string, User>();
  const list = top["users"] ?? [];
  if (!Array.isArray(list)) throw wrong('"users" must be a list');
  for (const raw of list as unknown[]) {
    const entry = objectOf(raw, "a user", ["name", "password", "roles"]);
    const { name, password } = entry;
    if (typeof name !== "string" || name === "" || name.includes(":"))
      throw wrong("a user's name must be text without colons");
    if (typeof password !== "string") throw wrong(`user "${name}" has no password`);
    if (users.has(name)) throw wrong(`user "${name}" is there twice`);
    users.set(name, {
      name,
      password: parsePasswordHash(password),
      roles: textsOf(entry["roles"] ?? [], `user "${name}": "roles"`),
    });
  }
  return { users, roles };
}

function objectOf(value: unknown, what: string, keys: readonly string[] | null): Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw wrong(`${what} must be an object`);
  const unknown = keys === null ? undefined : Object.keys(value).find((key) => !keys.includes(key));
  if (unknown !== undefined) throw wrong(`${what} has the unknown key "${unknown}"`);
  return value as Readonly<Record<string, unknown>>;
}

function textsOf(value: unknown, what: string): readonly string[] {
  if (!Array.isArray(value) || !value.every((item) => typeof item === "string"))
    throw wrong(`${what} must be a list of texts`);
  return value as readonly string[];
}

function wrong(message: string): EngineError {
  return new EngineError("invalid_argument", message);
}
