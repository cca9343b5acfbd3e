/** What the tab of {@link converse} is filled in with. */
export const conversation = {
  input: { engine: "SHELL" },
  session: "LAST_SESSION",
  content: "sleep 3; seq 2 50 | factor | awk 'NF == 2 { print $2 }'",
};

/** Leads from a new session to one that is closed. */
export const converse = `# 8 · Converse: ▶ asks which operation to run
#
# A session is a conversation with a computer of its own.
# Create one, send it a message, and go to the next tab
# right away. This page keeps the session's id and the
# message's as LAST_SESSION and LAST_MESSAGE.

mutation CreateSession($input: CreateSessionInput) {
  createSession(input: $input) {
    id
    state
    engine
  }
}

mutation SendMessage($session: ID!, $content: String!) {
  sendMessage(session: $session, content: $content) {
    id
    seq
    response {
      status
    }
  }
}

query Conversation($session: ID!) {
  session(id: $session) {
    state
    messages {
      totalCount
      nodes {
        role
        content
      }
    }
  }
}

mutation Close($session: ID!) {
  closeSession(id: $session) {
    state
    terminatedAt
  }
}

mutation Restore($session: ID!) {
  restoreSession(id: $session) {
    state
  }
}
`;

/** Follows the session of the tab before. */
export const listen = `# 9 · Listen
#
# Every message after the one named by "after", each once
# and in order: first what was said, then live. The answer
# is a message too. After a broken line name the last
# message you have.

subscription Listen($session: ID!, $after: ID) {
  messageAdded(session: $session, after: $after) {
    id
    seq
    role
    content
    createdAt
  }
}
`;
