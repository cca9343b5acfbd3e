import { describe, expect, test } from "vitest";
import { describeVariables, readConfig } from "../../src/config.ts";
import { NO_MODEL_KEY_TEXT, noModelKeyItem } from "../../src/engines/external.ts";
import { chooseModel, DEFAULT_MODELS, hasModelKey } from "../../src/engines/model/choice.ts";
import { createEngines } from "../../src/engines/registry.ts";

const settings = (environment: Record<string, string> = {}) => readConfig(environment).model;

describe("the choice of a model", () => {
  test("is none without a key, whatever else is set", () => {
    expect(chooseModel(settings({ RAWORC_MODEL: "m", OPENAI_BASE_URL: "http://localhost:1" }), {})).toBeNull();
    expect(hasModelKey(readConfig({}), {})).toBe(false);
    expect(hasModelKey(readConfig({}), { OPENAI_API_KEY: "" })).toBe(false);
  });

  test("takes the gateway's key and a default model of its provider", () => {
    expect(chooseModel(settings({ ANTHROPIC_API_KEY: "a" }), {})).toMatchObject({
      provider: "anthropic",
      model: DEFAULT_MODELS.anthropic,
      apiKey: "a",
      keyFrom: "gateway",
    });
    expect(chooseModel(settings({ OPENAI_API_KEY: "o" }), {})).toMatchObject({
      provider: "openai",
      model: DEFAULT_MODELS.openai,
      baseUrl: "https://api.openai.com/v1",
    });
  });

  test("has default models that --help names", () => {
    for (const name of Object.values(DEFAULT_MODELS)) expect(describeVariables()).toContain(name);
  });

  test("lets secrets win over the gateway's key, name and URL", () => {
    const gateway = settings({
      ANTHROPIC_API_KEY: "a",
      OPENAI_BASE_URL: "http://gateway/v1",
      RAWORC_MODEL: "claude-x",
      RAWORC_MODEL_HOSTS: "ollama",
    });
    const secrets = { OPENAI_API_KEY: "mine", OPENAI_BASE_URL: "http://mine/v1", RAWORC_MODEL: "small" };
    expect(chooseModel(gateway, secrets)).toEqual({
      provider: "openai",
      model: "small",
      apiKey: "mine",
      baseUrl: "http://mine/v1",
      keyName: "OPENAI_API_KEY",
      keyFrom: "secrets",
      besidesPublic: ["ollama"],
    });
    expect(chooseModel(gateway, { OPENAI_API_KEY: "mine" })).toMatchObject({
      baseUrl: "http://gateway/v1",
      model: DEFAULT_MODELS.openai,
      besidesPublic: null,
    });
  });

  test("never sends the gateway's key to a URL that a secret names", () => {
    const gateway = settings({ OPENAI_API_KEY: "the gateway's", OPENAI_BASE_URL: "http://gateway/v1" });
    expect(chooseModel(gateway, { OPENAI_BASE_URL: "http://elsewhere/v1" })).toMatchObject({
      apiKey: "the gateway's",
      baseUrl: "http://gateway/v1",
      besidesPublic: null,
    });
  });

  test("goes by the model's name where both keys are there", () => {
    const both = settings({ ANTHROPIC_API_KEY: "a", OPENAI_API_KEY: "o" });
    expect(chooseModel(both, {})).toMatchObject({ provider: "anthropic" });
    expect(chooseModel(both, { RAWORC_MODEL: "claude-y" })).toMatchObject({ provider: "anthropic", model: "claude-y" });
    expect(chooseModel(both, { RAWORC_MODEL: "gpt-z" })).toMatchObject({ provider: "openai", model: "gpt-z" });
  });
});

test("the first item of a response without a model key says what to set", () => {
  expect(noModelKeyItem).toEqual({ type: "commentary", channel: "analysis", text: NO_MODEL_KEY_TEXT });
  for (const name of ["ANTHROPIC_API_KEY", "OPENAI_API_KEY", "SHELL"]) expect(NO_MODEL_KEY_TEXT).toContain(name);
});

test("the gateway runs a shell and a model engine", () => {
  const { SHELL, MODEL } = createEngines(readConfig({}), { warn: () => undefined });
  expect([SHELL.kind, MODEL.kind]).toEqual(["SHELL", "MODEL"]);
});
