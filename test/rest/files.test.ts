import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { afterAll, afterEach, beforeEach, describe, expect, test } from "vitest";
import { accountToken } from "../support/agents.ts";
import { startTestGateway } from "../support/gateway.ts";
import { makeAgent, refusalBody, send } from "./rest.ts";

const gateway = await startTestGateway({ env: { RAWORC_ENGINE: "external" } });
afterAll(() => gateway.stop());
beforeEach(() => makeAgent(gateway, "demo"));
afterEach(() => gateway.gateway.store.agent.deleteMany());

const files = "/agents/demo/files";
const get = (path: string) => send(gateway, "GET", `${files}${path}`);
const write = (path: string, content: string, encoding = "UTF8") =>
  gateway.data(
    `mutation ($path: String!, $content: String!, $encoding: ContentEncoding!) {
      writeFile(agent: "demo", path: $path, content: $content, encoding: $encoding) { path }
    }`,
    { path, content, encoding },
  );
/** As it is: clients of the web tidy paths up before they send them. */
async function getRaw(path: string) {
  const headers = { authorization: `Bearer ${gateway.adminToken}` };
  const sent = request(`${gateway.url}/`, { path: `/api/v0${files}${path}`, headers }).end();
  const [answer]: [IncomingMessage] = (await once(sent, "response")) as [IncomingMessage]; // what a response comes with
  return { status: answer.statusCode, text: Buffer.concat(await answer.toArray()).toString() };
}
const containerOfDemo = async () => (await gateway.runtime.list()).containers.at(-1)?.name ?? "";

describe("listing files", () => {
  test("tells name, kind, size, mode and time of each, by name", async () => {
    await write("src/b.txt", "12345");
    await write("src/a/deep.txt", "");
    const { status, json } = await get("/list/src");
    expect(status).toBe(200);
    expect(json).toEqual({
      entries: [
        { name: "a", kind: "dir", size: expect.any(Number), mode: expect.stringMatching(/^0\d{3}$/), mtime: isTime },
        { name: "b.txt", kind: "file", size: 5, mode: "0644", mtime: isTime },
      ],
      offset: 0,
      limit: 100,
      next_offset: null,
      total: 2,
    });
  });

  const isTime = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);

  test("without a path is of the whole folder", async () => {
    await write("top.txt", "");
    for (const path of ["/list", "/list/", "/list/."]) {
      expect((await get(path)).json.entries.map(({ name }: { name: string }) => name)).toContain("top.txt");
    }
  });

  test("goes in pages that follow one another", async () => {
    for (const name of ["c", "a", "e", "b", "d"]) await write(`many/${name}`, "");
    const names = [];
    for (let offset: number | null = 0; offset !== null; ) {
      const { json } = await get(`/list/many?limit=2&offset=${offset}`);
      expect(json).toMatchObject({ offset, limit: 2, total: 5 });
      names.push(json.entries.map(({ name }: { name: string }) => name));
      offset = json.next_offset;
    }
    expect(names).toEqual([["a", "b"], ["c", "d"], ["e"]]);
    expect((await get("/list/many?limit=-1")).status).toBe(400);
  });
});

describe("describing a file", () => {
  test("gives what a list gives of it", async () => {
    await write("src/b.txt", "12345");
    const [entry] = (await get("/list/src")).json.entries;
    expect((await get("/metadata/src/b.txt")).json).toEqual(entry);
    expect((await get("/metadata/src%2Fb.txt")).json).toEqual(entry);
    expect((await get("/metadata/src")).json).toMatchObject({ name: "src", kind: "dir" });
  });
});

