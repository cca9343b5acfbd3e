import { describe, expect, test } from "vitest";
import { unknownVariables } from "../../src/config.ts";

describe("a variable that is called like the gateway's and is none of them", () => {
  test.each([
    ["RAWORC_ADMIN_PASWORD", "RAWORC_ADMIN_PASSWORD"],
    ["RAWORC_DATADIR", "RAWORC_DATA_DIR"],
    ["raworc_runtime", "RAWORC_RUNTIME"],
    ["RAWORC_MASTER_KEY_PREV", "RAWORC_MASTER_KEY_PREVIOUS"],
  ])("is told with the one that is near: %s", (given, meant) => {
    expect(unknownVariables({ [given]: "hunter2" })).toEqual([
      `${given} is not a variable of the gateway and changes nothing; is ${meant} meant?`,
    ]);
  });

  test("is told by itself where none is near", () => {
    expect(unknownVariables({ RAWORC_COLOUR: "red" })).toEqual([
      "RAWORC_COLOUR is not a variable of the gateway and changes nothing",
    ]);
  });

  test("is nothing to tell when it is empty, one of the gateway's or somebody else's", () => {
    const others = { RAWORC_ADMIN_PASWORD: "", RAWORC_DATA_DIR: "/data", PATH: "/bin", PRT: "9000" };
    expect(unknownVariables(others)).toEqual([]);
  });
});
