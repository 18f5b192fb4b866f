
"use strict";
document.documentElement.classList.add("scripted");
const byId = (id) => document.getElementById(id);

// Copying: the clipboard API if the browser allows it, else execCommand.

async function copyText(text) {
  if (navigator.clipboard && window.isSecureContext) {
    await navigator.clipboard.writeText(text);
    return true;
  }
  const area = document.createElement("textarea");
  area.value = text;
  document.body.append(area);
  area.select();
  const isDone = document.execCommand("copy");
  area.remove();
  return isDone;
}

for (const button of document.querySelectorAll("[data-copy]")) {
  button.addEventListener("click", async () => {
    const isDone = await copyText(byId(button.dataset.copy).textContent).catch(() => false);
    button.nextElementSibling.textContent = isDone ? "Copied." : "Not allowed here: select the text instead.";
  });
}

// Loading the page again when the program has been loaded again.

const POLL_MS = 1000;
const MAX_POLLS = 1200;
const main = byId("main");
let polls = 0;
let waiting = null;
let isInUse = false; // what was typed here would be lost

async function fetchProcess() {
  const answer = await fetch(location.pathname, { method: "OPTIONS", cache: "no-store", headers: { "Retort-Poll": "1" } });
  return answer.headers.get("Retort-Poll");
}

async function poll() {
  waiting = null;
  if (document.hidden) return;
  if (polls >= MAX_POLLS) {
    offerToReload("This page no longer checks whether the program has changed.");
    return;
  }
  polls += 1;
  let process_ = main.dataset.process;
  try {
    process_ = await fetchProcess();
  } catch {
    // The server is not running at the moment.
  }
  if (process_ === null) return; // another server: it gets no more requests of this page
  if (process_ === main.dataset.process) waiting = setTimeout(poll, POLL_MS);
  else if (main.dataset.method === "GET" && !isInUse) location.reload();
  else offerToReload("The program was loaded again.");
}

function offerToReload(reason) {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = main.dataset.method === "GET" ? "Load this page again" : "Send the request again";
  button.addEventListener("click", () => location.reload());
  byId("changed").replaceChildren(`${reason} `, button);
  byId("changed").hidden = false;
}

document.addEventListener("input", () => { isInUse = true; });
document.addEventListener("visibilitychange", () => {
  if (document.hidden || waiting !== null || !byId("changed").hidden) return;
  polls = 0;
  poll();
});
waiting = setTimeout(poll, POLL_MS);

// Trying methods.

const WITH_BODY = ["POST", "PUT", "PATCH", "QUERY"];
const tryForm = byId("try-form");

function addField(name, kind) {
  const row = document.createElement("p");
  row.className = "field";
  const value = document.createElement("input");
  value.type = kind;
  value.className = "value";
  value.id = `field-${byId("try-fields").children.length}`;
  if (name) {
    const label = document.createElement("label");
    label.htmlFor = value.id;
    label.textContent = name;
    value.dataset.name = name;
    row.append(label, value);
  } else {
    const chosen = document.createElement("input");
    chosen.className = "name";
    chosen.setAttribute("aria-label", "Name of the field");
    chosen.placeholder = "name";
    value.setAttribute("aria-label", "Value of the field");
    value.placeholder = "value";
    row.append(chosen, value);
  }
  byId("try-fields").append(row);
  return row;
}

function choose(button) {
  const methods = button.dataset.methods.split(" ");
  const fields = JSON.parse(button.dataset.fields);
  byId("try-rule").textContent = button.dataset.rule;
  byId("try-path").value = button.dataset.example;
  byId("try-fields").replaceChildren();
  for (const [name, kind] of fields) addField(name, kind);
  byId("no-fields").hidden = fields.length > 0;
  for (const row of tryForm.querySelectorAll("[data-method]")) {
    row.classList.toggle("not-taken", !methods.includes(row.dataset.method));
    row.querySelector("output").textContent = "";
  }
}

function chosenFields() {
  const pairs = [];
  for (const row of byId("try-fields").children) {
    const value = row.querySelector(".value");
    const name = value.dataset.name || row.querySelector(".name").value;
    if (!name) continue;
    if (value.type === "file") pairs.push([name, value.files[0] || new File([], "")]);
    else pairs.push([name, value.value]);
  }
  return pairs;
}

function asRequest(method, path, fields) {
  const url = new URL(path.replace(/^\/+/, "/"), location.origin);
  const options = { method, redirect: "manual", cache: "no-store", headers: { "Retort-Trial": "1" } };
  if (!WITH_BODY.includes(method)) {
    for (const [name, value] of fields) if (typeof value === "string") url.searchParams.append(name, value);
  } else if (fields.some(([, value]) => typeof value !== "string")) {
    options.body = new FormData();
    for (const [name, value] of fields) options.body.append(name, value);
  } else if (fields.length) {
    options.body = new URLSearchParams(fields);
  }
  return [url, options];
}

