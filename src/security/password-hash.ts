import { randomBytes, scrypt, timingSafeEqual } from "node:crypto";
import { EngineError } from "../common/engine-error.ts";

/** Cost of new hashes: 32 MiB of memory and about 80 ms. */
const cost = { logN: 15, r: 8, p: 1 } as const;
const keyBytes = 32;
const saltBytes = 16;
/** A users file may ask for no more, so that a login cannot take the node's memory. */
const memoryBytesMax = 256 * 1024 * 1024;

/** A parsed hash: `$scrypt$ln=15,r=8,p=1$SALT$KEY`, salt and key in base64 without padding. */
export type PasswordHash = {
  readonly logN: number;
  readonly r: number;
  readonly p: number;
  readonly salt: Buffer;
  readonly key: Buffer;
};

export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(saltBytes);
  const key = await derive(password, { ...cost, salt, key: Buffer.alloc(keyBytes) });
  return `$scrypt$ln=${cost.logN},r=${cost.r},p=${cost.p}$${encode(salt)}$${encode(key)}`;
}

/** Throws invalid_argument, without the hash in its text. */
export function parsePasswordHash(text: string): PasswordHash {
  const match = /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,3}),p=(\d{1,2})\$([A-Za-z0-9+/]{8,})\$([A-Za-z0-9+/]{22,})$/.exec(
    text,
  );
  const [logN, r, p] = (match?.slice(1, 4) ?? []).map(Number);
  if (match === null || logN === undefined || r === undefined || p === undefined || logN < 1 || r < 1 || p < 1) {
    throw new EngineError("invalid_argument", "a password is no scrypt hash; make one with `onager hash-password`");
  }
  if (128 * 2 ** logN * r > memoryBytesMax)
    throw new EngineError("invalid_argument", "a password hash asks for more than 256 MiB of memory");
  return { logN, r, p, salt: Buffer.from(match[4]!, "base64"), key: Buffer.from(match[5]!, "base64") };
}

export async function verifyPassword(password: string, hash: PasswordHash): Promise<boolean> {
  return timingSafeEqual(await derive(password, hash), hash.key);
}

/** Costs as much as a real one and matches no password: unknown users take as long as known ones. */
export const noOnesHash: PasswordHash = { ...cost, salt: randomBytes(saltBytes), key: randomBytes(keyBytes) };

function derive(password: string, { logN, r, p, salt, key }: PasswordHash): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    // Compositions of one letter must not make two passwords of one.
    scrypt(
      password.normalize("NFC"),
      salt,
      key.byteLength,
      { N: 2 ** logN, r, p, maxmem: 2 * memoryBytesMax },
      (error, derived) => (error === null ? resolve(derived) : reject(error)),
    );
  });
}

function encode(bytes: Buffer): string {
  return bytes.toString("base64").replace(/=+$/, "");
}
