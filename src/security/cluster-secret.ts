import { createHmac, hkdfSync, randomBytes, timingSafeEqual } from "node:crypto";
import { readFileSync } from "node:fs";
import { EngineError } from "../common/engine-error.ts";

/** What a signature is for: one made for one purpose proves nothing for another. */
export type SigningPurpose = "login token" | "ticket" | "node token";

const secretBytesMin = 16;

/** The secret that the nodes of a cluster share. Never printed; only its signatures leave the process. */
export class ClusterSecret {
  readonly #keys: Readonly<Record<SigningPurpose, Buffer>>;

  constructor(secret: Uint8Array) {
    const key = (purpose: SigningPurpose): Buffer =>
      Buffer.from(hkdfSync("sha256", secret, "", `onager ${purpose}`, 32));
    this.#keys = { "login token": key("login token"), ticket: key("ticket"), "node token": key("node token") };
  }

  /** Reads a file of at least 16 bytes; line ends at its end do not count. */
  static fromFile(path: string): ClusterSecret {
    let bytes: Buffer;
    try {
      bytes = readFileSync(path);
    } catch (error) {
      throw new EngineError("undefined_file", `cannot read the secret file ${path}: ${(error as Error).message}`);
    }
    let end = bytes.byteLength;
    while (end > 0 && (bytes[end - 1] === 10 || bytes[end - 1] === 13)) end--;
    if (end < secretBytesMin)
      throw new EngineError("invalid_argument", `the secret in ${path} must have ${secretBytesMin} bytes or more`);
    return new ClusterSecret(bytes.subarray(0, end));
  }

  /** For a process that shares nothing with others. */
  static random(): ClusterSecret {
    return new ClusterSecret(randomBytes(32));
  }

  sign(purpose: SigningPurpose, payload: Uint8Array): Buffer {
    return createHmac("sha256", this.#keys[purpose]).update(payload).digest();
  }

  verify(purpose: SigningPurpose, payload: Uint8Array, signature: Uint8Array): boolean {
    const expected = this.sign(purpose, payload);
    return signature.byteLength === expected.byteLength && timingSafeEqual(signature, expected);
  }
}
