// Use the types that openapi-typescript has generated: node use_client.ts http://ADDRESS
// `tsc --strict` checks this file and the types.

import createClient from "openapi-fetch";

import type { components, paths } from "./shop.d.ts";

declare const process: { argv: string[] };

type Signup = paths["/signup"]["post"]["requestBody"] extends { content: infer Content }
  ? Content["application/x-www-form-urlencoded" & keyof Content]
  : never;

const client = createClient<paths>({ baseUrl: process.argv[2] ?? "" });
const FORM = { "Content-Type": "application/x-www-form-urlencoded" };

function equal(found: unknown, expected: unknown): void {
  const [one, other] = [JSON.stringify(found), JSON.stringify(expected)];
  if (one !== other) throw new Error(`${one} is not ${other}`);
}

async function sendJson(): Promise<void> {
  const order: components["schemas"]["Order"] = {
    customer: "Ada",
    items: [{ sku: "AB1234", count: 2, price: 1.5 }],
    kind: "game",
    due: "2026-12-24",
    at: null,
    size: "s",
    notes: {},
    labels: [],
  };
  const { data } = await client.POST("/orders", {
    params: { query: { dry_run: false }, header: { "X-Trace": "t" } },
    body: order,
  });
  equal(data, { number: 1, customer: "Ada", total: 3 });
}

async function sendForm(): Promise<void> {
  const form = {
    email: "ada@example.org",
    age: 36,
    password: "correct horse",
    "address.street": "High Street",
    "address.town": "",
    budget: 2.5,
    kind: "game",
    newsletter: true,
    tags: ["a", "b"],
  } satisfies Signup;
  const { data } = await client.POST("/signup", { body: form, headers: FORM });
  equal(data, { number: 36, customer: "ada@example.org", total: 2.5 });
}

async function sendFile(): Promise<void> {
  const { data } = await client.POST("/pictures", {
    body: { title: "Sea", file: "12345" },
    bodySerializer({ title, file }) {
      const form = new FormData();
      form.append("title", title);
      form.append("file", new Blob([file], { type: "image/png" }), "a.png");
      return form;
    },
  });
  equal(data, { number: 5, customer: "Sea", total: 0 });
}

async function sendQuery(): Promise<void> {
  const { data } = await client.GET("/search", {
    params: {
      query: { q: "chess", tags: ["x", "y"] },
      header: { "X-Limit": 3 },
    },
  });
  equal(data?.map(({ customer, total }) => [customer, total]), [["chessdark", 3]]);
}

async function readErrors(): Promise<void> {
  const form = {
    email: "x",
    age: 1,
    password: "correct horse",
    "address.street": "High Street",
    "address.town": "",
    budget: 0,
    newsletter: false,
    tags: [],
  } satisfies Signup;
  const { error, response } = await client.POST("/signup", { body: form, headers: FORM });
  equal(response.status, 422);
  if (error === undefined || typeof error === "string") throw new Error("no problem document");
  equal(
    error.errors?.map(({ source, field, code }) => [source, field, code]),
    [
      ["form", "email", "pattern"],
      ["form", "age", "minimum"],
    ],
  );
}

await sendJson();
await sendForm();
await sendFile();
await sendQuery();
await readErrors();
console.log("all answers are right");
