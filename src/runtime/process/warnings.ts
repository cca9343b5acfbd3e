/** What bubblewrap does not do. */
export const sandboxedWarning =
  "Computers are processes of this user inside bubblewrap: weaker isolation than containers. Limits of memory, " +
  "processor and processes are not enforced, and a computer with network shares this machine's.";

/** What is missing where there is nothing at all between computers. */
export const plainWarning =
  "Computers are plain processes of this user, without isolation: a command can read and change whatever this user " +
  "can, also the gateway's own data. Limits and the network setting do not apply, and paths under /agent exist only " +
  "as the folder a command starts in ($AGENT_HOME names the real one). Install bubblewrap or use Docker.";
