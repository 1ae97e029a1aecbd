import { byId, element, fillTable } from "./dom.js";
import { decimals, duration, number, percent, unitValue } from "./format.js";

const valueText = (metric) => (metric.unit === "" && metric.ratio ? percent(metric.value) : metric.tag === "benchmark_duration" ? duration(metric.value) : (number(metric.value) + " " + metric.unit).trim());

export function drawHeader(data) {
  byId("title").textContent = data.scenario.name;
  byId("subtitle").textContent = [
    `${number(data.requests.total, 0)} ${data.requests.total === 1 ? "request" : "requests"} on ${number(data.run.replicas, 0)} ${data.run.replicas === 1 ? "replica" : "replicas"}`,
    duration(data.run.simulated_seconds) + " simulated",
    data.requests.warm_up ? `the first ${number(data.requests.warm_up, 0)} requests left out as warm-up` : null,
    data.scenario.path,
  ].filter((t) => t).join(" · ");
  byId("headline").replaceChildren(...data.scenario.headline.map((line) => element("p", { class: "quiet" }, line)));
  if (data.scenario.headline.length === 0) {
    byId("headline").remove();
  }
  if (data.partial) {
    byId("partial").replaceChildren(element("div", { class: "banner", role: "alert" },
      element("strong", {}, "Partial result"),
      `The run was ${data.stop_reason === "interrupted" ? "interrupted" : "ended by its time limit"} after ${duration(data.run.simulated_seconds)} of simulated time; ${number(data.requests.unfinished, 0)} requests were unfinished. Every number describes only what was finished.`));
  }
}

export function drawVerdict(data) {
  const section = byId("verdict");
  const slo = data.slo;
  if (!slo) {
    section.remove();
    return;
  }
  section.className = slo.verdict;
  const table = element("table", { class: "loose" });
  const name = (tag) => [...data.metrics, ...data.values].find((m) => m.tag === tag)?.name ?? data.definitions.find((d) => d.tag === tag).name;
  const rows = slo.targets.map((t) => [
    (t.statistic === "value" ? "" : t.statistic + " ") + name(t.metric) + (t.class === undefined ? "" : " of " + t.class),
    t.value === null ? "no value" : unitValue(t.value, t.unit),
    (t.comparison === "at_least" ? "at least " : "at most ") + unitValue(t.bound, t.unit),
    [t.verdict, "state-" + t.verdict],
  ]);
  if (slo.failed_fraction > 0 || slo.failed_fraction_max > 0) {
    const verdict = slo.failed_fraction <= slo.failed_fraction_max ? "met" : "missed";
    rows.push(["Failed requests", percent(slo.failed_fraction), "at most " + percent(slo.failed_fraction_max), [verdict, "state-" + verdict]]);
  }
  fillTable(table, "Service-level objective", ["Objective", "Reached", "Bound", ""], rows);
  const good = data.values.find((v) => v.tag === "good_request_fraction");
  const goodput = data.values.find((v) => v.tag === "goodput");
  section.replaceChildren(
    element("h2", { id: "verdict-title" }, `SLO ${slo.verdict}` + (data.partial ? " (partial result)" : "")),
    element("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Service-level objective" }, table),
    element("p", { class: "quiet", style: "margin-top:8px" }, [
      `${number(slo.bad_minutes.length, 0)} of ${number(slo.judged_minutes, 0)} minutes bad`,
      good ? `${percent(good.value)} of requests good` : null,
      goodput ? `goodput ${number(goodput.value)} requests/s` : null,
    ].filter((t) => t).join(" · ")));
}

