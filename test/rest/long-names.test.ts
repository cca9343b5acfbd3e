import { afterAll, describe, expect, test } from "vitest";
import { startTestGateway } from "../support/gateway.ts";
import { send } from "./rest.ts";

const gateway = await startTestGateway();
afterAll(() => gateway.stop());

const longest = "n".repeat(128);

describe("a name of 128 letters, which may be given over REST, may be asked for there", () => {
  test("of a secret", async () => {
    const body = { key_name: longest, value: "one" };
    expect((await send(gateway, "POST", "/spaces/default/secrets", { body })).status).toBe(200);
    const path = `/spaces/default/secrets/${longest}`;
    expect((await send(gateway, "GET", path)).json).toMatchObject({ key_name: longest });
    expect((await send(gateway, "PUT", path, { body: { value: "two" } })).status).toBe(200);
    expect((await send(gateway, "DELETE", path)).status).toBe(200);
    expect((await send(gateway, "GET", path)).status).toBe(404);
  });

  test("of a role, also with every letter encoded", async () => {
    const body = { name: longest, rules: [{ resources: ["agents"], verbs: ["get"] }] };
    expect((await send(gateway, "POST", "/roles", { body })).status).toBe(200);
    expect((await send(gateway, "GET", `/roles/${longest}`)).json).toMatchObject({ name: longest });
    expect((await send(gateway, "GET", `/roles/${"%6E".repeat(128)}`)).json).toMatchObject({ name: longest });
    expect((await send(gateway, "DELETE", `/roles/${longest}`)).status).toBe(200);
  });

  test("of a service account", async () => {
    const body = { user: longest, pass: "correct horse battery" };
    expect((await send(gateway, "POST", "/service-accounts", { body })).status).toBe(200);
    expect((await send(gateway, "GET", `/service-accounts/${longest}`)).json).toMatchObject({ user: longest });
    const login = { body: { pass: body.pass }, token: null };
    expect((await send(gateway, "POST", `/operators/${longest}/login`, login)).status).toBe(200);
    expect((await send(gateway, "DELETE", `/service-accounts/${longest}`)).status).toBe(200);
  });
});

describe("an address that leads nowhere", () => {
  test.each([
    ["a name longer than any", `/roles/${"n".repeat(2000)}`, 404],
    ["a name that cannot be decoded", "/roles/%zz", 400],
  ])("for %s is answered with the id of the request", async (_what, path, status) => {
    const answer = await send(gateway, "GET", path, { headers: { "x-request-id": "mine" } });
    expect([answer.status, answer.headers.get("x-request-id")]).toEqual([status, "mine"]);
    expect(answer.json).toEqual({ message: expect.any(String), error: expect.any(Object) });
  });
});
