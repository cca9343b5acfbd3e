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

/** What authentication needs of the gateway. */
export type AuthGateway = Pick<Gateway, "store" | "tail" | "config" | "now" | "newId">;

/** Makes the parts of authentication over one gateway; `jwtSecret` signs, the configured previous one still verifies. */
export function createAuth(gateway: AuthGateway, jwtSecret: string): Auth {
  const { config } = gateway;
  const now = () => gateway.now();
  const newId = () => gateway.newId();
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
