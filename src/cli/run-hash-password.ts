import { EngineError } from "../common/engine-error.ts";
import { hashPassword } from "../security/password-hash.ts";

/** Prints the hash of the password on standard input, for a users file. */
export async function runHashPassword(): Promise<void> {
  let text = "";
  process.stdin.setEncoding("utf8");
  if (process.stdin.isTTY) process.stderr.write("Password, then Enter and Ctrl-D: ");
  for await (const chunk of process.stdin) text += String(chunk);
  const password = text.replace(/\r?\n$/, "");
  if (password === "") throw new EngineError("invalid_argument", "the password is empty; give it on standard input");
  process.stdout.write(`${await hashPassword(password)}\n`);
}
