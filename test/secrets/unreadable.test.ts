import { randomBytes } from "node:crypto";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { startTestGateway } from "../support/gateway.ts";

const [one, two] = [randomBytes(32).toString("base64"), randomBytes(32).toString("base64")];
const said = /^Secret "FIRST" was sealed under a master key this gateway does not have$/;
const warning = "sealed under a master key that is not here";

describe("a start without the key that sealed stored secrets", () => {
  let gateway: Awaited<ReturnType<typeof startTestGateway>>;
  let lines: string[];
  const logTo = { write: (line: string) => void lines.push(line) };
  beforeEach(async () => {
    lines = [];
    gateway = await startTestGateway({ env: { RAWORC_MASTER_KEY: one, LOG_LEVEL: "warn" }, logTo });
  });
  afterEach(() => gateway.stop());

  const store = (keyName: string) =>
    gateway.data(`mutation { setSecret(input: { space: "default", key: "${keyName}", value: "v" }) { key } }`);
  const startedWith = async (env: Record<string, string>) => {
    gateway = await gateway.restart({ env, logTo });
    return lines.filter((line) => line.includes(warning));
  };

  test("tells how many there are and what to do, and goes on", async () => {
    await store("FIRST");
    await store("SECOND");
    const [told = "", ...more] = await startedWith({ RAWORC_MASTER_KEY: two });
    expect(more).toEqual([]);
    expect(JSON.parse(told).msg).toMatch(/^2 stored secrets were sealed .*RAWORC_MASTER_KEY_PREVIOUS.*master\.key/);
    expect(told).not.toContain(two);
    await store("THIRD");
  });

  test("refuses to show them, by name and with the reason, and shows what else there is of them", async () => {
    await store("FIRST");
    await startedWith({ RAWORC_MASTER_KEY: two });
    const secret = (more: string) => `{ secret(space: "default", key: "FIRST"${more}) { key value } }`;
    expect(await gateway.data(secret(""))).toEqual({ secret: { key: "FIRST", value: null } });
    const { errors } = await gateway.graphql(secret(", showValue: true"));
    expect(errors).toMatchObject([{ message: expect.stringMatching(said), extensions: { code: "CONFLICT" } }]);
    const list = await gateway.graphql(`{ secrets(space: "default", showValues: true) { nodes { key } } }`);
    expect(list.errors).toMatchObject([{ extensions: { code: "CONFLICT" } }]);
  });

  test("tells nothing when each can be opened, also by the previous key", async () => {
    await store("FIRST");
    expect(await startedWith({ RAWORC_MASTER_KEY: one })).toEqual([]);
    expect(await startedWith({ RAWORC_MASTER_KEY: two, RAWORC_MASTER_KEY_PREVIOUS: one })).toEqual([]);
  });
});
