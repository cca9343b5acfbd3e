import { badInput } from "../../errors.ts";

const keyPattern = /^[A-Za-z_][A-Za-z0-9_]{0,127}$/;
const largestValueBytes = 64 * 1024;

/** @throws BAD_USER_INPUT unless the key may be the name of an environment variable and the value fits one. */
function checkSecret(field: string, keyName: string, value: string): void {
  checkKey(field, keyName);
  checkValue(field, keyName, value);
}

/** @throws BAD_USER_INPUT unless the key may be the name of an environment variable. */
export function checkKey(field: string, keyName: string): void {
  if (!keyPattern.test(keyName)) {
    throw badInput(field, `Secret key ${JSON.stringify(keyName)} must match ${keyPattern.source}`);
  }
}

/** @throws BAD_USER_INPUT, which does not repeat the value, unless it fits an environment variable. */
export function checkValue(field: string, keyName: string, value: string): void {
  if (value.includes("\0") || !value.isWellFormed()) {
    throw badInput(field, `The value of secret "${keyName}" must not contain NUL or half of a surrogate pair`);
  }
  if (Buffer.byteLength(value) > largestValueBytes) {
    throw badInput(field, `The value of secret "${keyName}" may be ${largestValueBytes} bytes at the most`);
  }
}

/** The secrets of a new owner. @throws BAD_USER_INPUT unless they are an object of good keys and values. */
export function checkSecrets(secrets: unknown): Readonly<Record<string, string>> {
  if (secrets == null) return {};
  const isMap = typeof secrets === "object" && !Array.isArray(secrets);
  if (!isMap) throw badInput("secrets", `"secrets" must be an object of strings`);
  const entries = Object.entries(secrets).map(([key, value]): [string, string] => {
    if (typeof value !== "string") throw badInput("secrets", `The value of secret "${key}" must be a string`);
    checkSecret("secrets", key, value);
    return [key, value];
  });
  return Object.fromEntries(entries);
}
