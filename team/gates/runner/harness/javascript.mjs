// Runs inside the sandbox: checks JavaScript files, or makes one call and says what it answers.
//
// `check FILE...` prints `path:line: message` for each file that does not compile. `call` reads a job from
// stdin, {nonce, files, function, args, kwargs}, and writes one line, the nonce and the answer as JSON:
// {file, returned} | {file, raised: [name, kinds, words]} | {missing}. Values are tagged as in plain_values.py.

import { spawnSync } from "node:child_process";
import fs from "node:fs";
import module from "node:module";
import path from "node:path";
import url from "node:url";
import vm from "node:vm";

// Taken before the solution is loaded, which may put something else in their places.
const { stringify, parse } = JSON;
const { writeSync, readFileSync } = fs;
const leave = process.reallyExit.bind(process);
const SHORT = 2 ** 53;
const MOST_DEPTH = 120;
const MOST_NODES = 200_000;
const MOST_TEXT = 500;

function write(text) {
  let data = Buffer.from(text);
  while (data.length) {
    try {
      data = data.subarray(writeSync(1, data));
    } catch (error) {
      if (error.code !== "EAGAIN") throw error;
    }
  }
}

// Source text -------------------------------------------------------------------------------------------

function sourceOf(file) {
  const text = readFileSync(file, "utf8");
  return /\.m?ts$/.test(file) ? module.stripTypeScriptTypes(text) : text;
}

function isModule(file, text) {
  return /\.m[jt]s$/.test(file) || (!file.endsWith(".cjs") && /^\s*(import|export)\b/m.test(text));
}

function check(files) {
  for (const file of files) {
    const trouble = troubleWith(file);
    if (trouble) write(`${file}:${lineOf(trouble, file)}: ${trouble.message.split("\n")[0]}\n`);
  }
}

function troubleWith(file) {
  try {
    const text = sourceOf(file);
    if (isModule(file, text)) new vm.SourceTextModule(text, { identifier: file });
    else vm.compileFunction(text, ["exports", "require", "module", "__filename", "__dirname"], { filename: file });
    return null;
  } catch (error) {
    return error;
  }
}

// Of a module's mistakes, only the command line tells the line.
function lineOf(error, file) {
  const told = /^\S*:(\d+)\n/.exec(String(error.stack)) ?? /^\S*:(\d+)\n/.exec(complaint(file));
  return told ? Number(told[1]) : 1;
}

function complaint(file) {
  const copy = path.join(path.dirname(url.fileURLToPath(import.meta.url)), "checked.mjs");
  try {
    fs.writeFileSync(copy, sourceOf(file));
    return spawnSync(process.execPath, ["--check", copy], { encoding: "utf8" }).stderr;
  } catch (error) {
    return String(error.stack);
  }
}

// Finding the function ----------------------------------------------------------------------------------

async function find(files, name) {
  let why = `no source file exports ${name}`;
  for (const file of files) {
    try {
      const found = await load(file, name);
      if (found) return { file, found };
    } catch (error) {
      why = `${file} cannot be loaded: ${textOf(error)}`;
      break;
    }
  }
  return { why };
}

async function load(file, name) {
  const text = sourceOf(file);
  const place = path.resolve(file);
  if (!isModule(file, text)) return loadScript(place, text, name);
  const exported = await import(url.pathToFileURL(asModule(place)).href);
  return pick(exported, name);
}

// An older Node.js takes a `.js` file for a script, whatever is in it.
function asModule(place) {
  const detects = process.features.require_module || process.features.typescript !== undefined;
  if (!place.endsWith(".js") || detects) return place;
  const copy = `${place.slice(0, -3)}.mjs`;
  fs.copyFileSync(place, copy);
  return copy;
}

// A script hands on `module.exports`, or just has the function at its top.
function loadScript(place, text, name) {
  const own = { exports: {} };
  const names = ["exports", "require", "module", "__filename", "__dirname"];
  const ending = `\n;return typeof ${name} === "function" ? ${name} : undefined;`;
  const run = vm.compileFunction(text + ending, names, {
    filename: place,
    importModuleDynamically: vm.constants?.USE_MAIN_CONTEXT_DEFAULT_LOADER,
  });
  const top = run.call(own.exports, own.exports, module.createRequire(place), own, place, path.dirname(place));
  return pick(own.exports, name) ?? top;
}

function pick(exported, name) {
  for (const holder of [exported, exported?.default]) {
    if (typeof holder?.[name] === "function") return holder[name];
    if (typeof holder === "function" && (holder.name === name || holder.name === "" || holder.name === "default")) {
      return holder;
    }
  }
  return undefined;
}

// Values ------------------------------------------------------------------------------------------------

function decode(told) {
  if (Array.isArray(told)) return told.map(decode);
  if (told === null || typeof told !== "object") return told;
  const [[tag, content]] = Object.entries(told);
  switch (tag) {
    case "i": return content.startsWith("-") ? -BigInt(content.slice(1)) : BigInt(content);
    case "f": return { inf: Infinity, "-inf": -Infinity, nan: NaN }[content] ?? Number(content);
    case "t": return content.map(decode);
    case "s": case "fs": return new Set(content.map(decode));
    case "d": return Object.fromEntries(content.map(([key, value]) => [String(decode(key)), decode(value)]));
    case "dec": return Number(content);
    case "date": case "datetime": case "time": case "u": return content;
    default: throw new TypeError(`a value of the kind ${tag} cannot be handed in`);
  }
}

