import { readdirSync, readFileSync } from "node:fs";
import t from "tap";
import { ConfigSchema, readConfig } from "../../src/settings/config.js";
import { SECRETS } from "../../src/settings/variables.js";
import { misfits, readKustomization } from "../support/manifests.js";
import { setPrizes } from "../support/set-prizes.js";
import { startServer } from "../support/start-server.js";
import { createWorld } from "../support/world.js";

// The manifests of src/deploy/kubernetes are what Kubernetes takes, and fit the program.

const FOLDER = "src/deploy/kubernetes";
const server = readKustomization(FOLDER);
const migration = readKustomization(`${FOLDER}/migrate`);
const manifests = [...server.manifests, ...migration.manifests];

const of = (kind: string) => {
  const found = manifests.filter((it) => it.kind === kind);
  if (found.length !== 1) throw new Error(`${found.length} of ${kind}`);
  return found[0] as (typeof found)[number];
};
const pods = ["Deployment", "Job"].map((kind) => of(kind).spec.template);
const [pod] = pods;
const [container] = pod.spec.containers;
const labels = pod.metadata.labels;
const settings = server.settings["lucky-draw-settings"] ?? {};
const textOf = (name: string) => readFileSync(name, "utf8");

t.test("Kubernetes takes them", async (t) => {
  t.same(await misfits(manifests), []);
  t.same([...server.unnamed, ...migration.unnamed], [], "each file is named");
});

t.test("what is misspelt is noticed", async (t) => {
  const spoilt = structuredClone(manifests);
  const spec = spoilt.find((it) => it.kind === "Deployment")?.spec;
  spec.template.spec.containers[0].readynessProbe = {};
  t.match((await misfits(spoilt)).join(), /readynessProbe/);
  delete spec.template.spec.containers[0].readynessProbe;
  spec.template.spec.containers[0].resources.requests.memory = "lots";
  t.match((await misfits(spoilt)).join(), /quantity/);
});

t.test("each setting is one, and no secret is told", async (t) => {
  const of = (env: { name: string; value: string }[] = []) =>
    env.map(({ name, value }) => [name, value] as const);
  const variables = pods
    .flatMap(({ spec }) => spec.containers)
    .flatMap(({ env }) => of(env))
    .concat(Object.entries(settings));
  const mounts = container.volumeMounts[0].mountPath;
  for (const [name, value] of variables) {
    t.notOk(SECRETS.includes(name), `${name} is not written down`);
    const setting = name.replace(/_FILE$/, "");
    t.ok(setting in ConfigSchema.properties, name);
    if (name === setting) continue;
    t.ok(SECRETS.includes(setting), name);
    t.equal(value, `${mounts}/${setting}`, "the key of that name");
    t.match(textOf(`${FOLDER}/README.md`), `--from-file=${setting}`);
  }
  t.same(
    manifests.filter(({ kind }) => kind === "Secret"),
    [],
  );
  t.notMatch(JSON.stringify([manifests, settings]), /:\/\/[^/"]*@/);
});

t.test("every image has one version, this one", async (t) => {
  const { version } = JSON.parse(textOf("package.json"));
  for (const { images, manifests } of [server, migration]) {
    t.match(images, [{ name: "lucky-draw", newTag: version }]);
    t.equal(images.length, 1);
    const used = JSON.stringify(manifests).match(/"image":"[^"]*"/g);
    t.same(used, ['"image":"lucky-draw"'], "it is the one that is named");
  }
  t.same(migration.images, server.images);
});

t.test(
  "probes ask what is there, at the port that it listens on",
  async (t) => {
    const world = await createWorld(t);
    const { url, scheduler } = await startServer(t, world);
    await setPrizes(world, [{ id: "MUG", probability: 0.5 }]);
    await scheduler.tick();
    for (const name of ["startupProbe", "livenessProbe", "readinessProbe"]) {
      const { path, port } = container[name].httpGet;
      t.equal((await fetch(`${url}${path}`)).status, 200, `${name}: ${path}`);
      t.equal(port, container.ports[0].name);
    }
    const written = Object.entries(settings).filter(
      ([name]) => !name.endsWith("_FILE"),
    );
    // Which also looks at the values of all of them.
    const { PORT: port } = await readConfig(Object.fromEntries(written));
    t.equal(container.ports[0].containerPort, port);
    t.match(textOf("Dockerfile"), new RegExp(`EXPOSE ${port}\n`));
    t.match(textOf("Dockerfile"), /HOST=0\.0\.0\.0/, "the kubelet reaches it");
    t.equal(of("Service").spec.ports[0].targetPort, container.ports[0].name);
    t.equal(
      of("NetworkPolicy").spec.ingress[0].ports[0].port,
      container.ports[0].name,
    );
  },
);

t.test("all of them mean the same pods", async (t) => {
  const spread = pod.spec.topologySpreadConstraints;
  const selectors = [
    of("Service").spec.selector,
    of("Deployment").spec.selector.matchLabels,
    of("PodDisruptionBudget").spec.selector.matchLabels,
    of("NetworkPolicy").spec.podSelector.matchLabels,
    // biome-ignore lint/suspicious/noExplicitAny: as above, checked by its schema.
    ...spread.map((it: any) => it.labelSelector.matchLabels),
  ];
  t.equal(selectors.length, 6);
  for (const selector of selectors) t.same(selector, labels);
  t.notSame(pods[1].metadata.labels, labels, "the migration serves nobody");
  const { scaleTargetRef, minReplicas } = of("HorizontalPodAutoscaler").spec;
  t.equal(scaleTargetRef.name, of("Deployment").metadata.name);
  t.ok(minReplicas > of("PodDisruptionBudget").spec.maxUnavailable);
  t.notOk("replicas" in of("Deployment").spec, "which is the autoscaler's");
});

t.test("a stop has the time that it takes", async (t) => {
  // Where the program is, that can't be imported: it starts.
  const files = readdirSync("src").filter((name) => name.endsWith(".ts"));
  const texts = files.map((name) => textOf(`src/${name}`)).join("");
  const [, longest = ""] = /LONGEST_STOP_MS = ([\d_]+)/.exec(texts) ?? [];
  const seconds = Number(longest.replaceAll("_", "")) / 1_000;
  t.ok(seconds > 0);
  const needed = Number(settings.DRAIN_SECONDS) + seconds;
  t.ok(pod.spec.terminationGracePeriodSeconds > needed, `${needed} s`);
});

t.test(
  "they run under the restricted standard, and write nothing",
  async (t) => {
    for (const { spec } of pods) {
      t.match(spec, {
        automountServiceAccountToken: false,
        securityContext: {
          runAsNonRoot: true,
          runAsUser: 1000,
          seccompProfile: { type: "RuntimeDefault" },
        },
      });
      for (const {
        securityContext,
        resources,
        volumeMounts,
      } of spec.containers) {
        t.same(securityContext, {
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ["ALL"] },
        });
        t.ok(resources.requests.cpu && resources.limits.memory);
        t.ok(volumeMounts.every((it: { readOnly: boolean }) => it.readOnly));
      }
    }
  },
);
