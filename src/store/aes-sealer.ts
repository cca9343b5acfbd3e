import { createCipheriv, createDecipheriv, createHash, randomBytes } from "node:crypto";
import type { SealedPlace, Sealer } from "./sealer.ts";

const ALGORITHM = "aes-256-gcm";
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/**
 * Seals with AES-256-GCM under the master key. Values sealed under another key can still be opened where `otherKeys`
 * has it, which is asked again whenever a value names a key that is not known yet; what is sealed from now on carries
 * the id of the master key, so a key is changed by sealing everything again.
 *
 * A sealed value is nonce, tag and ciphertext in one. The nonce is random: 2^32 values under one key are safe.
 */
export function createSealer(masterKey: Buffer, otherKeys: () => readonly Buffer[] = () => []): Sealer {
  const keyId = idOf(masterKey);
  const keys = new Map([[keyId, masterKey]]);
  const keyOf = (id: string) => {
    if (!keys.has(id)) for (const key of otherKeys()) keys.set(idOf(key), key);
    return keys.get(id);
  };
  return {
    keyId,
    knows: (id) => keyOf(id) !== undefined,
    seal: (plain, place) => seal(masterKey, plain, place),
    open: (sealed, sealedUnder, place) => {
      const key = keyOf(sealedUnder);
      if (!key) throw new Error(`Secret "${place.keyName}" was sealed under a master key this gateway does not have`);
      return open(key, sealed, place);
    },
  };
}

function seal(key: Buffer, plain: string, place: SealedPlace): Uint8Array<ArrayBuffer> {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(ALGORITHM, key, nonce, { authTagLength: TAG_BYTES });
  cipher.setAAD(placeBytes(place));
  const encrypted = [cipher.update(plain, "utf8"), cipher.final()];
  return new Uint8Array(Buffer.concat([nonce, cipher.getAuthTag(), ...encrypted]));
}

function open(key: Buffer, sealed: Uint8Array, place: SealedPlace): string {
  const nonce = sealed.subarray(0, NONCE_BYTES);
  const tag = sealed.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES);
  try {
    const decipher = createDecipheriv(ALGORITHM, key, nonce, { authTagLength: TAG_BYTES });
    decipher.setAAD(placeBytes(place)).setAuthTag(tag);
    const plain = [decipher.update(sealed.subarray(NONCE_BYTES + TAG_BYTES)), decipher.final()];
    return Buffer.concat(plain).toString("utf8");
  } catch (error) {
    throw new Error(`Secret "${place.keyName}" was changed, or sealed for another place`, { cause: error });
  }
}

/** As JSON, so that no name can reach over into its neighbour: ["a","b:c"] is not ["a:b","c"]. */
const placeBytes = ({ space, owner, keyName }: SealedPlace) => Buffer.from(JSON.stringify([space, owner, keyName]));

/** Enough of a hash to tell keys apart, and too little to be of use to anybody else. */
const idOf = (key: Buffer) =>
  createHash("sha256").update("raworc master key id").update(key).digest("hex").slice(0, 16);