async function ask(method, path, fields) {
  const [url, options] = asRequest(method, path, fields);
  const answer = await fetch(url, options);
  const inHeader = answer.headers.get("Retort-Trial");
  return inHeader ? JSON.parse(decodeURIComponent(inHeader)) : answer.json();
}

async function send(method, path, fields) {
  const row = tryForm.querySelector(`[data-method="${method}"]`);
  const output = row.querySelector("output");
  output.textContent = "…";
  try {
    const record = await ask(method, path, fields);
    output.textContent = record.status + (record.location ? ` → ${record.location}` : "");
    byId("try-status").textContent = `${method} ${path} was answered with ${record.status}.`;
    byId("sent").textContent = record.request;
    byId("received").textContent = record.response;
    byId("exchange").hidden = false;
    offerToFollow(record.location);
  } catch (error) {
    output.textContent = "no answer";
    byId("try-status").textContent = `${method} ${path} was not answered: ${error.message}`;
  }
}

function offerToFollow(location_) {
  const target = location_ ? new URL(location_, location.origin) : null;
  const isHere = target !== null && target.origin === location.origin;
  byId("follow-line").hidden = !isHere;
  if (!isHere) return;
  const path = target.pathname + target.search;
  byId("follow").textContent = `Follow to ${path}`;
  byId("follow").dataset.path = path;
}

if (tryForm) {
  const buttons = document.querySelectorAll("button.try");
  for (const button of buttons) {
    button.addEventListener("click", () => {
      choose(button);
      byId("try-heading").focus();
    });
  }
  choose(buttons[0]);
  byId("add-field").addEventListener("click", () => addField("", "text").querySelector("input").focus());
  byId("follow").addEventListener("click", () => send("GET", byId("follow").dataset.path, []));
  tryForm.addEventListener("submit", (event) => {
    event.preventDefault();
    isInUse = true;
    const method = event.submitter ? event.submitter.value : "GET";
    send(method, byId("try-path").value, chosenFields());
  });
}

// Werkzeug's console, in the frames of the traceback.

const consoleTemplate = byId("console");
let isTrusted = consoleTemplate !== null && consoleTemplate.dataset.trusted === "yes";

async function askDebugger(parameters) {
  const query = new URLSearchParams({ __debugger__: "yes", s: consoleTemplate.dataset.secret, ...parameters });
  const answer = await fetch(`${location.pathname}?${query}`, { cache: "no-store" });
  if (!answer.ok) throw new Error(`the debugger answered ${answer.status}`);
  return answer;
}

function showLock() {
  for (const form of document.querySelectorAll(".console .pin")) form.hidden = isTrusted;
  for (const form of document.querySelectorAll(".console .code")) form.hidden = !isTrusted;
}

async function unlock(form, status) {
  const { auth, exhausted } = await (await askDebugger({ cmd: "pinauth", pin: form.elements.pin.value })).json();
  isTrusted = auth;
  if (exhausted) status.textContent = "Too many wrong PINs: start the server again.";
  else status.textContent = auth ? "Unlocked." : "This is not the PIN.";
  showLock();
}

async function run(form, output, frame) {
  const answer = await askDebugger({ cmd: form.elements.code.value, frm: frame });
  // Werkzeug responds in HTML; only its text is used.
  const text = new DOMParser().parseFromString(await answer.text(), "text/html").body.textContent;
  output.textContent += text.endsWith("\n") ? text : `${text}\n`;
  output.scrollTop = output.scrollHeight;
  form.reset();
}

function openConsole(button) {
  const box = consoleTemplate.content.firstElementChild.cloneNode(true);
  const [pin, code] = box.querySelectorAll("form");
  const status = box.querySelector("[role=status]");
  const showError = (error) => { status.textContent = `No response: ${error.message}`; };
  pin.addEventListener("submit", (event) => {
    event.preventDefault();
    unlock(pin, status).then(() => isTrusted && code.elements.code.focus()).catch(showError);
  });
  code.addEventListener("submit", (event) => {
    event.preventDefault();
    run(code, box.querySelector(".output"), button.dataset.console).catch(showError);
  });
  button.parentElement.after(box);
  showLock();
  box.querySelector("form:not([hidden]) input").focus();
}

for (const button of document.querySelectorAll("[data-console]")) {
  button.addEventListener("click", () => {
    const box = button.parentElement.nextElementSibling;
    if (box) box.remove();
    else openConsole(button);
    button.setAttribute("aria-expanded", String(!box));
  });
}

