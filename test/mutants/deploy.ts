import type { Mutant } from "./mutant.js";

const server = "src/deploy/kubernetes/server.yaml";
const test = "test/deploy/kubernetes.test.ts";

/** Mistakes in how it is deployed. */
export const deploy: Mutant[] = [
  {
    name: "a probe asks what is not there",
    file: server,
    find: "path: /readyz",
    replace: "path: /ready",
    test,
    only: "probes ask",
  },
  {
    name: "a field of a manifest is misspelt",
    file: server,
    find: "terminationGracePeriodSeconds:",
    replace: "terminationGracePeriodSecs:",
    test,
    only: "Kubernetes takes them",
  },
  {
    name: "a pod is killed while it stops",
    file: server,
    find: "terminationGracePeriodSeconds: 30",
    replace: "terminationGracePeriodSeconds: 20",
    test,
    only: "a stop has the time",
  },
  {
    name: "the Service finds no pod",
    file: "src/deploy/kubernetes/service.yaml",
    find: "  selector:\n    app.kubernetes.io/name: lucky-draw",
    replace: "  selector:\n    app.kubernetes.io/name: lucky",
    test,
    only: "all of them mean",
  },
  {
    name: "a secret stands in the settings",
    file: "src/deploy/kubernetes/settings.env",
    find: "ADMIN_TOKEN_FILE=/run/secrets/lucky-draw/ADMIN_TOKEN",
    replace: "ADMIN_TOKEN=0123456789abcdef0123456789abcdef",
    test,
    only: "each setting is one",
  },
  {
    name: "the migrations run another version",
    file: "src/deploy/kubernetes/migrate/kustomization.yaml",
    find: "newTag: 0.1.0",
    replace: "newTag: latest",
    test,
    only: "every image",
  },
  {
    name: "a plan forgets what Redis can take",
    file: "bench/sizing/plan.ts",
    find: "if (it.busy.redis <= BUSY * shards) return it;",
    replace: "return it;",
    test: "test/deploy/sizing.test.ts",
    only: "a plan takes",
  },
];
