import { conversation, converse, listen } from "./graphiql-session-examples.ts";

/** One tab of the explorer. */
export interface Example {
  readonly query: string;
  readonly variables?: string;
  readonly headers: string;
}

/** What the first tab says of the gateway it belongs to. */
export interface Situation {
  /** How an administrator gets in; `null` when only they know. */
  readonly password: string | null;
  /** What protects less than it should. */
  readonly warning: string | null;
}

/** The page puts the token of the last login there, see `explorerScript`. */
export const tokenHeader = JSON.stringify({ authorization: "Bearer LAST_LOGIN" }, null, 2);

/** Tabs that lead from nothing to a live agent and a session, each to be run as it stands, in this order. */
export const examples = (situation: Situation): Example[] => [
  example(logIn(situation)),
  example(createAgent, { input: { name: "demo", engine: "SHELL", description: "Runs what it is told with bash" } }),
  example(sendResponse, { agent: "demo", input: { text: script } }),
  example(watchIt, { id: "LAST_RESPONSE", after: 0 }),
  example(sleepAndWake, { name: "demo", prompt: "cat notes.txt" }),
  example(everythingLive, { filter: { types: ["agent.created", "agent.changed", "response.status"] } }),
  example(askAModel, modelAgent),
  example(converse, conversation),
  example(listen, { session: "LAST_SESSION", after: "LAST_MESSAGE" }),
];

const example = (query: string, variables?: object): Example => ({
  query,
  ...(variables ? { variables: JSON.stringify(variables, null, 2) } : {}),
  headers: tokenHeader,
});

const script = "for step in 1 2 3; do echo step $step; sleep 1; done; date | tee notes.txt";

const modelAgent = {
  input: {
    name: "helper",
    engine: "MODEL",
    instructions: "You are a careful programmer. Try what you write before you answer.",
    secrets: { ANTHROPIC_API_KEY: "your key" },
  },
  ask: { text: "Write a script that prints the first 20 primes, run it, and tell me their sum." },
};

const logIn = ({ password, warning }: Situation): string => `# 1 · Log in: press ▶ or Ctrl-Enter
#${warning ? comment(`WARNING: ${warning}`) : ""}
# This page keeps the token and sends it wherever a
# header says LAST_LOGIN (see "Headers" below), so the
# next tabs work at once. It forgets the token when you
# close it. To be someone else, paste their token there.
${password === null ? passwordHint : ""}
mutation LogIn {
  login(user: "admin", password: ${JSON.stringify(password ?? "PASSWORD")}) {
    token
    user
    role
    expiresAt
  }
}
`;

const passwordHint = `#
# Put in the administrator's password: the value of
# RAWORC_ADMIN_PASSWORD, or what the gateway printed
# when it started for the first time.
`;

/** Breaks a text into lines of a comment, with an empty one after it. */
const comment = (text: string): string => `${text.replace(/(.{1,52})(\s+|$)/g, "\n# $1")}\n#`;

const createAgent = `# 2 · Create an agent
#
# An agent is a named worker with a computer of its own.
# It is INIT until that runs, then IDLE, and can be asked
# at once. Engine SHELL runs each text with bash, so no
# model key is needed. The input is under "Variables".

mutation CreateAgent($input: CreateAgentInput!) {
  createAgent(input: $input) {
    name
    state
    engine
    computer {
      phase
    }
  }
}
`;

const sendResponse = `# 3 · Send a response
#
# A response is one exchange with an agent: your input,
# its output, and the steps that led there. It is answered
# in the background. This page keeps its id for the next
# tab as LAST_RESPONSE: go there right away.

mutation SendResponse($agent: ID!, $input: JSON!) {
  createResponse(agent: $agent, input: $input) {
    id
    status
  }
}
`;

/** Follows a response's steps: what most who watch an agent ask for. */
export const watchIt = `# 4 · Watch it
#
# First what has happened, then live over graphql-ws,
# until the response ends. Steps have a seq without gaps:
# after a broken line ask again with "after". DELTA is
# output in passing, live only.

subscription WatchIt($id: ID!, $after: Int) {
  responseProgress(id: $id, after: $after) {
    seq
    kind
    status
    delta
    item {
      type
      ... on ToolCallItem {
        tool
        args
      }
      ... on ToolResultItem {
        output
      }
      ... on FinalItem {
        text
      }
    }
  }
}
`;

const sleepAndWake = `# 5 · Sleep and wake: ▶ asks which operation to run
#
# A sleeping agent gives its memory back and keeps its
# files. Waking it with a prompt makes that its next
# response; here it reads the file of tab 3.

mutation Sleep($name: ID!) {
  sleepAgent(name: $name) {
    name
    state
  }
}

mutation Wake($name: ID!, $prompt: String) {
  wakeAgent(name: $name, prompt: $prompt) {
    name
    state
  }
}

query SeeItsAnswers($name: ID!) {
  agent(name: $name) {
    state
    responses(first: 5) {
      nodes {
        id
        status
        input
        output {
          text
        }
      }
    }
  }
}

mutation Delete($name: ID!) {
  deleteAgent(name: $name) {
    name
  }
}
`;

const everythingLive = `# 6 · Everything live
#
# The log of all agents you may see, as it grows. Leave it
# running, open this page once more beside it, and create,
# ask, put to sleep and wake agents there.

subscription EverythingLive($filter: EventFilter) {
  events(filter: $filter) {
    cursor
    stream
    type
    actor
    at
    payload
  }
}
`;

const askAModel = `# 7 · With a model key
#
# Put your key under "Variables"; leave "secrets" away if
# the gateway was started with ANTHROPIC_API_KEY or
# OPENAI_API_KEY. Run CreateHelper, then AskIt, and watch
# the answer in tab 4.

mutation CreateHelper($input: CreateAgentInput!) {
  createAgent(input: $input) {
    name
    state
  }
}

mutation AskIt($ask: JSON!) {
  createResponse(agent: "helper", input: $ask) {
    id
    status
  }
}
`;
