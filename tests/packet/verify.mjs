// A second verifier of evidence packets, written from docs/reference/packet.md, to be held against verify.py.
//
//   node verify.mjs PACKET KEY [CHECKPOINTS]     ends with 0 if the packet holds, with 1 and the reason if not;
//                                                with 2 if no proof joins it to a file of checkpoints
//   node verify.mjs --vectors FOLDER   checks the ledger's vectors; prints the number of them

import { createHash, createPublicKey, verify as verifySignature } from "node:crypto";
import { lstatSync, readFileSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { crc32, inflateRawSync } from "node:zlib";

const NOTICE = "42 CFR part 2 prohibits unauthorized use or disclosure of these records.";
const MOST = 512 * 1024 * 1024;
const NAMED = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
class Wrong extends Error {}
class Undecided extends Error {}
const must = (holds, what) => { if (!holds) throw new Wrong(what); };
const sha256 = (...parts) => { const h = createHash("sha256"); parts.forEach((p) => h.update(p)); return h.digest(); };
const u32 = (n) => { const b = Buffer.alloc(4); b.writeUInt32BE(n); return b; };
const u64 = (n) => { const b = Buffer.alloc(8); b.writeBigUInt64BE(BigInt.asUintN(64, BigInt(n))); return b; };
const prefixed = (text) => { const data = Buffer.from(text); return Buffer.concat([u32(data.length), data]); };
const hex = (text) => { must(/^([0-9a-f]{2})*$/.test(text), "hex"); return Buffer.from(text, "hex"); };
const base64 = (text) => { const b = Buffer.from(text, "base64"); must(b.toString("base64") === text, "base64"); return b; };

// --- keys and notes ---

// The order of the group of prime order, of which a key must be a point: written properly, and without a part of small order.
const [P, ORDER] = [2n ** 255n - 19n, 2n ** 252n + 27742317777372353535851937790883648493n];
const mod = (n) => ((n % P) + P) % P;
const power = (base, exponent) => { let [found, b] = [1n, mod(base)]; for (let e = exponent; e; e >>= 1n, b = mod(b * b)) if (e & 1n) found = mod(found * b); return found; };
const inverse = (n) => power(n, P - 2n);
const D = mod(-121665n * inverse(121666n));
// the sum of two points [x, y, z] in projective coordinates (Bernstein and others, "Twisted Edwards curves", 2008)
const plus = ([x1, y1, z1], [x2, y2, z2]) => {
  const [a, c, d] = [mod(z1 * z2), mod(x1 * x2), mod(y1 * y2)];
  const [b, e] = [mod(a * a), mod(D * c * d)];
  const [f, g] = [mod(b - e), mod(b + e)];
  return [mod(a * f * ((x1 + y1) * (x2 + y2) - c - d)), mod(a * g * (d + c)), mod(f * g)];
};
function inPrimeGroup(bytes) {
  const number = BigInt(`0x${Buffer.from(bytes).reverse().toString("hex")}`);
  const y = number & ((1n << 255n) - 1n);
  const square = mod((y * y - 1n) * inverse(D * y * y + 1n));
  let x = power(square, (P + 3n) / 8n);
  if (mod(x * x - square)) x = mod(x * power(2n, (P - 1n) / 4n));
  if (y >= P || mod(x * x - square) || x === 0n) return false; // x = 0: the points of order 1 and 2
  let [sum, point] = [[0n, 1n, 1n], [x, y, 1n]]; // of either sign: both have one order
  for (let e = ORDER; e; e >>= 1n, point = plus(point, point)) if (e & 1n) sum = plus(sum, point);
  return mod(sum[0]) === 0n && mod(sum[1] - sum[2]) === 0n;
}

export function readKey(line) {
  const match = /^([^+\s]+)\+([0-9a-f]{8})\+(\S+)$/.exec(line.trim());
  must(match, "key");
  const material = base64(match[3]);
  const id = sha256(match[1] + "\n", material).subarray(0, 4);
  must(material.length === 33 && material[0] === 1 && id.toString("hex") === match[2], "key");
  must(inPrimeGroup(material.subarray(1)), "unsafe key");
  return { line: line.trim(), name: match[1], id, material, public: createPublicKey({
    format: "der", type: "spki", key: Buffer.concat([Buffer.from("302a300506032b6570032100", "hex"), material.subarray(1)]),
  }) };
}

// the same key under the name of another log
const named = (key, name) =>
  readKey(`${name}+${sha256(name + "\n", key.material).subarray(0, 4).toString("hex")}+${key.material.toString("base64")}`);

export function openNote(note, key) {
  const end = note.lastIndexOf("\n\n");
  must(end >= 0 && note.endsWith("\n") && note.length > end + 2, "note");
  const text = note.slice(0, end);
  for (const line of note.slice(end + 2, -1).split("\n")) {
    const match = /^— (\S+) (\S+)$/.exec(line);
    must(match, "note");
    const signature = base64(match[2]);
    if (match[1] === key.name && signature.subarray(0, 4).equals(key.id)) {
      must(!signature.subarray(4, 36).equals(Buffer.from([1, ...Buffer.alloc(31)])), "signature");
      must(verifySignature(null, Buffer.from(text + "\n"), key.public, signature.subarray(4)), "signature");
      return text;
    }
  }
  throw new Wrong("no signature of the key");
}

// --- files ---

// One layout only: file after file from the first byte on, the directory in the same order, its end, and nothing else.
function unzip(path) {
  const zip = readFileSync(path);
  const end = zip.length - 22;
  must(end >= 0 && zip.readUInt32LE(end) === 0x06054b50 && zip.readUInt32LE(end + 4) === 0, "zip");
  const count = zip.readUInt16LE(end + 10);
  must(zip.readUInt16LE(end + 8) === count && zip.readUInt16LE(end + 20) === 0, "zip end"); // no comment
  const files = new Map();
  const directory = zip.readUInt32LE(end + 16);
  let [at, place] = [directory, 0];
  for (let left = count; left > 0; left -= 1) {
    must(zip.readUInt32LE(at) === 0x02014b50 && zip.readUInt32LE(place) === 0x04034b50, "zip");
    const [flags, method, packed, size] = [zip.readUInt16LE(at + 8), zip.readUInt16LE(at + 10), zip.readUInt32LE(at + 20), zip.readUInt32LE(at + 24)];
    const nameLength = zip.readUInt16LE(at + 28);
    must([30, 32, 34].every((offset) => zip.readUInt16LE(at + offset) === 0), "extra, comment or disk");
    must(zip.readUInt32LE(at + 42) === place, "zip place");
    // from the flags to the length of the name, and the name: the same in both headers
    must(zip.subarray(at + 8, at + 30).equals(zip.subarray(place + 6, place + 28)) && zip.readUInt16LE(place + 28) === 0, "zip headers");
    const raw = zip.subarray(at + 46, at + 46 + nameLength);
    must(raw.equals(zip.subarray(place + 30, place + 30 + nameLength)), "zip names");
    const [name, kind] = [NAMED.decode(raw), zip.readUInt32LE(at + 38) >>> 28];
    must(!(flags & ~0x0806) && (kind === 8 || kind === 0) && !(zip.readUInt32LE(at + 38) & 16) && !name.endsWith("/") && !files.has(name), "zip entry");
    must(size <= 200 * packed + 1e6 && size <= MOST && (method === 8 || (method === 0 && size === packed)), "zip entry");
    const data = zip.subarray(place + 30 + nameLength, place + 30 + nameLength + packed);
    const crc = zip.readUInt32LE(at + 16);
    files.set(name, () => {
      const found = method ? inflateRawSync(data, { maxOutputLength: size + 1, info: true }) : null;
      must(!found || found.engine.bytesWritten === packed, "zip data");
      const content = found ? found.buffer : data;
      must(content.length === size && crc32(content) === crc, "zip data");
      return content;
    });
    at += 46 + nameLength;
    place += 30 + nameLength + packed;
  }
  must(at === end && place === directory, "zip");
  return files;
}

function folder(path, inside = "", files = new Map()) {
  for (const name of readdirSync(join(path, inside))) {
    const full = inside ? `${inside}/${name}` : name;
    const about = lstatSync(join(path, full));
    must(about.isFile() || about.isDirectory(), "link");
    if (about.isDirectory()) folder(path, full, files);
    else files.set(full, () => { must(about.size <= MOST, "size"); return readFileSync(join(path, full)); });
  }
  return files;
}

// --- events and tree ---

const microseconds = (iso) => {
  const match = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\.(\d{6})\+00:00$/.exec(iso);
  must(match, "time");
  return BigInt(Date.parse(`${match[1]}Z`)) * 1000n + BigInt(match[2]);
};

export const leafOf = (row) => sha256(
  Buffer.from([0, 1, row.log ?? 1]), u64(row.position), row.stream, u64(row.version), u64(row.moment), prefixed(row.name),
  prefixed(row.recorded_by), prefixed(row.asserted_by), prefixed(row.source), prefixed(row.command_id), row.payloadHash,
);

const sorted = (names) => [...names].sort().join();
const BASE = ["position", "version", "recorded_at", "recorded_by", "asserted_by", "name", "leaf"];
const OPEN = [...BASE, "source", "command_id"];
const SHAPES = new Map([
  [sorted([...OPEN, "salt", "payload"]), "proven"], [sorted([...OPEN, "payload_hash", "stated", "left_out"]), "stated"],
  [sorted([...OPEN, "payload_hash", "withheld"]), "withheld"], [sorted([...BASE, "sealed", "withheld"]), "sealed"],
  [sorted([...BASE, "sealed", "stated", "left_out"]), "sealed"],
]);

function readEvents(text, entry, leaves) {
  const [first, ...lines] = text.split("\n");
  const head = JSON.parse(first);
  must(["client", "episode", "stream", "events"].every((name) => head[name] === entry[name]), "head");
  must(lines.pop() === "" && lines.length === entry.events, "count");
  let before = 0;
  lines.forEach((line, number) => {
    const event = JSON.parse(line); // with the payload: this one reads it, too
    const shape = SHAPES.get(sorted(Object.keys(event)));
    must(shape && event.version === number + 1 && Number.isInteger(event.position), "form");
    must(event.position > before && !leaves.has(event.position), "order");
    let leaf = hex(event.leaf);
    if (shape !== "sealed") {
      const payload = shape === "proven" ? Buffer.from(line.slice(line.indexOf(',"payload":') + 11, -1)) : null;
      const salt = payload && hex(event.salt);
      must(!salt || salt.length === 16, "salt");
      const payloadHash = payload ? sha256(salt, payload) : hex(event.payload_hash);
      must(payloadHash.length === 32, "hash");
      leaf = leafOf({ ...event, stream: hex(entry.stream), moment: microseconds(event.recorded_at), payloadHash });
    }
    must(leaf.toString("hex") === event.leaf && leaf.length === 32, "leaf");
    const said = event.payload ?? event.stated ?? entry;
    must(said.episode === entry.episode, "episode");
    leaves.set(event.position, leaf);
    before = event.position;
  });
}

const half = (count) => { let power = 1; while (power * 2 < count) power *= 2; return power; };

export function rootOf(leaves, size, hashes) {
  const known = [...leaves.keys()].sort((a, b) => a - b);
  must(known.length && known[0] >= 1 && known.at(-1) <= size && Number.isSafeInteger(size), "proof");
  let next = 0;
  const root = (start, end, inside) => {
    if (!inside.length) { must(next < hashes.length, "proof"); return hashes[next++]; }
    if (end - start === 1) return leaves.get(end);
    const middle = start + half(end - start);
    const split = inside.findIndex((p) => p > middle);
    const left = split < 0 ? inside : inside.slice(0, split);
    return sha256(Buffer.from([1]), root(start, middle, left), root(middle, end, split < 0 ? [] : inside.slice(split)));
  };
  const found = root(0, size, known);
  must(next === hashes.length, "proof");
  return found;
}

const pair = (left, right) => sha256(Buffer.from([1]), left, right);

// whether the tree of root b over n leaves begins with that of root a over m (RFC 9162, 2.1.4.1: the proof is made again,
// top down, and its two roots are compared)
export function consistent([m, a], [n, b], path) {
  if (m === n || m === 0) return !path.length && a.equals(m ? b : sha256(""));
  const rest = [...path];
  const next = () => { must(rest.length, "path"); return rest.pop(); }; // the topmost hash comes last
  // the roots over the first m and over all of n leaves, where `whole` says that the m are a subtree of the old tree
  const roots = (m, n, whole) => {
    if (m === n) { const root = whole ? a : next(); return [root, root]; }
    const k = half(n);
    if (m <= k) { const right = next(); const [old, left] = roots(m, k, whole); return [old, pair(left, right)]; }
    const left = next();
    const [old, right] = roots(m - k, n - k, false);
    return [pair(left, old), pair(left, right)];
  };
  if (!(m > 0 && m < n && Number.isSafeInteger(n))) return false;
  const [old, now] = roots(m, n, true);
  return !rest.length && old.equals(a) && now.equals(b);
}

// --- the packet ---

const head = (text, name) => {
  const [first, size, root] = text.split("\n");
  must(first === name && /^(0|[1-9]\d{0,15})$/.test(size) && base64(root).length === 32, "head");
  return [Number(size), base64(root)];
};

// the heads that a file of checkpoints states, each with the name of its log
function keptHeads(content, key, origin) {
  const found = [];
  must(content, "no checkpoint");
  for (const note of content.split(/(?<=\n— [^\n]*\n)(?!— )/).filter(Boolean)) {
    const log = note.startsWith(`${origin}/accesses\n`) ? "accesses" : "events";
    const name = log === "events" ? origin : `${origin}/accesses`;
    const text = openNote(note, log === "events" ? key : named(key, name));
    found.push([log, head(text, name)]); // of one note the accesses come before the events they were signed with
    const events = /\nevents (\d+) (\S+)/.exec(text);
    if (log === "accesses" && events) found.push(["events", head([origin, events[1], events[2]].join("\n"), origin)]);
  }
  return found;
}

function compare(kept, key, origin, heads, proofs) {
  const joined = new Map(Object.entries(heads).map(([log, [size, root]]) => [`${log} ${size}`, root]));
  for (const { log, size, root, path } of proofs) {
    const both = [[size, base64(root)], heads[log]].sort(([a], [b]) => a - b);
    must(Number.isInteger(size) && consistent(...both, path.map(base64)), "consistency");
    joined.set(`${log} ${size}`, base64(root));
  }
  let found;
  try { found = kept === undefined ? [] : keptHeads(kept, key, origin); } catch { throw new Undecided("not compared"); }
  const grown = found.map(([log, [size]]) => heads[log][0] - size);
  found.forEach(([log], at) => must(log === "events" || grown[at] * (grown[at + 1] ?? 0) >= 0, "one log shrank"));
  for (const [log, [size, root]] of found) {
    const known = size ? joined.get(`${log} ${size}`) : sha256("");
    if (known?.equals(root) || !heads[log][0]) continue;
    must(!known || size > heads[log][0], "split view");
    throw new Undecided("no proof");
  }
}

function check(path, keyLine, keptPath) {
  const files = statSync(path).isDirectory() ? folder(path) : unzip(path);
  const read = (name) => { must(files.has(name), `${name} missing`); const data = files.get(name)(); must(data.length <= MOST, "size"); return data; };
  const text = (name) => NAMED.decode(read(name));
  const key = readKey(keyLine);
  const note = text("manifest.note");
  const data = read("manifest.json");
  must(openNote(note, key).endsWith(`\n${sha256(data).toString("hex")} ${data.length}`), "manifest"); // before it is parsed
  const manifest = JSON.parse(text("manifest.json"));
  must(manifest.format === "caretrail.packet/1" && manifest.notice === NOTICE, "format");
  must(manifest.keys.includes(key.line), "keys");
  const stated = `caretrail.packet/manifest\n${NOTICE}\n${manifest.origin}\n${sha256(data).toString("hex")} ${data.length}`;
  for (const signer of [key, ...manifest.keys.map(readKey)]) must(openNote(note, signer) === stated, "manifest");
  must(note.split("\n").length === 6 + manifest.keys.length, "signatures");
  const names = manifest.files.map((file) => file.path);
  must(sorted([...names, "manifest.json", "manifest.note"]) === sorted(files.keys()), "files");
  must(names.every((n) => /^[A-Za-z0-9._/-]{1,300}$/.test(n) && n.split("/").every((p) => !["", ".", ".."].includes(p))), "names");
  const streams = new Map(manifest.streams.map((entry) => [`${entry.folder}/events.jsonl`, entry]));
  const leaves = new Map();
  for (const file of manifest.files) {
    const content = read(file.path);
    must(content.length === file.bytes && sha256(content).toString("hex") === file.sha256, file.path);
    must(["checkpoint", "checkpoint-accesses", "checkpoint.tsr"].includes(file.path) || content.includes(NOTICE), "notice");
    if (streams.has(file.path)) { readEvents(NAMED.decode(content), streams.get(file.path), leaves); streams.delete(file.path); }
  }
  must(!streams.size, "events missing");
  const [origin, size, root] = openNote(text("checkpoint"), key).split("\n");
  must(origin === manifest.origin && size === String(manifest.size), "checkpoint");
  must(origin === key.name, "another log than the key");
  const accesses = openNote(text("checkpoint-accesses"), named(key, `${origin}/accesses`));
  must(accesses.split("\n")[3] === `events ${size} ${root}`, "not signed together");
  const heads = { events: head(openNote(text("checkpoint"), key), origin), accesses: head(accesses, `${origin}/accesses`) };
  const hashes = JSON.parse(text("proof.json")).hashes.map(base64);
  must(hashes.every((h) => h.length === 32) && rootOf(leaves, manifest.size, hashes).equals(base64(root)), "root");
  const lines = manifest.streams.map((entry) => `${entry.stream} ${entry.events}`);
  const complete = ["caretrail.packet/completeness", NOTICE, manifest.origin, String(manifest.size), ...lines].join("\n");
  must(openNote(text("completeness.note"), key) === complete, "completeness");
  const proofs = files.has("consistency.json") ? JSON.parse(text("consistency.json")).proofs : [];
  compare(keptPath && readFileSync(keptPath, "utf8"), key, origin, heads, proofs);
}

const status = (error) => (error instanceof Undecided ? 2 : 1);

// --- the ledger's vectors ---

const holds = (step) => { try { return step(); } catch { return false; } };

function vectors(place) {
  // numbers that a double cannot hold stay texts
  const rows = (name) => JSON.parse(readFileSync(join(place, `${name}.json`), "utf8").replace(/: (-?\d{16,})([,}])/g, ': "$1"$2'));
  let count = 0;
  const agree = (found, row) => { must(found === (row.valid ?? true), JSON.stringify(row)); count += 1; };
  for (const row of rows("leaves")) {
    const payloadHash = sha256(hex(row.salt), hex(row.payload));
    const leaf = leafOf({ ...row, stream: hex(row.stream), moment: BigInt(row.recorded_at), payloadHash });
    agree(leaf.toString("hex") === row.leaf && payloadHash.toString("hex") === row.payload_hash, row);
  }
  for (const tree of rows("trees")) {
    const leaves = tree.leaves.map(hex);
    for (const [size, root] of Object.entries(tree.roots)) {
      if (size === "0") continue;
      const known = new Map(leaves.slice(0, Number(size)).map((leaf, index) => [index + 1, leaf]));
      agree(rootOf(known, Number(size), []).toString("hex") === root, { size, root });
    }
  }
  for (const row of rows("inclusion")) {
    const hashes = row.path.map(hex);
    agree(holds(() => rootOf(new Map([[row.index + 1, hex(row.leaf)]]), row.size, fromLeft(row.index, row.size, hashes)).equals(hex(row.root))), row);
  }
  for (const row of rows("consistency")) {
    agree(holds(() => consistent([row.old, hex(row.old_root)], [row.new, hex(row.new_root)], row.path.map(hex))), row);
  }
  for (const row of rows("notes")) {
    agree(holds(() => {
      const text = row.keys.map((line) => holds(() => openNote(row.note, readKey(line)))).find((found) => found !== false);
      must(text !== undefined, "no key");
      const [origin, size, root] = text.split("\n");
      return origin === row.origin && size === String(row.size) && base64(root).toString("hex") === row.root;
    }), row);
  }
  return count;
}

// An audit path goes from the leaf up; a packet has the same hashes from left to right.
function fromLeft(index, size, path) {
  const [left, right] = [[], []];
  let [start, end, at] = [0, size, path.length];
  while (end - start > 1 && at > 0) {
    const middle = start + half(end - start);
    at -= 1;
    if (index < middle) { right.unshift(path[at]); end = middle; } else { left.push(path[at]); start = middle; }
  }
  return [...path.slice(0, at), ...left, ...right];
}

if (process.argv[2] === "--vectors") {
  console.log(vectors(process.argv[3]));
} else if (process.argv[2] === "--many") { // lines "PACKET<tab>KEY[<tab>CHECKPOINTS]" on standard input, a status a line out
  for (const line of readFileSync(0, "utf8").trimEnd().split("\n")) {
    const [path, key, kept] = line.split("\t");
    try { check(path, key, kept); console.log("0"); } catch (error) { console.log(error instanceof TypeError && process.env.DEBUG ? error.stack : `${status(error)}`); }
  }
} else {
  try { check(...process.argv.slice(2, 5)); console.log("ok"); } catch (error) { console.log(error.message); process.exitCode = status(error); }
}