class NotPlain extends Error {}

function encode(value, depth = 0, count = { nodes: 0 }) {
  if (depth > MOST_DEPTH) throw new NotPlain("it is nested too deeply");
  if (++count.nodes > MOST_NODES) throw new NotPlain("it is too large");
  const inner = (item) => encode(item, depth + 1, count);
  switch (typeof value) {
    case "undefined": return null;
    case "boolean": case "string": return value;
    case "number": return number(value);
    case "bigint": return integer(value);
    case "object": break;
    default: return { x: [typeof value, String(value).slice(0, 200)] };
  }
  if (value === null) return null;
  if (Array.isArray(value)) return Array.from(value, inner);
  if (ArrayBuffer.isView(value) && !(value instanceof DataView)) return Array.from(value, inner);
  if (value instanceof Set) return { s: Array.from(value, inner) };
  if (value instanceof Map) return { d: Array.from(value, ([key, item]) => [inner(key), inner(item)]) };
  if (value instanceof Number || value instanceof String || value instanceof Boolean) return inner(value.valueOf());
  if (typeof value.toJSON === "function") return inner(value.toJSON());
  const pairs = Object.entries(value).filter(([, item]) => item !== undefined);
  return { d: pairs.map(([key, item]) => [key, inner(item)]) };
}

function number(value) {
  if (Object.is(value, -0)) return { f: "-0.0" };
  if (Number.isInteger(value)) return integer(BigInt(value));
  return { f: Number.isNaN(value) ? "nan" : String(value).replace("Infinity", "inf") };
}

function integer(value) {
  if (value > -SHORT && value < SHORT) return Number(value);
  return { i: value < 0n ? `-0x${(-value).toString(16)}` : `0x${value.toString(16)}` };
}

// The call ----------------------------------------------------------------------------------------------

async function answer(found, job) {
  let value;
  try {
    value = await found(...argumentsFor(found, job));
  } catch (error) {
    return { raised: [nameOf(error), kindsOf(error), textOf(error)] };
  }
  try {
    return { returned: encode(value) };
  } catch (error) {
    return { raised: ["NotPlain", [], `the returned value cannot be read: ${textOf(error)}`] };
  }
}

// Named arguments go where the function has parameters of these names, else one after the other.
function argumentsFor(found, job) {
  const args = job.args.map(decode);
  const named = job.kwargs.map(([name, value]) => [name, decode(value)]);
  if (!named.length) return args;
  const names = parametersOf(found);
  if (names === "object") return [...args, Object.fromEntries(named)];
  const given = new Map(named);
  if (names && named.every(([name]) => names.includes(name))) {
    const last = Math.max(...named.map(([name]) => names.indexOf(name)));
    return names.slice(0, last + 1).map((name, at) => (given.has(name) ? given.get(name) : args[at]));
  }
  return [...args, ...given.values()];
}

// The names of a function's parameters; "object" where it takes one apart; null where that cannot be told.
function parametersOf(found) {
  const text = Function.prototype.toString.call(found);
  const plain = text.replace(/\/\*[^]*?\*\/|\/\/[^\n]*/g, "");
  const arrow = /^(?:async\s+)?([\w$]+)\s*=>/.exec(plain);
  if (arrow) return [arrow[1]];
  const open = plain.indexOf("(");
  if (open < 0 || plain.includes("[native code]")) return null;
  const parts = parameters(plain, open + 1);
  if (parts.length === 1 && parts[0].startsWith("{")) return "object";
  const names = parts.map((part) => /^[\w$]+/.exec(part)?.[0]);
  return names.every(Boolean) ? names : null;
}

function parameters(text, start) {
  const parts = [""];
  let depth = 0;
  let quote = "";
  for (let at = start; at < text.length; at++) {
    const char = text[at];
    if (quote) quote = char === quote && text[at - 1] !== "\\" ? "" : quote;
    else if ("'\"`".includes(char)) quote = char;
    else if ("([{".includes(char)) depth++;
    else if (")]}".includes(char) && depth-- === 0) break;
    if (char === "," && !depth && !quote) parts.push("");
    else parts[parts.length - 1] += char;
  }
  return parts.map((part) => part.trim()).filter(Boolean);
}

function nameOf(error) {
  return String(error?.name ?? error?.constructor?.name ?? typeof error).slice(0, 100);
}

function kindsOf(error) {
  const kinds = [nameOf(error)];
  for (let kind = error; kind && kinds.length < 20; kind = Object.getPrototypeOf(kind)) {
    if (kind.constructor?.name) kinds.push(kind.constructor.name);
  }
  return kinds;
}

function textOf(error) {
  try {
    const text = error instanceof Error ? `${error.message}` : String(error);
    return text.slice(0, MOST_TEXT);
  } catch {
    return "";
  }
}

async function main() {
  const [mode, ...files] = process.argv.slice(2);
  if (mode === "check") return check(files);
  const job = parse(readFileSync(0, "utf8"));
  const told = (line) => write(`\n${job.nonce} ${stringify(line)}\n`);
  const { file, found, why } = await find(job.files, job.function);
  if (!found) told({ missing: why });
  else told({ file, ...(await answer(found, job)) });
  leave(0);
}

await main();
