import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseEnv } from "node:util";
import ts from "typescript";
import { parseAllDocuments } from "yaml";

export type Manifest = {
  apiVersion: string;
  kind: string;
  metadata: { name: string };
  // biome-ignore lint/suspicious/noExplicitAny: each kind has a form of its own, which misfits() checks.
  spec: any;
};

type Kustomization = {
  namespace: string;
  resources: string[];
  images: { name: string; newName: string; newTag: string }[];
  configMapGenerator?: { name: string; envs: string[] }[];
};

/** A folder with a kustomization.yaml: what it names, and what lies there unnamed. */
export function readKustomization(folder: string) {
  const parse = (name: string) =>
    parseAllDocuments(readFileSync(join(folder, name), "utf8")).map((it) => {
      const [problem] = [...it.errors, ...it.warnings];
      if (problem) throw problem;
      return it.toJS();
    });
  const [it] = parse("kustomization.yaml") as [Kustomization];
  const maps = it.configMapGenerator ?? [];
  const settings = Object.fromEntries(
    maps.map(({ name, envs }) => {
      const texts = envs.map((env) => readFileSync(join(folder, env), "utf8"));
      return [name, parseEnv(texts.join("\n")) as Record<string, string>];
    }),
  );
  const named = [...it.resources, ...maps.flatMap(({ envs }) => envs)];
  const unnamed = readdirSync(folder)
    .filter((name) => /\.(yaml|yml|env)$/.test(name))
    .filter((name) => !["kustomization.yaml", ...named].includes(name));
  const manifests = it.resources.flatMap(parse) as Manifest[];
  return { ...it, manifests, settings, unnamed };
}

/**
 * What of these manifests is not as Kubernetes's own description has it. By its schemas, for forms such as quantities;
 * and as literals of their types, since a schema takes any field that it does not know.
 */
export async function misfits(manifests: Manifest[]): Promise<string[]> {
  const problems: string[] = [];
  const lines: string[] = [];
  for (const [n, it] of manifests.entries()) {
    const module = `kubernetes-models/${it.apiVersion}/${it.kind}`;
    const { [it.kind]: Model } = await import(module);
    try {
      new Model(it).validate();
    } catch (error) {
      problems.push(`${it.kind} ${it.metadata.name}: ${error}`);
    }
    lines.push(
      `import type { I${it.kind} as T${n} } from "${module}";`,
      `export const it${n}: T${n} = ${JSON.stringify(it)};`,
    );
  }
  return [...problems, ...typeErrors(lines.join("\n"))];
}

function typeErrors(text: string): string[] {
  const options: ts.CompilerOptions = {
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    types: [],
  };
  const name = join(process.cwd(), "test/manifests-as-types.ts");
  const host = ts.createCompilerHost(options);
  const { getSourceFile, fileExists } = host;
  host.fileExists = (path) => path === name || fileExists(path);
  host.getSourceFile = (path, version) =>
    path === name
      ? ts.createSourceFile(path, text, version)
      : getSourceFile(path, version);
  return ts
    .getPreEmitDiagnostics(ts.createProgram([name], options, host))
    .map(({ messageText }) =>
      ts.flattenDiagnosticMessageText(messageText, " "),
    );
}
