using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Foretoken.Engines.Tiers;
using Foretoken.Metrics;
using Foretoken.Metrics.Summaries;

namespace Foretoken.Reports.Json;

/// <summary>
/// The JSON Schema of <c>summary.json</c>, made from the metric catalogue. Published as
/// <c>docs/schema/summary.schema.json</c>; a test holds the two together.
/// </summary>
public static class SummarySchema
{
    private static readonly JsonSerializerOptions Layout = new() { WriteIndented = true, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The schema as indented JSON with a final line feed.</summary>
    public static string Text() => Schema().ToJsonString(Layout) + "\n";

    private static JsonObject Schema()
    {
        var schema = new JsonObject
        {
            ["$schema"] = "https://json-schema.org/draft/2020-12/schema",
            ["title"] = "Foretoken run summary",
            ["description"] = "Schema version " + SummaryJson.SchemaVersion + ". Everything but wall_clock is the same, byte for byte, for equal runs.",
        };
        schema.Add("type", "object");
        schema.Add("additionalProperties", false);
        var properties = new JsonObject
        {
            ["schema_version"] = Described(new JsonObject { ["const"] = SummaryJson.SchemaVersion }, "The first number changes when a reader may break, the second when something was added."),
            ["foretoken_version"] = Of("string", "Version of the program that wrote it."),
            ["partial"] = Of("boolean", "True when the run was cut off: every number then describes only what was finished."),
            ["stop_reason"] = Choice("Why the run ended.", "completed", "interrupted", "time_limit"),
            ["scenario"] = Closed("Where the run came from.", new JsonObject
            {
                ["name"] = Of("string", "Name of the scenario."),
                ["path"] = Described(new JsonObject { ["type"] = new JsonArray("string", "null") }, "File of the scenario as it was named on the command line."),
                ["headline"] = Texts("What was served on what, and where the step times come from; empty when the scenario names no model and GPU."),
                ["notes"] = Texts("What had to be replaced or estimated for the step times, such as coefficients of a GPU that has none of its own."),
                ["settings"] = Described(new JsonObject { ["type"] = "object", ["additionalProperties"] = new JsonObject { ["type"] = "string" } }, "Resolved settings: path in the scenario, value with unit."),
            }),
            ["run"] = Closed("Facts of the run.", new JsonObject
            {
                ["seed"] = Count("Seed of every random decision."),
                ["fingerprint"] = Described(new JsonObject { ["type"] = "string", ["pattern"] = "^[0-9a-f]{16}$" }, "64-bit fingerprint over every dispatch decision and every request's result."),
                ["engine_mode"] = Choice("Engine implementation that ran.", "fast", "plain"),
                ["replicas"] = Count("Number of replicas."),
                ["gpus_per_replica"] = Number("GPUs of one replica."),
                ["simulated_seconds"] = Number("First arrival to the end of the last step, seconds of simulated time."),
            }),
            ["requests"] = Closed("Requests by outcome; the five outcomes add up to measured.", new JsonObject
            {
                ["total"] = Count("Requests issued."),
                ["warm_up"] = Count("Issued during warm-up and left out of the metrics."),
                ["measured"] = Count("total - warm_up."),
                ["completed"] = Count("All tokens generated."),
                ["truncated"] = Count("Generation stopped at max_model_len."),
                ["rejected"] = Count("Refused: longer than the engine accepts."),
                ["shed"] = Count("Refused or given up by the router, which had no capacity for them."),
                ["aborted"] = Count("Cancelled by the client."),
                ["unfinished"] = Count("Queued or running when the run was stopped."),
            }),
            ["slo"] = Slo(),
            ["metrics"] = Metrics(),
            ["replicas"] = Described(new JsonObject { ["type"] = "array", ["items"] = Replica() }, "One entry per replica. Means are over simulated time from the first arrival to the end."),
            ["pools"] = Described(new JsonObject { ["type"] = "array", ["items"] = Pool() }, "One entry per pool of equal replicas."),
            ["timeline"] = Closed("The fleet over time, in equal bins from the start of the run.", new JsonObject(Enum.GetValues<TierEvent>().Select(kind => KeyValuePair.Create<string, JsonNode?>(TierJson.NameOf(kind), Series(TierJson.MeaningOf(kind)))))
            {
                ["bin_seconds"] = Number("Width of a bin."),
                ["arrivals"] = Series("Requests that arrived."),
                ["completions"] = Series("Requests that ended."),
                ["output_tokens"] = Series("Tokens generated."),
                ["running"] = Series("Requests running, all replicas together, mean over the bin."),
                ["waiting"] = Series("Requests waiting, all replicas together, mean over the bin."),
                ["kv_cache_usage"] = Series("Share of the fleet's KV blocks held by running requests, mean over the bin."),
                ["replicas"] = Series("Replicas that served, mean over the bin."),
                ["replicas_held"] = Series("Replicas that held GPUs, those that loaded and drained included, mean over the bin."),
                ["held"] = Series("Requests held at the router, mean over the bin; only where it held any."),
                ["shed"] = Series("Requests that the router refused or gave up; only where it did."),
            }, [.. Enum.GetValues<TierEvent>().Select(TierJson.NameOf), "held", "shed"]),
            ["wall_clock"] = Nullable(Closed("How fast the simulator was: the only part that differs between equal runs.", new JsonObject
            {
                ["set_up_seconds"] = Described(new JsonObject { ["type"] = new JsonArray("number", "null") }, "Before the run: reading scenario and trace."),
                ["run_seconds"] = Number("The run itself."),
                ["simulated_seconds_per_second"] = Number("Simulated seconds per second of the run."),
                ["requests_per_second"] = Number("Requests of every outcome per second of the run."),
                ["output_tokens_per_second"] = Number("Output tokens generated per second of the run."),
                ["tokens_per_second"] = Number("Input and output tokens per second of the run."),
                ["steps_per_second"] = Number("Engine steps per second of the run."),
            })),
        };
        schema.Add("required", Names(properties));
        properties["classes"] = Described(new JsonObject { ["type"] = "array", ["items"] = Class() }, "The same by workload class, those of the workload in its order; only where it has classes.");
        properties["hand_offs"] = HandOffs();
        properties["explained_request"] = RequestLife();
        schema.Add("properties", properties);
        return schema;
    }

    private static JsonObject Class() => Closed("One workload class.", new JsonObject
    {
        ["name"] = Described(new JsonObject { ["type"] = new JsonArray("string", "null") }, "Its name; null for the requests without a class."),
        ["requests"] = Count("Its requests of the measured part."),
        ["request_share"] = Number("Their share of all measured requests."),
        ["answered"] = Count("Those of them that were answered."),
        ["good"] = Count("Good requests among them; only with an SLO that says what a good request is."),
        ["metrics"] = Metrics(m => m.Kind == MetricKind.PerRequest),
    }, ["good"]);

    private static JsonObject Metrics(Func<MetricDefinition, bool>? which = null)
    {
        var properties = new JsonObject();
        foreach (var metric in MetricCatalogue.All.Where(which ?? (_ => true)))
        {
            var fields = new JsonObject
            {
                ["unit"] = new JsonObject { ["const"] = metric.Unit },
                ["avg"] = Number(metric.Kind == MetricKind.PerRun ? "The value." : "Arithmetic mean."),
            };
            var required = Names(fields);
            if (metric.Kind != MetricKind.PerRun)
            {
                fields["min"] = Number("Smallest value.");
                fields["max"] = Number("Largest value.");
                foreach (var p in Distribution.StandardPercentiles)
                {
                    fields[Distribution.PercentileName(p)] = Number("Percentile.");
                }

                fields["std"] = Number("Standard deviation, divided by the count.");
                fields["count"] = Count("Number of values.");
                fields["sum"] = Number("Sum of the values.");
                required = Names(fields);
            }

            var one = new JsonObject { ["description"] = metric.Name + ": " + metric.Definition, ["type"] = "object", ["required"] = required, ["properties"] = fields };
            if (metric.Kind == MetricKind.PerRun)
            {
                one["additionalProperties"] = false;
            }
            else
            {
                // An SLO may ask for a percentile of its own.
                one["patternProperties"] = new JsonObject { ["^p[0-9]+(_[0-9]+)?$"] = new JsonObject { ["type"] = "number" } };
                one["additionalProperties"] = false;
            }

            properties[metric.Tag] = one;
        }

        return new JsonObject
        {
            ["description"] = "Metrics by tag. A metric that no request has, or that is not defined for the run, is absent.",
            ["type"] = "object",
            ["additionalProperties"] = false,
            ["properties"] = properties,
        };
    }

    private static JsonObject Slo() => Nullable(Closed("The SLO and its verdict; null when the run had none.", new JsonObject
    {
        ["verdict"] = Verdict(),
        ["targets"] = new JsonObject
        {
            ["type"] = "array",
            ["items"] = Closed("A promise over the whole run.", new JsonObject
            {
                ["metric"] = Of("string", "Tag of the metric."),
                ["statistic"] = Of("string", "p95 and the like, avg, or value for a metric with one value."),
                ["class"] = Of("string", "The workload class whose requests are meant; left out: all requests."),
                ["comparison"] = Choice("Direction of the bound.", "at_most", "at_least"),
                ["bound"] = Number("The bound."),
                ["value"] = Described(new JsonObject { ["type"] = new JsonArray("number", "null") }, "What the run reached; null when no request has the metric."),
                ["unit"] = Of("string", "Unit of bound and value."),
                ["verdict"] = Verdict(),
            }, ["class"]),
        },
        ["request_bounds"] = new JsonObject
        {
            ["type"] = "array",
            ["items"] = Closed("What one request must keep to be a good one.", new JsonObject
            {
                ["metric"] = Of("string", "Tag of the metric."),
                ["class"] = Of("string", "The workload class whose requests it is for, in place of the general bound; left out: all requests."),
                ["comparison"] = Choice("Direction of the bound.", "at_most", "at_least"),
                ["bound"] = Number("The bound."),
                ["unit"] = Of("string", "Unit of the bound."),
            }, ["class"]),
        },
        ["failed_fraction"] = Number("Share of measured requests that were rejected, aborted or shed."),
        ["failed_fraction_max"] = Number("Share that was allowed."),
        ["judged_minutes"] = Count("Minutes with at least one arrival."),
        ["bad_minutes"] = Described(new JsonObject { ["type"] = "array", ["items"] = Count("Number of the minute, from 0.") }, "Minutes that missed the SLO."),
    }));

    private static JsonObject Replica() => Closed("One replica.", new JsonObject
    {
        ["worker"] = Count("Replica number."),
        ["requests"] = Count("Requests it was given."),
        ["steps"] = Count("Forward passes."),
        ["busy_fraction"] = Number("Share of the time spent in forward passes."),
        ["prefill_tokens"] = Count("Prompt tokens computed."),
        ["output_tokens"] = Count("Tokens generated."),
        ["preemptions"] = Count("Preemptions."),
        ["kv_blocks"] = Count("Usable KV blocks."),
        ["kv_cache_usage_mean"] = Number("Mean share of the KV blocks held by running requests."),
        ["kv_cache_usage_peak"] = Number("Highest share."),
        ["running_requests_mean"] = Number("Mean number of requests running."),
        ["running_requests_peak"] = Count("Most requests running."),
        ["waiting_requests_mean"] = Number("Mean number of requests waiting."),
        ["waiting_requests_peak"] = Count("Most requests waiting."),
        ["kv_tiers"] = Tiers(),
    }, "kv_tiers");

    private static JsonObject Tiers() => Closed("KV outside the GPU, where the engine keeps any there.", new JsonObject
    {
        ["loads"] = Count("Copies from host to GPU for requests."),
        ["load_seconds"] = Number("Sum of the times from asking for them to their end."),
        ["stall_seconds"] = Number("Time by which steps were longer because KV was still on its way or memory was still being emptied."),
        ["deferred"] = Count("Times that a request waited because what it would load was on its way for another."),
        ["refused_stores"] = Count("Copies that were left out because nothing in the tier could go."),
        ["tiers"] = Described(new JsonObject { ["type"] = "array", ["items"] = Tier() }, "The tiers, the nearest to the GPU first."),
    });

    private static JsonObject Tier() => Closed("One tier, all ranks together. Bytes are one GPU's share.", new JsonObject
    {
        ["name"] = new JsonObject { ["type"] = "string", ["description"] = "host, disk, storage or remote." },
        ["capacity_tokens"] = Described(new JsonObject { ["type"] = new JsonArray("integer", "null") }, "Tokens that it holds; null for no limit."),
        ["peak_tokens"] = Count("Most tokens in it."),
        ["hit_tokens"] = Count("Tokens that requests did not compute because they were found here."),
        ["written_tokens"] = Count("Tokens copied into it."),
        ["read_tokens"] = Count("Tokens copied out of it."),
        ["evicted_tokens"] = Count("Tokens that left it to make room."),
        ["written_bytes"] = Count("Bytes copied into it."),
        ["read_bytes"] = Count("Bytes copied out of it."),
        ["write_seconds"] = Number("Time during which something was being copied into it."),
        ["read_seconds"] = Number("Time during which something was being copied out of it."),
    });

    private static JsonObject Pool() => Closed("One pool.", new JsonObject
    {
        ["name"] = Of("string", "Its name."),
        ["role"] = Choice("What its replicas are for.", "aggregated", "prefill", "decode"),
        ["replicas"] = Count("Replicas that there ever were."),
        ["gpus_per_replica"] = Count("GPUs of one of them."),
        ["gpu_hours"] = Number("Hours that its GPUs were held, loading and draining included."),
        ["price_per_gpu_hour"] = Described(new JsonObject { ["type"] = new JsonArray("number", "null") }, "US dollars; null when it is not known."),
        ["cost"] = Described(new JsonObject { ["type"] = new JsonArray("number", "null") }, "gpu_hours x price_per_gpu_hour."),
        ["prefill_tokens"] = Count("Prompt tokens computed."),
        ["output_tokens"] = Count("Tokens generated."),
    });

    private static JsonObject HandOffs() => Closed("KV handed from prefill to decode replicas; absent when every replica served whole requests.", new JsonObject
    {
        ["requests"] = Count("Requests whose KV came whole."),
        ["local"] = Count("Requests that a decode replica served alone."),
        ["bytes"] = Count("Bytes sent."),
        ["memory_wait_ms_mean"] = Number("From the prompt's end until the decode replica had memory for it; zero where it had it before."),
        ["memory_wait_ms_p95"] = Number("95th percentile."),
        ["transfer_ms_mean"] = Number("From when the prompt was computed and the memory was there until all KV was."),
        ["transfer_ms_p95"] = Number("95th percentile."),
        ["links"] = new JsonObject
        {
            ["type"] = "array",
            ["items"] = Closed("A link.", new JsonObject
            {
                ["name"] = Of("string", "Its name."),
                ["bytes_per_second"] = Described(new JsonObject { ["type"] = new JsonArray("number", "null") }, "What it carries; null for no limit."),
                ["bytes"] = Count("What it carried."),
                ["use"] = Number("Share of what it could have carried in the run."),
            }),
        },
    });

    private static JsonObject RequestLife() => Closed("One request's life, when --explain-request asked for it. Times are whole nanoseconds since the run's start.", new JsonObject
    {
        ["index"] = Count("Its number."),
        ["arrival_ns"] = Count("When its client sent it."),
        ["input_tokens"] = Count("Prompt tokens."),
        ["output_tokens"] = Count("Tokens generated."),
        ["worker"] = Count("The replica that had it last."),
        ["outcome"] = Choice("How it ended.", "completed", "truncated", "rejected", "aborted", "unfinished", "shed"),
        ["time_to_first_token_ns"] = Described(new JsonObject { ["type"] = new JsonArray("integer", "null") }, "Send to receipt of the first token; null when there was none."),
        ["time_to_first_token_phases_ns"] = Phases("Where that time went; adds up to it exactly."),
        ["latency_ns"] = Count("Send to receipt of the last token; to its end when it was not answered."),
        ["latency_phases_ns"] = Phases("Where that time went; adds up to it exactly."),
        ["events"] = Described(new JsonObject { ["type"] = "array", ["items"] = LifeEvent() }, "What happened, in order; docs/results.md says what each kind carries."),
    });

    private static JsonObject Phases(string description)
    {
        var phases = new JsonObject();
        foreach (var phase in Enum.GetValues<Twin.Tracing.LifePhase>())
        {
            phases[RequestLifeJson.NameOf(phase)] = new JsonObject { ["type"] = "integer", ["minimum"] = 1 };
        }

        return new JsonObject { ["description"] = description, ["type"] = "object", ["additionalProperties"] = false, ["properties"] = phases };
    }

    private static JsonObject LifeEvent() => new()
    {
        ["type"] = "object",
        ["required"] = new JsonArray("event", "at_ns"),
        ["properties"] = new JsonObject
        {
            ["event"] = Choice("What happened.", [.. RequestLifeJson.Kinds]),
            ["at_ns"] = Count("When it happened or began."),
            ["lasting_ns"] = Count("How long it lasted."),
        },
        ["additionalProperties"] = new JsonObject { ["type"] = new JsonArray("integer", "string", "null") },
    };

    private static JsonObject Closed(string description, JsonObject properties, params string[] optional) => new()
    {
        ["description"] = description,
        ["type"] = "object",
        ["additionalProperties"] = false,
        ["required"] = new JsonArray([.. properties.Where(p => !optional.Contains(p.Key)).Select(p => JsonValue.Create(p.Key))]),
        ["properties"] = properties,
    };

    private static JsonObject Nullable(JsonObject schema)
    {
        schema["type"] = new JsonArray("object", "null");
        return schema;
    }

    private static JsonArray Names(JsonObject properties) => [.. properties.Select(p => JsonValue.Create(p.Key))];

    private static JsonObject Verdict() => Choice("Kept, broken, or nothing to judge by.", "met", "missed", "undecided");

    private static JsonObject Choice(string description, params string[] values) => Described(new JsonObject { ["enum"] = new JsonArray([.. values.Select(v => JsonValue.Create(v))]) }, description);

    private static JsonObject Series(string description) => Described(new JsonObject { ["type"] = "array", ["items"] = new JsonObject { ["type"] = "number" } }, description);

    private static JsonObject Count(string description) => Described(new JsonObject { ["type"] = "integer", ["minimum"] = 0 }, description);

    private static JsonObject Number(string description) => Of("number", description);

    private static JsonObject Texts(string description) =>
        Described(new JsonObject { ["type"] = "array", ["items"] = new JsonObject { ["type"] = "string" } }, description);

    private static JsonObject Of(string type, string description) => Described(new JsonObject { ["type"] = type }, description);

    private static JsonObject Described(JsonObject schema, string description)
    {
        schema["description"] = description;
        return schema;
    }
}
