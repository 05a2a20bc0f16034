// Opens files in yaml-language-server, as an editor does, and writes what it complains about.
// usage: node check.mjs FOLDER-WITH-NODE_MODULES FILE…
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const [folder, ...files] = process.argv.slice(2);
const server = spawn(process.execPath, [`${folder}/node_modules/yaml-language-server/bin/yaml-language-server`, "--stdio"], {
  stdio: ["pipe", "pipe", "inherit"],
});
const uris = new Map(files.map((file) => [pathToFileURL(file).href, file]));
const found = {};
let buffer = Buffer.alloc(0);
let next = 1;
const pending = new Map();

const give = (message) => {
  const body = Buffer.from(JSON.stringify({ jsonrpc: "2.0", ...message }));
  server.stdin.write(`Content-Length: ${body.length}\r\n\r\n`);
  server.stdin.write(body);
};
const notify = (method, params) => give({ method, params });
const ask = (method, params) =>
  new Promise((resolve) => {
    pending.set(next, resolve);
    give({ id: next++, method, params });
  });

const settings = { yaml: { validate: true, completion: false, hover: false, schemaStore: { enable: false } }, http: {} };

const take = (message) => {
  if (message.method === "textDocument/publishDiagnostics") {
    const file = uris.get(message.params.uri);
    if (file) found[file] = message.params.diagnostics.map((d) => d.message);
  } else if (message.method === "workspace/configuration") {
    give({ id: message.id, result: message.params.items.map((item) => settings[item.section] ?? null) });
  } else if (message.method && message.id !== undefined) {
    give({ id: message.id, result: null });
  } else if (message.id !== undefined) {
    pending.get(message.id)?.(message.result);
  }
};

server.stdout.on("data", (data) => {
  buffer = Buffer.concat([buffer, data]);
  for (;;) {
    const end = buffer.indexOf("\r\n\r\n");
    if (end < 0) return;
    const length = Number(/content-length: (\d+)/i.exec(buffer.subarray(0, end).toString())[1]);
    if (buffer.length < end + 4 + length) return;
    take(JSON.parse(buffer.subarray(end + 4, end + 4 + length).toString()));
    buffer = buffer.subarray(end + 4 + length);
  }
});

await ask("initialize", {
  processId: process.pid,
  rootUri: null,
  capabilities: { workspace: { configuration: true }, textDocument: { publishDiagnostics: {} } },
});
notify("initialized", {});
notify("workspace/didChangeConfiguration", { settings });
for (const [uri, file] of uris) {
  const text = readFileSync(file, "utf8");
  notify("textDocument/didOpen", { textDocument: { uri, languageId: "yaml", version: 1, text } });
}
const deadline = Date.now() + 120_000;
// A file may be looked at twice: once before and once after its schema is loaded.
let quiet = 0;
while (Date.now() < deadline && quiet < 10) {
  const before = JSON.stringify(found);
  await new Promise((resolve) => setTimeout(resolve, 300));
  quiet = JSON.stringify(found) === before && Object.keys(found).length === files.length ? quiet + 1 : 0;
}
server.kill();
process.stdout.write(JSON.stringify(found));
