using System.Globalization;
using System.Text;
using System.Text.Json;
using Foretoken.Quantities;

namespace Foretoken.Workloads.Synthetic;

/// <summary>Writes a workload spec as the YAML that scenario files and <c>trace synthesize</c> read.</summary>
public static class SpecYaml
{
    /// <summary>
    /// The spec below the key <c>workload</c>, with <paramref name="comments"/> as lines above it. Parts that are not set are
    /// left out.
    /// </summary>
    public static string Write(SyntheticSpec spec, IEnumerable<string> comments)
    {
        var text = new StringBuilder();
        foreach (var comment in comments)
        {
            text.Append(comment.Length == 0 ? "#" : "# ").Append(comment).Append('\n');
        }

        new Block(text, "").Part("workload", spec, Workload);
        return text.ToString();
    }

    private static void Workload(Block block, SyntheticSpec spec)
    {
        block.Value("preset", spec.Preset);
        block.Value("requests", spec.Requests);
        block.Value("duration", spec.Duration);
        block.Part("arrivals", spec.Arrivals, Arrivals);
        block.Part("input_tokens", spec.InputTokens, Numbers);
        block.Part("output_tokens", spec.OutputTokens, Numbers);
        block.Value("correlation", spec.Correlation);
        block.Rows("joint_lengths", spec.JointLengths, pair => [("input", Show(pair.Input)), ("output", Show(pair.Output)), ("weight", Show(pair.Weight))]);
        block.Part("prefix", spec.Prefix, (inner, prefix) =>
        {
            inner.Value("groups", prefix.Groups);
            inner.Value("tokens", prefix.Tokens);
            inner.Value("popularity", Name(prefix.Popularity));
            inner.Value("exponent", prefix.Exponent);
        });
        block.Part("reuse", spec.Reuse, (inner, reuse) =>
        {
            inner.Value("common_tokens", reuse.CommonTokens);
            inner.Value("probability", reuse.Probability);
            inner.Part("share", reuse.Share, Numbers);
            inner.Value("correlation", reuse.Correlation);
            inner.Part("lag", reuse.Lag, Times);
            inner.Value("block_tokens", reuse.BlockTokens);
        });
        block.Part("sessions", spec.Sessions, (inner, sessions) =>
        {
            inner.Part("turns", sessions.Turns, Numbers);
            inner.Part("think_time", sessions.ThinkTime, Times);
            inner.Part("new_tokens", sessions.NewTokens, Numbers);
            inner.Value("max_context_tokens", sessions.MaxContextTokens);
        });
        block.Part("agents", spec.Agents, (inner, agents) =>
        {
            inner.Part("calls", agents.Calls, Numbers);
            inner.Part("tool_latency", agents.ToolLatency, Times);
            inner.Part("tool_tokens", agents.ToolTokens, Numbers);
            inner.Part("final_output_tokens", agents.FinalOutputTokens, Numbers);
        });
        block.Part("closed_loop", spec.ClosedLoop, (inner, loop) =>
        {
            inner.Value("concurrency", loop.Concurrency);
            inner.Value("ramp", (SimDuration?)loop.Ramp);
            inner.Value("warm_up_requests", loop.WarmUpRequests);
        });
    }

    private static void Arrivals(Block block, ArrivalSpec arrivals)
    {
        block.Value("process", arrivals.Process is { } process ? Name(process) : null);
        block.Value("rate", arrivals.Rate);
        block.Value("cv", arrivals.Cv);
        block.Value("shape", arrivals.Shape);
        block.Rows("states", arrivals.States, state => [("rate", Show(state.Rate)), ("dwell", Show(state.Dwell))]);
        block.Value("amplitude", arrivals.Amplitude);
        block.Value("period", arrivals.Period);
        block.Value("phase", arrivals.Phase);
        block.Rows("profile", arrivals.Profile, point => [("at", Show(point.At)), ("rate", Show(point.Rate))]);
        block.List("rates", arrivals.Rates?.Select(Show));
        block.Value("bin", arrivals.Bin);
        block.Part("gaps", arrivals.Gaps, Times);
        block.Value("tick", arrivals.Tick);
    }