export function drawTiles(data) {
  const metric = (tag) => data.metrics.find((m) => m.tag === tag);
  const value = (tag) => data.values.find((m) => m.tag === tag)?.value;
  const tiles = [];
  const latency = (tag, name) => {
    const m = metric(tag);
    if (m) {
      tiles.push([name, unitValue(m.p50, m.unit), "median", `p95 ${unitValue(m.p95, m.unit)} · p99 ${unitValue(m.p99, m.unit)}`]);
    }
  };
  latency("time_to_first_token", "Time to first token");
  latency("inter_token_latency", "Inter-token latency");
  latency("request_latency", "Request latency");
  if (value("output_token_throughput") !== undefined) {
    tiles.push(["Output tokens", number(value("output_token_throughput")), "per second", `${number(value("request_throughput"))} requests/s`]);
  }
  const r = data.requests;
  tiles.push(["Answered", number(r.completed + r.truncated, 0), `of ${number(r.measured, 0)}`, ["truncated", "rejected", "shed", "aborted", "unfinished"].filter((k) => r[k]).map((k) => `${number(r[k], 0)} ${k}`).join(" · ") || "none failed"]);
  if (value("prefix_cache_reuse") !== undefined) {
    tiles.push(["Prefix cache reuse", percent(value("prefix_cache_reuse")), "", "of the prompt tokens"]);
  }
  if (value("kv_cache_usage_mean") !== undefined) {
    tiles.push(["KV cache", percent(value("kv_cache_usage_mean")), "mean", `${percent(value("kv_cache_usage_peak"))} peak · ${number(value("preemptions"), 0)} ${value("preemptions") === 1 ? "preemption" : "preemptions"}`]);
  }
  if (data.wall_clock) {
    tiles.push(["Simulator", duration(data.wall_clock.run_seconds), "", `${number(data.wall_clock.simulated_seconds_per_second, 0)} × real time`]);
  }
  byId("tiles").replaceChildren(...tiles.map(([name, main, unit, more]) => element("div", { class: "tile" },
    element("div", { class: "name" }, name),
    element("div", { class: "value" }, main + " ", element("small", {}, unit)),
    element("div", { class: "more" }, more))));
}

function drawClasses(data) {
  if (!data.classes) {
    byId("classes").remove();
    return;
  }
  const judged = data.classes.some((c) => c.good !== undefined);
  const at = (c, metric, key, digits) => {
    const value = c.metrics[metric]?.[key];
    return value === undefined ? "–" : number(value, digits ?? decimals(value));
  };
  byId("class-note").textContent = "Answered requests of each class: times in ms, lengths in tokens, speed in tokens per second and user.";
  fillTable(byId("class-table"), "Workload classes", ["Class", "requests", "share", "failed", "prompt mean", "answer mean", "TTFT p50", "p95", "p99", "ITL p50", "p95", "p99", "latency p50", "p95", "p99", "speed p50", "p5", ...(judged ? ["good"] : [])], data.classes.map((c) => [
    c.name ?? "(no class)", number(c.requests, 0), percent(c.request_share), number(c.requests - c.answered, 0), at(c, "input_sequence_length", "avg", 0), at(c, "output_sequence_length", "avg", 0),
    ...["time_to_first_token", "inter_token_latency", "request_latency"].flatMap((metric) => ["p50", "p95", "p99"].map((key) => at(c, metric, key))),
    at(c, "output_token_throughput_per_user", "p50"), at(c, "output_token_throughput_per_user", "p5"),
    ...(judged ? [percent(c.good / Math.max(1, c.requests))] : []),
  ]));
}

