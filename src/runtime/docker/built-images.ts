import type Docker from "dockerode";
import { z } from "zod";
import { conflict, GatewayError } from "../../errors.ts";
import { deploymentLabel } from "../labels.ts";
import { builtImagePrefix, imageFolder, imageFolderVariable } from "../paths.ts";
import type { ImageSpec, RuntimeImages } from "../runtime.ts";
import { call, callOrNull, type Engine } from "./engine.ts";
import { listDrafts, openDraft, removeDrafts } from "./image-draft.ts";

const longMs = 120_000;
const sized = z.object({ SizeRw: z.number().default(0) });

/** Images that are made here: of a container that commands ran in, kept with what they left. */
export const builtImagesOf = (engine: Engine): RuntimeImages => ({
  async open(spec) {
    checkName(spec.name);
    await removeBuilt(engine, spec.name);
    return openDraft(engine, spec, (draft) => commitDraft(engine, spec, draft));
  },
  list: () => listBuilt(engine),
  remove: (name) => removeBuilt(engine, name),
});

/** Nothing but what was made here may be replaced or removed by this. */
function checkName(name: string): void {
  if (!name.startsWith(builtImagePrefix)) throw conflict(`"${name}" is no name of an image that is made here`);
}

async function listBuilt(engine: Engine) {
  const filters = JSON.stringify({ label: [`${deploymentLabel}=${engine.options.deployment}`] });
  const [images, drafts] = await Promise.all([
    call(engine, { what: "list images", timeoutMs: 30_000 }, (abortSignal) =>
      engine.docker.listImages({ filters, abortSignal }),
    ),
    listDrafts(engine),
  ]);
  const made = images.flatMap(({ RepoTags, Labels }) => (RepoTags ?? []).map((name) => ({ name, labels: Labels })));
  const begun = drafts.map(({ image, labels }) => ({ name: image, labels }));
  const byName = new Map([...made, ...begun].map((image) => [image.name, image]));
  return [...byName.values()].filter(({ name }) => name.startsWith(builtImagePrefix));
}

async function removeBuilt(engine: Engine, name: string): Promise<void> {
  checkName(name);
  await removeDrafts(engine, name);
  await callOrNull(engine, { what: `remove image "${name}"`, timeoutMs: longMs }, (abortSignal) =>
    engine.docker.getImage(name).remove({ abortSignal }),
  );
}

/** @throws {GatewayError} PAYLOAD_TOO_LARGE */
async function commitDraft(engine: Engine, { name, maxBytes }: ImageSpec, draft: string): Promise<void> {
  const [repo, tag] = name.split(":");
  const container = engine.docker.getContainer(draft);
  const of = { what: `keep image "${name}"`, container: draft, timeoutMs: longMs };
  const found: unknown = await call(
    engine,
    of,
    (abortSignal) => container.inspect({ _query: { size: true }, abortSignal } as Docker.ContainerInspectOptions), // its types lack it
  );
  if (sized.parse(found).SizeRw > maxBytes) {
    throw new GatewayError("PAYLOAD_TOO_LARGE", `What was built takes more than ${maxBytes} bytes`);
  }
  // The body would be taken for settings of the image, so the query has to be named as such.
  const query = { container: draft, repo, tag, changes: `ENV ${imageFolderVariable}=${imageFolder}` };
  await call(engine, { ...of, timeoutMs: 600_000 }, (abortSignal) =>
    container.commit({ _query: query, _body: {}, abortSignal }),
  );
}