    private static void Numbers(Block block, DistributionSpec spec)
    {
        block.Value("distribution", Name(spec.Distribution));
        block.Value("value", spec.Value);
        block.Value("mean", spec.Mean);
        block.Value("cv", spec.Cv);
        block.Value("standard_deviation", spec.StandardDeviation);
        block.Value("median", spec.Median);
        block.Value("sigma", spec.Sigma);
        block.Value("min", spec.Min);
        block.Value("max", spec.Max);
        block.List("values", spec.Values?.Select(Show));
        block.List("weights", spec.Weights?.Select(Show));
        block.Rows("quantiles", spec.Quantiles, point => [("q", Show(point.Q)), ("value", Show(point.Value))]);
    }

    private static void Times(Block block, DurationSpec spec)
    {
        block.Value("distribution", Name(spec.Distribution));
        block.Value("value", spec.Value);
        block.Value("mean", spec.Mean);
        block.Value("cv", spec.Cv);
        block.Value("standard_deviation", spec.StandardDeviation);
        block.Value("median", spec.Median);
        block.Value("sigma", spec.Sigma);
        block.Value("min", spec.Min);
        block.Value("max", spec.Max);
        block.List("values", spec.Values?.Select(Show));
        block.List("weights", spec.Weights?.Select(Show));
        block.Rows("quantiles", spec.Quantiles, point => [("q", Show(point.Q)), ("value", Show(point.Value))]);
    }

    private static string Name<TEnum>(TEnum value)
        where TEnum : struct, Enum => JsonNamingPolicy.SnakeCaseLower.ConvertName(value.ToString());

    private static string Show(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static string Show(double number) => number.ToString("R", CultureInfo.InvariantCulture);

    private static string Show(SimDuration time) => (time.Nanoseconds / 1_000_000_000m).ToString("0.#########", CultureInfo.InvariantCulture) + "s";

    /// <summary>The keys of one map; what is null is left out.</summary>
    private sealed class Block(StringBuilder text, string indent)
    {
        private const int LineMax = 110;

        public void Value(string key, string? value)
        {
            if (value is not null)
            {
                text.Append(indent).Append(key).Append(": ").Append(value).Append('\n');
            }
        }

        public void Value(string key, double? value) => Value(key, value is { } number ? Show(number) : null);

        public void Value(string key, long? value) => Value(key, value?.ToString(CultureInfo.InvariantCulture));

        public void Value(string key, int? value) => Value(key, (long?)value);

        public void Value(string key, SimDuration? value) => Value(key, value is { } time ? Show(time) : null);

        public void Part<T>(string key, T? part, Action<Block, T> write)
            where T : class
        {
            if (part is not null)
            {
                text.Append(indent).Append(key).Append(":\n");
                write(new Block(text, indent + "  "), part);
            }
        }

        /// <summary>Small maps, one to a line.</summary>
        public void Rows<T>(string key, IReadOnlyList<T>? rows, Func<T, (string Key, string Value)[]> cells)
        {
            if (rows is null)
            {
                return;
            }

            text.Append(indent).Append(key).Append(":\n");
            foreach (var row in rows)
            {
                text.Append(indent).Append("  - {").Append(string.Join(", ", cells(row).Select(cell => $"{cell.Key}: {cell.Value}"))).Append("}\n");
            }
        }

        /// <summary>Numbers, many to a line.</summary>
        public void List(string key, IEnumerable<string>? items)
        {
            if (items is null)
            {
                return;
            }

            var line = new StringBuilder(indent).Append(key).Append(": [");
            var first = true;
            foreach (var item in items)
            {
                line.Append(first ? "" : ",");
                if (line.Length + item.Length > LineMax)
                {
                    text.Append(line).Append('\n');
                    line.Clear().Append(indent).Append("  ");
                }
                else
                {
                    line.Append(first ? "" : " ");
                }

                line.Append(item);
                first = false;
            }

            text.Append(line).Append("]\n");
        }
    }
}
