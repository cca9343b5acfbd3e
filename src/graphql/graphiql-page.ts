import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { renderGraphiQL } from "@graphql-yoga/render-graphiql";
import type { GraphiQLOptions } from "graphql-yoga";

/**
 * The explorer's page, whole: it fetches nothing but answers of this gateway, and its policy forbids the rest.
 *
 * Yoga's GraphiQL cannot hand a tab's headers to graphql-ws, so the page brings its own way to ask.
 *
 * @throws {Error} when Yoga's page is not made as it was.
 */
export function renderExplorer(options: GraphiQLOptions): string {
  const page = replaceOnce(renderGraphiQL(options), "YogaGraphiQL.renderYogaGraphiQL(", "openExplorer(");
  const additions = `${policy}${style}<script>${graphqlWs}\n${explorerScript}</script>`;
  return replaceOnce(page, charset, `${charset}${additions}`);
}

function replaceOnce(text: string, part: string, by: string): string {
  const [before, after, ...more] = text.split(part);
  if (before === undefined || after === undefined || more.length > 0) throw new Error(`Not once in GraphiQL: ${part}`);
  return `${before}${by}${after}`;
}

const charset = '<meta charset="utf-8" />';

const policy = `<meta http-equiv="Content-Security-Policy" content="${[
  "default-src 'none'",
  "script-src 'unsafe-inline' blob:",
  "worker-src blob:",
  "style-src 'unsafe-inline'",
  "img-src data:",
  "font-src data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
].join("; ")}">`;

/**
 * GraphiQL moves a tab away under the mouse between press and release, so that a click misses it; and it shows ▶
 * before pressing it does what it says, see `explorerScript`, and before there is a place for results.
 */
const style = `<style>
.graphiql-tab { transform: none !important; }
.tab-is-changing .graphiql-execute-button,
.graphiql-container:not(:has(.result-window .monaco-editor)) .graphiql-execute-button { pointer-events: none; opacity: 0.4; }
</style>`;

/** graphql-ws for browsers; its package shows only its modules, and this file lies beside them. */
const graphqlWs = readFileSync(
  new URL("../umd/graphql-ws.min.js", `file://${createRequire(import.meta.url).resolve("graphql-ws")}`),
  "utf8",
);

/**
 * How the page asks. LAST_LOGIN, in headers and variables, stands for the token of the last login, and LAST_RESPONSE,
 * LAST_SESSION and LAST_MESSAGE for the id of what was last made here; they are kept until the page is closed. A
 * subscription shows what came before too, newest first, where GraphiQL alone would show the last message only.
 */
const explorerScript = /* js */ `
function openExplorer(root, options) {
  const tab = lastTab();
  const hold = holdExecution(tab.query ?? options.defaultTabs[0].query);
  YogaGraphiQL.renderYogaGraphiQL(root, { ...options, ...tab, fetcher: ask, ...hold });
}

// GraphiQL looks at a tab's operations a moment after it shows the tab. Until then ▶ offers, as a menu or not, the
// operations of the tab before, and turns into another button while it is being pressed.
function holdExecution(known) {
  let limit = 0;
  const release = () => document.body.classList.remove("tab-is-changing");
  const onEditQuery = (query) => {
    known = query;
    release();
  };
  const onTabChange = ({ tabs, activeTabIndex }) => {
    if (tabs[activeTabIndex].query === known) return;
    document.body.classList.add("tab-is-changing");
    clearTimeout(limit);
    limit = setTimeout(release, 1000);
  };
  return { onEditQuery, onTabChange };
}

// GraphiQL finds its last tab again only when told what was in it; otherwise each visit adds an empty one.
function lastTab() {
  const { tabs = [], activeTabIndex } = JSON.parse(localStorage.getItem("graphiql:tabState") ?? "{}");
  const { query, variables, headers: initialHeaders } = tabs[activeTabIndex] ?? {};
  return query ? { query, variables, initialHeaders } : {};
}

function ask({ query, variables, operationName }, { headers = {} } = {}) {
  // Right after a change of tabs GraphiQL still says the name, and has the parsed document, of the tab before.
  const chosen = operationsOf(query).find(({ name }) => name === operationName);
  const params = { query, variables: fillIn(variables), operationName: chosen?.name };
  const { type } = chosen ?? operationsOf(query)[0] ?? {};
  return type === "subscription" ? listen(params, fillIn(headers)) : post(params, fillIn(headers));
}

function operationsOf(query) {
  const operations = query.matchAll(/^\\s*(query|mutation|subscription)\\b\\s*(\\w*)/gm);
  return [...operations].map(([, type, name]) => ({ type, name }));
}

async function post(params, headers) {
  const answer = await fetch(location.pathname, {
    method: "POST",
    headers: { accept: "application/graphql-response+json, application/json", ...headers, "content-type": "application/json" },
    body: JSON.stringify(params),
  });
  const result = await answer.json();
  remember(result.data ?? {});
  return result;
}

function listen(params, headers) {
  const connectionParams = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
  const url = location.origin.replace(/^http/, "ws") + location.pathname;
  const client = graphqlWs.createClient({ url, connectionParams, retryAttempts: 0 });
  const results = resultsOf(client, params);
  // A generator that waits hears of its end only with the next message, so that stopping closes the socket itself.
  const stop = () => {
    client.dispose();
    return results.return();
  };
  return { [Symbol.asyncIterator]: () => ({ next: () => results.next(), return: stop }) };
}

async function* resultsOf(client, params) {
  const received = [];
  try {
    for await (const result of client.iterate(params)) {
      received.unshift(result.errors ? result : result.data);
      received.length = Math.min(received.length, 200);
      yield { "live, newest first": received };
    }
    yield { "ended, newest first": received };
  } catch (error) {
    if (!(error instanceof CloseEvent)) throw error;
    throw new Error("The gateway closed the socket: " + error.code + " " + error.reason);
  } finally {
    client.dispose();
  }
}

function remember({ login, createResponse, createSession, sendMessage }) {
  if (login?.token) sessionStorage.setItem("LAST_LOGIN", login.token);
  if (createResponse?.id) sessionStorage.setItem("LAST_RESPONSE", createResponse.id);
  if (createSession?.id) sessionStorage.setItem("LAST_SESSION", createSession.id);
  if (sendMessage?.id) sessionStorage.setItem("LAST_MESSAGE", sendMessage.id);
}

function fillIn(value) {
  if (typeof value === "string") return value.replace(/LAST_(LOGIN|RESPONSE|SESSION|MESSAGE)/g, (name) => sessionStorage.getItem(name) ?? name);
  if (Array.isArray(value)) return value.map(fillIn);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, fillIn(inner)]));
}
`;
