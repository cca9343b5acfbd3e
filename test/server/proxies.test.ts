import { createClient } from "graphql-ws";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import { readConfig } from "../../src/config.ts";
import { startTestGateway } from "../support/gateway.ts";
import { watchOn } from "../support/live.ts";

type Gateway = Awaited<ReturnType<typeof startTestGateway>>;

const maxLogins = 2;

const start = (trusted: string) =>
  startTestGateway({ env: { RAWORC_MAX_LOGINS_PER_MINUTE: String(maxLogins), RAWORC_TRUSTED_PROXIES: trusted } });

/** By whom they trust; the tests call from this machine. */
const settings = { nobody: "", "other machines": "10.0.0.0/8", "this machine": "10.0.0.0/8, loopback" };
type Trusted = keyof typeof settings;
const gateways = new Map<Trusted, Gateway>();
beforeAll(async () => {
  for (const trusted of Object.keys(settings) as Trusted[]) gateways.set(trusted, await start(settings[trusted]));
});
afterAll(() => Promise.all([...gateways.values()].map((gateway) => gateway.stop())));

function trusting(trusted: Trusted): Gateway {
  const gateway = gateways.get(trusted);
  if (!gateway) throw new Error("it has not started");
  return gateway;
}

interface Attempt {
  readonly user: string;
  readonly pass: string;
  /** What the proxy says of where it comes from. */
  readonly from: string;
}

const loginOf = ({ user, pass }: Attempt) => `mutation { login(user: "${user}", password: "${pass}") { user } }`;

const post = (url: string, from: string, body: object, headers: Readonly<Record<string, string>> = {}) =>
  fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", "x-forwarded-for": from, ...headers },
    body: JSON.stringify(body),
  });

/** Logs in, and says what became of it. */
type Login = (gateway: Gateway, attempt: Attempt) => Promise<string>;

const overGraphql =
  (accept: string): Login =>
  async ({ url }, attempt) => {
    const answer = await post(`${url}/graphql`, attempt.from, { query: loginOf(attempt) }, { accept });
    const { errors } = (await answer.json()) as { errors?: { extensions: { code: string } }[] };
    return errors?.[0]?.extensions.code ?? "welcome";
  };

const transports: Readonly<Record<string, Login>> = {
  async REST({ url }, { from, user, pass }) {
    const answer = await post(`${url}/api/v0/auth/login`, from, { user, pass });
    const { error } = (await answer.json()) as { error?: { code: string } };
    return error?.code ?? "welcome";
  },
  GraphQL: overGraphql("application/json"),
  "GraphQL as Yoga answers it": overGraphql("application/json, text/plain, */*"),
  async "a WebSocket"({ url }, attempt) {
    class Forwarded extends WebSocket {
      constructor(address: string, protocol: string) {
        super(address, protocol, { headers: { "x-forwarded-for": attempt.from } });
      }
    }
    const client = createClient({
      url: `${url.replace("http", "ws")}/graphql`,
      webSocketImpl: Forwarded,
      retryAttempts: 0,
    });
    try {
      await watchOn(client, { query: loginOf(attempt) }).next();
      return "welcome";
    } catch (error) {
      return String((error as { code: unknown }).code);
    } finally {
      await client.dispose();
    }
  },
};

let strangers = 0;

/** Fails to log in as often as one address may, as somebody else each time. */
async function useUp(gateway: Gateway, login: Login, from: string): Promise<void> {
  for (let count = 0; count < maxLogins; count++) {
    expect(await login(gateway, { user: `nobody${strangers++}`, pass: "wrong", from })).toBe("UNAUTHENTICATED");
  }
}

const admin = { user: "admin", pass: "admin" };
const byEach = Object.entries(transports).map(([name, login], place) => ({ name, login, net: `192.0.${place}` }));

describe.each(byEach)("over $name", ({ login, net }) => {
  test("who fails to log in behind a trusted proxy locks out nobody else behind it", async () => {
    const gateway = trusting("this machine");
    await useUp(gateway, login, `${net}.1`);
    expect(await login(gateway, { ...admin, from: `${net}.1` })).toBe("RATE_LIMITED");
    expect(await login(gateway, { ...admin, from: `${net}.2` })).toBe("welcome");
  });

  test("who makes up where they come from is known by what the proxies added to it", async () => {
    const gateway = trusting("this machine");
    await useUp(gateway, login, `198.51.100.7, ${net}.3`);
    expect(await login(gateway, { ...admin, from: `127.0.0.1, ${net}.3` })).toBe("RATE_LIMITED");
    expect(await login(gateway, { ...admin, from: `${net}.3, 10.1.2.3` })).toBe("RATE_LIMITED");
    expect(await login(gateway, { ...admin, from: `${net}.3, ${net}.4` })).toBe("welcome");
  });
});

test.each(["nobody", "other machines"] as const)(
  "a gateway that trusts %s believes nothing of what this machine says, over no transport",
  async (trusted) => {
    const gateway = trusting(trusted);
    await useUp(gateway, overGraphql("application/json"), "192.0.2.1");
    for (const { login } of byEach) expect(await login(gateway, { ...admin, from: "192.0.2.2" })).toBe("RATE_LIMITED");
  },
);

test.each(Object.keys(settings) as Trusted[])(
  "the metrics are open to the machine itself and to nobody behind a proxy on it, where %s may be trusted",
  async (trusted) => {
    const { url, adminToken } = trusting(trusted);
    const statusOf = async (headers: Readonly<Record<string, string>>) =>
      (await fetch(`${url}/metrics`, { headers })).status;
    expect(await statusOf({})).toBe(200);
    expect(await statusOf({ "x-forwarded-for": "192.0.2.1" })).toBe(401);
    expect(await statusOf({ "x-forwarded-for": "127.0.0.1" })).toBe(401);
    expect(await statusOf({ "x-forwarded-for": "192.0.2.1", authorization: `Bearer ${adminToken}` })).toBe(200);
  },
);

test.each(["everybody", "*", "true", "1", "10.0.0.0/99", "10.0.0.0/0", "10.0.0.1/", "::1/129", "proxy.example", "a b"])(
  "RAWORC_TRUSTED_PROXIES=%s is refused at the start",
  (proxies) => {
    const refusal = `RAWORC_TRUSTED_PROXIES is "${proxies}"; allowed: a comma-separated list`;
    expect(() => readConfig({ RAWORC_TRUSTED_PROXIES: proxies })).toThrow(refusal);
  },
);

test("addresses, ranges and their names may be trusted together", () => {
  const { trustedProxies } = readConfig({ RAWORC_TRUSTED_PROXIES: "loopback, 10.1.0.0/16,::1 , fd00::/8" });
  expect(trustedProxies).toEqual(["loopback", "10.1.0.0/16", "::1", "fd00::/8"]);
});
