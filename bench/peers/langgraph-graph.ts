import { Annotation, END, type LangGraphRunnableConfig, START, StateGraph } from "@langchain/langgraph";

// A graph that says something at once and ends: what a run costs besides the work that it is there for.
const State = Annotation.Root({ text: Annotation<string> });

const answer = ({ text }: typeof State.State, { writer }: LangGraphRunnableConfig) => {
  writer?.({ type: "commentary", text });
  return { text };
};

/** What LangGraph's server runs. */
export const graph = new StateGraph(State)
  .addNode("answer", answer)
  .addEdge(START, "answer")
  .addEdge("answer", END)
  .compile();
