#!/usr/bin/env node
// Hill climbing over graphs, in JavaScript and nothing but Node's standard library.
//
//   isobudget test --method-cmd "node examples/hill_climber.js"
//   isobudget run quick -m random --method-cmd "node examples/hill_climber.js" -o runs/js
//
// It draws some graphs from the space's sampler, then changes the best one so far a little, again and again, and
// now and then looks once more at the best few. docs/method-protocol.md walks through this file.
"use strict";

const readline = require("node:readline");

// ---- the line: one JSON object a line; every message repeats the id of the request that is open ----

const lines = readline.createInterface({ input: process.stdin })[Symbol.asyncIterator]();
let open = 0;

async function receive() {
  const { value, done } = await lines.next();
  if (done) process.exit(0);
  const message = JSON.parse(value);
  open = message.id;
  return message;
}

function send(message) {
  process.stdout.write(JSON.stringify({ id: open, ...message }) + "\n");
}

async function call(message) {
  send(message);
  return receive();
}

// ---- randomness: splitmix64 from the seed that the harness gives, so that a run can be repeated ----

function generator(seed) {
  const wide = (1n << 64n) - 1n;
  let state = BigInt("0x" + seed);
  function next() {
    state = (state + 0x9e3779b97f4a7c15n) & wide;
    let z = state;
    z = ((z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n) & wide;
    z = ((z ^ (z >> 27n)) * 0x94d049bb133111ebn) & wide;
    return z ^ (z >> 31n);
  }
  const random = () => Number(next() >> 11n) / 2 ** 53;
  const below = (n) => Math.floor(random() * n);
  return { random, below, pick: (list) => list[below(list.length)] };
}

// ---- graphs: models[v], edges as a set of "from,to" with from < to, a sink; roles follow from the edges ----

function draft(graph) {
  return {
    models: graph.nodes.map(([model]) => model),
    edges: new Set(graph.edges.map(([from, to]) => `${from},${to}`)),
    sink: graph.sink,
  };
}

function pairs(edges) {
  return [...edges].map((edge) => edge.split(",").map(Number));
}

function built({ models, edges, sink }) {
  const list = pairs(edges);
  const fed = new Set(list.map(([, to]) => to));
  const nodes = models.map((model, v) => [model, fed.has(v) ? "fuser" : "assistant"]);
  return { nodes, edges: list, sink }; // the sink reads whatever nobody else reads
}

// FLOPs a question: each model's table says what a call costs by the number of answers that it reads.
function cost({ models, edges, sink }, flops) {
  const list = pairs(edges);
  const inputs = models.map((_, v) => list.filter(([, to]) => to === v).length);
  const unread = models.filter((_, v) => !list.some(([from]) => from === v)).length;
  const nodes = models.reduce((sum, model, v) => sum + flops[model][inputs[v]], 0);
  return nodes + (sink && sink[1] ? flops[sink[1]][unread] : 0);
}

// One edit: another model, an edge more or less, a node more or less, or another sink.
function edited({ models, edges, sink }, space, rng) {
  const n = models.length;
  const names = space.pool.models.map((model) => model.name);
  const shifted = (by, keep = () => true) =>
    new Set(pairs(edges).filter((edge) => edge.every(keep)).map((edge) => edge.map(by).join(",")));
  switch (rng.below(5)) {
    case 0: {
      const v = rng.below(n);
      return { models: models.map((model, i) => (i === v ? rng.pick(names) : model)), edges, sink };
    }
    case 1: {
      if (n === 1) return { models, edges, sink };
      const to = 1 + rng.below(n - 1);
      const edge = `${rng.below(to)},${to}`;
      const changed = new Set(edges);
      if (!changed.delete(edge)) changed.add(edge);
      return { models, edges: changed, sink };
    }
    case 2: {
      const changed = shifted((v) => v + 1); // the new node comes first, so that anyone may read it
      if (rng.random() < 0.7) changed.add(`0,${1 + rng.below(n)}`);
      return { models: [rng.pick(names), ...models], edges: changed, sink };
    }
    case 3: {
      if (n === 1) return { models, edges, sink };
      const gone = rng.below(n);
      const kept = shifted((v) => v - (v > gone), (v) => v !== gone);
      return { models: models.filter((_, v) => v !== gone), edges: kept, sink };
    }
    default:
      return { models, edges, sink: rng.pick(space.sinks) };
  }
}

// ---- the method ----

class HillClimber {
  constructor(problem) {
    this.space = problem.space;
    this.parameters = problem.parameters;
    this.rng = generator(problem.seed);
    this.flops = Object.fromEntries(problem.space.pool.models.map((model) => [model.name, model.flops]));
    this.starts = problem.prior ? [...problem.prior.starts] : []; // tier P1: what the published table names
    this.seen = new Map(); // id → { graph, units, right, asked }
    this.right = 0;
    this.asked = 0;
  }

  // Evaluated graphs, best first, by posterior mean: a few right answers on few questions mean little.
  ranked() {
    const pooled = this.asked ? this.right / this.asked : 0.5;
    const mean = (one) => (one.right + 5 * pooled) / (one.asked + 5);
    const order = (a, b) => mean(b) - mean(a) || a.units - b.units || (a.graph.id < b.graph.id ? -1 : 1);
    return [...this.seen.values()].sort(order);
  }

  async ask() {
    if (this.starts.length) return { graph: this.starts.shift() };
    const ranked = this.ranked();
    if (ranked.length < this.parameters.starts) return { graph: await this.drawn() };
    if (this.rng.random() < this.parameters.again) return { graph: this.rng.pick(ranked.slice(0, 3)).graph };
    return { graph: (await this.near(ranked[0].graph)) ?? (await this.drawn()) };
  }

  async drawn() {
    return (await call({ type: "sample" })).graph;
  }

  // A graph that has not been evaluated yet, one or two edits away; null when none is found soon.
  async near(graph) {
    for (let attempt = 0; attempt < 40; attempt++) {
      let changed = edited(draft(graph), this.space, this.rng);
      if (this.rng.random() < 0.5) changed = edited(changed, this.space, this.rng);
      if (changed.models.length > this.space.max_nodes) continue;
      if (cost(changed, this.flops) > this.space.cap) continue; // no need to ask for what is too dear
      const answer = await call({ type: "contains", graph: built(changed) });
      if (answer.contains && !this.seen.has(answer.graph.id)) return answer.graph;
    }
    return null;
  }

  tell(outcome) {
    const known = this.seen.get(outcome.graph.id);
    const one = known ?? { graph: outcome.graph, units: outcome.units, right: 0, asked: 0 };
    one.right += outcome.right;
    one.asked += outcome.kinds.length;
    this.seen.set(outcome.graph.id, one);
    this.right += outcome.right;
    this.asked += outcome.kinds.length;
  }

  recommend() {
    return this.seen.size ? this.ranked()[0].graph : null; // null: whatever the harness would take
  }
}

const HELLO = {
  type: "hello",
  protocol: 1,
  name: "hill-climber",
  label: "Hill climber (JavaScript)",
  source: "hill climbing over one or two edits, from the best of a few draws",
  uses_prior: true,
  parameters: { starts: 8, again: 0.3 },
};

async function main() {
  let method = null;
  for (;;) {
    const request = await receive();
    switch (request.type) {
      case "hello":
        send(HELLO);
        break;
      case "problem":
        method = new HillClimber(request);
        send({ type: "ready" });
        break;
      case "ask":
        send({ type: "proposals", proposals: [await method.ask()] });
        break;
      case "tell":
        method.tell(request.outcome);
        send({ type: "told" });
        break;
      case "recommend":
        send({ type: "recommendation", graph: method.recommend() });
        break;
      case "recommend_front":
        send({ type: "front", graphs: null }); // the harness keeps a history, too: its front will do
        break;
    }
  }
}

main();
