import { unauthenticated } from "../auth/authenticate.ts";
import type { Principal } from "../auth/principal.ts";
import { GatewayError, unavailable } from "../errors.ts";
import { requirePrincipal } from "./authorize.ts";
import type { Context } from "./context.ts";

/** What the bearer of one token may watch, as of now. */
export interface AccessWatch {
  /** Who the caller is now, as far as it has been looked at. */
  readonly principal: Principal;
  /** True while a change is being looked at: nothing may be shown until `settled`. */
  readonly isChecking: boolean;
  settled(): Promise<void>;
  /** Whether the caller may watch on. What was lost is told once, to `onLoss`. */
  holds(): boolean;
  stop(): void;
}

/** Follows what the caller may do; `onLoss` is called once, in the middle of a change or at the next `holds`. */
export function watchAccess(
  context: Context,
  mayWatch: (principal: Principal) => boolean,
  onLoss: (error: GatewayError) => void,
): AccessWatch {
  const { auth, gateway } = context;
  let principal = requirePrincipal(context);
  let isLost = false;
  let checks = 0;
  let checking: Promise<void> = Promise.resolve();

  const lose = (error: GatewayError) => {
    if (isLost) return;
    isLost = true;
    onLoss(error);
  };
  const decide = () => {
    if (gateway.now() >= principal.expiresAt) lose(unauthenticated());
    else if (!mayWatch(principal)) lose(new GatewayError("FORBIDDEN", "You may no longer watch this"));
  };
  const check = async () => {
    try {
      principal = await auth.refresh(principal);
      decide();
    } catch (error) {
      // Who cannot be checked now may come again; nothing is shown to them until then.
      lose(error instanceof GatewayError ? error : unavailable("Access cannot be checked now; try again", error));
    } finally {
      checks--;
    }
  };
  const checkSoon = () => {
    checks++;
    checking = checking.then(check);
  };
  const stop = auth.onAccessChange(principal, checkSoon);
  checkSoon(); // something may have changed since the call was let in

  return {
    get principal() {
      return principal;
    },
    get isChecking() {
      return checks > 0;
    },
    async settled() {
      for (let seen = null; seen !== checking; ) await (seen = checking); // more may change while we wait
    },
    holds() {
      if (!isLost) decide();
      return !isLost;
    },
    stop,
  };
}
