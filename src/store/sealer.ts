/** Seals secrets at rest (design: "Storage"): AES-256-GCM, bound to where the value stands. */
export interface Sealer {
  readonly keyId: string;
  /** Whether it has the key that something was sealed under. */
  knows(keyId: string): boolean;
  seal(plain: string, place: SealedPlace): Uint8Array<ArrayBuffer>;
  /** @throws when the value was sealed under an unknown key or for another place. */
  open(sealed: Uint8Array, keyId: string, place: SealedPlace): string;
}

/** The additional data of a sealed value, so that rows cannot be swapped. */
export interface SealedPlace {
  readonly space: string;
  readonly owner: string;
  readonly keyName: string;
}