export function drawTables(data) {
  const columns = ["avg", "min", "max", "p99_9", "p99", "p95", "p90", "p75", "p50", "std"];
  fillTable(byId("metric-table"), "Latencies, speeds and lengths", ["Metric", ["unit", "text"], ...columns.map((c) => c.replace("_", ".")), "count"], data.metrics.map((m) => {
    const scale = m.unit === "ms" && m.avg >= 10000 ? 1e-3 : 1;
    const digits = decimals(m.avg * scale);
    const whole = m.unit === "tokens";
    return [m.name, [scale === 1 ? m.unit : "s", "text"], ...columns.map((c) => number(m[c] * scale, whole && c !== "avg" && c !== "std" ? 0 : digits)), number(m.count, 0)];
  }));
  if (data.metrics.length === 0) {
    byId("metric-table").parentElement.replaceChildren(element("p", { class: "empty" }, "No request was answered: there are no latencies."));
  }
  byId("value-list").replaceChildren(...data.values.map((v) => element("div", {}, element("dt", {}, v.name), element("dd", {}, valueText(v)))));
  const list = byId("definition-list");
  for (const d of data.definitions) {
    list.append(element("dt", {}, d.name + " ", element("code", {}, d.tag)), element("dd", {}, d.definition));
  }
  drawClasses(data);
  fillTable(byId("pool-table"), "Pools", ["Pool", ["role", "text"], "replicas", "GPUs each", "GPU hours", "$ per GPU hour", "cost", "prefill tokens", "output tokens"], data.pools.map((p) => [
    p.name, [p.role, "text"], number(p.replicas, 0), number(p.gpus_per_replica, 0), number(p.gpu_hours), p.price_per_gpu_hour === null ? "–" : number(p.price_per_gpu_hour, 2), p.cost === null ? "–" : number(p.cost) + " $", number(p.prefill_tokens, 0), number(p.output_tokens, 0),
  ]));
  if (data.kv_tiers.length === 0) {
    byId("tier-table").parentElement.remove();
  } else {
    fillTable(byId("tier-table"), "KV tiers", ["KV tier", "hit tokens", "read", "written", "evicted", "peak", "of", "GB read", "GB written", "time reading", "time writing"], data.kv_tiers.map((t) => [
      t.name, number(t.hit_tokens, 0), number(t.read_tokens, 0), number(t.written_tokens, 0), number(t.evicted_tokens, 0), number(t.peak_tokens, 0), t.capacity_tokens === null ? "no limit" : number(t.capacity_tokens, 0), number(t.read_bytes / 1e9), number(t.written_bytes / 1e9), duration(t.read_seconds), duration(t.write_seconds),
    ]));
  }
  if (!data.hand_offs) {
    byId("link-table").parentElement.remove();
    byId("link-note").remove();
  } else {
    const h = data.hand_offs;
    byId("link-note").textContent = `KV of ${number(h.requests, 0)} requests handed over (${number(h.bytes / 1e9)} GB)` + (h.local ? `, ${number(h.local, 0)} served by decode replicas alone` : "") + `. Waiting for memory there: ${unitValue(h.memory_wait_ms_mean, "ms")} on average, p95 ${unitValue(h.memory_wait_ms_p95, "ms")}; transfer that nothing hid: ${unitValue(h.transfer_ms_mean, "ms")}, p95 ${unitValue(h.transfer_ms_p95, "ms")}.`;
    fillTable(byId("link-table"), "Links", ["Link", "GB/s", "GB carried", "used"], h.links.map((l) => [l.name, l.bytes_per_second === null ? "no limit" : number(l.bytes_per_second / 1e9), number(l.bytes / 1e9), percent(l.use)]));
  }
  fillTable(byId("replica-table"), "Replicas", ["Replica", "requests", "busy", "batch mean", "peak", "waiting mean", "peak", "KV mean", "peak", "KV blocks", "preemptions", "prefill tokens", "output tokens", "steps"], data.replicas.map((r) => [
    number(r.worker, 0), number(r.requests, 0), percent(r.busy_fraction), number(r.running_requests_mean, 2), number(r.running_requests_peak, 0), number(r.waiting_requests_mean, 2), number(r.waiting_requests_peak, 0),
    percent(r.kv_cache_usage_mean), percent(r.kv_cache_usage_peak), number(r.kv_blocks, 0), number(r.preemptions, 0), number(r.prefill_tokens, 0), number(r.output_tokens, 0), number(r.steps, 0),
  ]));
  const facts = [
    ["Outcome of the run", data.partial ? `partial (${data.stop_reason.replace("_", " ")})` : "complete"],
    ["Seed", data.run.seed],
    ["Fingerprint", data.run.fingerprint],
    ["Engine mode", data.run.engine_mode],
    ["Replicas", `${number(data.run.replicas, 0)} with ${number(data.run.gpus_per_replica)} GPU${data.run.gpus_per_replica === 1 ? "" : "s"} each`],
    ["Foretoken", data.foretoken_version],
    ["Summary schema", data.schema_version],
  ];
  if (data.wall_clock) {
    const w = data.wall_clock;
    facts.push(["Simulator", `${duration(w.run_seconds)} for the run` + (w.set_up_seconds === null ? "" : `, ${duration(w.set_up_seconds)} before it`)],
      ["Simulator speed", `${number(w.simulated_seconds_per_second, 0)} simulated s/s, ${number(w.requests_per_second, 0)} requests/s, ${number(w.output_tokens_per_second, 0)} output tokens/s, ${number(w.tokens_per_second, 0)} tokens/s in all`]);
  }
  for (const line of data.scenario.notes) {
    facts.push(["Note", line]);
  }
  fillTable(byId("fact-table"), "Facts of the run", null, facts.map(([k, v]) => [k, [v, "text wide"]]));
  const settings = Object.entries(data.scenario.settings);
  if (settings.length === 0) {
    byId("settings").remove();
  } else {
    fillTable(byId("setting-table"), "Settings", null, settings.map(([k, v]) => [k, [v, "text wide"]]));
  }
}