describe("reading a file", () => {
  test.each([
    ["page.html", "text/html"],
    ["data.json", "application/json"],
    ["picture.png", "image/png"],
    ["no-ending", "application/octet-stream"],
  ])("gives the bytes of %s as they are, as %s", async (name, type) => {
    const bytes = Buffer.from([0, 255, 254, 10, 13, 0xc3, 0x28]);
    await write(`a b/${name}`, bytes.toString("base64"), "BASE64");
    const response = await fetch(`${gateway.url}/api/v0${files}/read/a%20b/${name}`, {
      headers: { authorization: `Bearer ${gateway.adminToken}` },
    });
    expect(Buffer.from(await response.arrayBuffer())).toEqual(bytes);
    expect(response.headers.get("content-type")).toBe(type);
    expect(response.headers.get("x-raworc-file-size")).toBe("7");
  });

  test("gives nothing that a browser would run in the gateway's name", async () => {
    await write("evil.html", "<script>alert(1)</script>");
    const { headers } = await get("/read/evil.html");
    expect(headers.get("content-disposition")).toBe("attachment");
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    expect(headers.get("content-security-policy")).toBe("sandbox; default-src 'none'");
    expect(headers.get("cache-control")).toBe("private, no-cache");
  });

  test("answers HEAD alike, without the bytes", async () => {
    await write("a.txt", "12345");
    const { status, headers, text } = await send(gateway, "HEAD", `${files}/read/a.txt`);
    expect([status, text, headers.get("content-length"), headers.get("x-raworc-file-size")]).toEqual([
      200,
      "",
      "5",
      "5",
    ]);
  });

  test("takes 25 MB, and answers 413 to more", async () => {
    const container = await containerOfDemo();
    await gateway.runtime.files.write(container, "large", new Uint8Array(25 * 1_048_576));
    const large = await send(gateway, "HEAD", `${files}/read/large`);
    expect([large.status, large.headers.get("content-length")]).toEqual([200, "26214400"]);
    await gateway.runtime.files.write(container, "larger", new Uint8Array(25 * 1_048_576 + 1));
    const larger = await get("/read/larger");
    expect([larger.status, larger.json]).toEqual([
      413,
      refusalBody("PAYLOAD_TOO_LARGE", 'File "larger" is larger than 26214400 bytes'),
    ]);
  });

  test("of a folder is 400", async () => {
    await write("src/b.txt", "");
    expect((await get("/read/src")).json).toEqual(refusalBody("BAD_USER_INPUT", 'Path "src" is a folder, not a file'));
  });
});

describe("deleting", () => {
  test("takes a file, or a folder with all that is in it", async () => {
    await write("src/b.txt", "");
    await write("src/c.txt", "");
    const remove = (path: string) => send(gateway, "DELETE", `${files}/delete/${path}`);
    expect((await remove("src/b.txt")).json).toEqual({ deleted: true });
    expect((await get("/metadata/src/b.txt")).status).toBe(404);
    expect((await get("/metadata/src/c.txt")).status).toBe(200);
    expect((await remove("src")).json).toEqual({ deleted: true });
    expect((await remove("src")).json).toEqual(refusalBody("NOT_FOUND", 'File "src" was not found'));
  });
});

describe("a path", () => {
  const leadsOut = ["../etc/passwd", "..%2Fetc%2Fpasswd", "a/../../b", "/etc/passwd", "%2Fetc%2Fpasswd", "a%00b"];
  test.each(leadsOut)("%s is refused with 400, whatever is asked", async (path) => {
    for (const kind of ["list", "metadata", "read"]) {
      const { status, text } = await getRaw(`/${kind}/${path}`);
      expect([kind, status, JSON.parse(text).error.code]).toEqual([kind, 400, "BAD_USER_INPUT"]);
    }
    const removed = await send(gateway, "DELETE", `${files}/delete/${encodeURIComponent(decodeURIComponent(path))}`);
    expect([removed.status, removed.json.error.code]).toEqual([400, "BAD_USER_INPUT"]);
  });

  test("that is missing is 404, and none is 400", async () => {
    for (const kind of ["list", "metadata", "read"]) {
      expect((await get(`/${kind}/no/such`)).json).toEqual(refusalBody("NOT_FOUND", 'File "no/such" was not found'));
    }
    expect((await get("/read/")).status).toBe(400);
    expect((await send(gateway, "DELETE", `${files}/delete/`)).status).toBe(400);
  });

  test("may hold what has a meaning in addresses", async () => {
    const name = "100% of a?b#c&d+e ü.txt";
    await write(name, "x");
    expect((await get(`/read/${encodeURIComponent(name)}`)).text).toBe("x");
  });
});

describe("files of an agent that sleeps", () => {
  test("are refused with 409, and it is not woken", async () => {
    await write("a.txt", "x");
    await send(gateway, "POST", "/agents/demo/sleep");
    for (const path of ["/list", "/list/src", "/metadata/a.txt", "/read/a.txt"]) {
      const { status, json } = await get(path);
      expect([status, json]).toEqual([409, refusalBody("CONFLICT", 'Agent "demo" is slept; wake it first')]);
    }
    expect((await send(gateway, "DELETE", `${files}/delete/a.txt`)).status).toBe(409);
    expect((await send(gateway, "GET", "/agents/demo")).json.state).toBe("slept");
  });
});

describe("files of an agent that is published", () => {
  test("are not shown by that", async () => {
    await write("a.txt", "x");
    await send(gateway, "POST", "/agents/demo/publish");
    const token = await accountToken(gateway, "reader");
    const { status, json } = await send(gateway, "GET", `${files}/read/a.txt`, { token });
    expect([status, json.error.code]).toEqual([403, "FORBIDDEN"]);
  });
});
