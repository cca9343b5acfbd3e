import type { Gateway } from "../gateway.ts";
import { createAccessCache } from "./access.ts";
import { type Authenticator, createAuthenticator } from "./authenticate.ts";
import { createPasswords, type Passwords } from "./passwords.ts";
import { createRateLimits, type RateLimits } from "./rate-limits.ts";
import { createTokens, type Tokens } from "./tokens.ts";

/** All that deals with who is calling; one per process. */
export interface Auth extends Authenticator {
  readonly tokens: Tokens;
  readonly passwords: Passwords;
  readonly limits: RateLimits;
  /** Stops listening to the tail. */
  close(): void;
}

/** Makes the parts of authentication over one gateway; `jwtSecret` signs, the configured previous one still verifies. */
export function createAuth(gateway: Omit<Gateway, "actor">, jwtSecret: string): Auth {
  const { config, now, newId } = gateway;
  const tokens = createTokens({ secret: jwtSecret, previousSecret: config.previousJwtSecret, now, newId });
  const access = createAccessCache(gateway);
  return {
    ...createAuthenticator(tokens, access, now),
    tokens,
    passwords: createPasswords(),
    limits: createRateLimits(config),
    close: () => access.close(),
  };
}
