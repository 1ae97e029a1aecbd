using System.Globalization;
using Foretoken.Hardware.Coefficients;
using Foretoken.Hardware.Memory;
using Foretoken.Hardware.StepTime;
using Foretoken.Twin.Scenarios.Model;

namespace Foretoken.Cli.Scenarios;

/// <summary>How memory and step times of a scenario come about, as rows of <c>scenario explain</c>.</summary>
internal static class DeploymentText
{
    private const int SampleRequests = 32;
    private const int SampleContext = 1024;
    private const int SamplePrompt = 2048;

    // Microseconds: half of the last digit that is shown.
    private const double Visible = 0.05;

    /// <summary>What a run says first: what is served on what, and where its times come from.</summary>
    public static IReadOnlyList<string> Headline(ScenarioFile file)
    {
        var pools = file.Model.Pools;
        return [.. pools.SelectMany(pool => Headline(file, pool).Select(line => pools.Count == 1 ? line : $"{pool.Name} ({pool.Replicas}): {line}"))];
    }

    /// <summary>What had to be replaced or estimated in the run's step times, in sentences; empty when nothing was.</summary>
    public static IReadOnlyList<string> Notes(ScenarioFile file) =>
        [.. file.Model.Pools.SelectMany(p => p.StepTime is CoefficientsStepTimeModel coefficients ? OperatorTimes.Create(file, coefficients).Notes : []).Distinct()];

    private static List<string> Headline(ScenarioFile file, PoolModel pool)
    {
        if (pool.Target is not { } target)
        {
            return [];
        }

        var engine = pool.Engine.Settings;
        var release = target.VersionText.Length > 0 ? " " + target.VersionText : "";
        var lines = new List<string>
        {
            $"{target.Title}: {engine.EngineName}{release}, {Speculation(pool.Engine)}KV cache of {engine.KvPoolTokens.ToString("N0", CultureInfo.InvariantCulture)} tokens{(target.Layout.AttentionDataParallel > 1 ? $" over {target.Layout.AttentionDataParallel} ranks" : "")}",
        };
        if (pool.StepTime is CoefficientsStepTimeModel coefficients)
        {
            var times = OperatorTimes.Create(file, coefficients);
            var from = coefficients.File is { } measured ? $"{times.Source.Name}, {measured.Path}; what it lacks{(times.Lacking > 0 ? $" ({times.Lacking} named by scenario explain)" : "")}: coefficients" : "coefficients";
            lines.Add("Step times: " + from + (times.Operators.IsGeneric ? $", generic ones scaled to {target.Gpu.Name}'s datasheet: less sure than for measured GPUs" : $" of {target.Gpu.Name}"));
        }

        return lines;
    }

    /// <summary>The sum of one GPU's memory, line by line; empty when it is not computed.</summary>
    public static List<DerivedValue> Memory(MemoryPlan? plan) => plan is null ? [] :
    [
        .. plan.Lines.Select(l => new DerivedValue(l.Name, string.Create(CultureInfo.InvariantCulture, $"{l.Bytes / (double)(1L << 30),9:F3} GiB"), $"{l.Formula}  [{l.Source}]")),
        .. plan.Notes.Select(n => new DerivedValue("note", "", n)),
    ];

    /// <summary>Where the time of two sample steps goes, and what was replaced or estimated; empty for other sources.</summary>
    public static IEnumerable<(string Title, List<DerivedValue> Rows)> StepTime(ScenarioFile file, PoolModel pool)
    {
        if (pool.StepTime is not CoefficientsStepTimeModel coefficients)
        {
            yield break;
        }

        var times = OperatorTimes.Create(file, coefficients);
        var origin = coefficients.File is { } measured ? $"{measured.Path} (docs/step-times.md)" : "operator formulas and coefficients (docs/hardware.md)";
        var requests = Math.Min(SampleRequests, coefficients.Deployment.MaxSequences);
        var drafts = coefficients.Deployment.Speculation?.DraftTokens ?? 0;
        var decode = new StepBatch { DecodeRequests = requests, DecodeContextTokens = (long)requests * SampleContext, DraftTokens = requests * drafts };
        var decoding = Rows(times.Explain(decode), times.Source.Milliseconds(decode), origin);
        decoding.AddRange(PerToken(pool.Engine, times, decode));
        yield return ($"a decode step of {Plural(requests, "request")} with {SampleContext} tokens each{(drafts > 0 ? $" and {Plural(drafts, "draft")} each to verify" : "")}", decoding);
        var tokens = Math.Min(SamplePrompt, coefficients.Deployment.MaxBatchedTokens);
        var prompt = new StepBatch { Prefills = new[] { new PrefillChunk(tokens, 0, true) } };
        yield return ($"a step that computes a prompt of {Plural(tokens, "token")}", Rows(times.Explain(prompt), times.Source.Milliseconds(prompt), origin));
        if (times.Notes.Count > 0)
        {
            yield return ("notes on step times", [.. times.Notes.Select(n => new DerivedValue(n, "", ""))]);
        }
    }

    // What drafts bring: the same requests, one token at a time, against a step that yields several.
    private static List<DerivedValue> PerToken(EngineModel engine, OperatorTimes times, in StepBatch decode)
    {
        if (engine.TokensPerStep is not { } tokens || times.Operators.Deployment.Speculation is null)
        {
            return [];
        }

        var step = times.Source.Milliseconds(decode);
        var alone = CoefficientsStepTime.Create(times.Operators.Deployment with { Speculation = null }, "").Milliseconds(decode with { DraftTokens = 0 });
        return
        [
            new("a token of a request", Milliseconds(step / tokens), string.Create(CultureInfo.InvariantCulture, $"the step / {tokens:0.###} tokens per step")),
            new("without drafts", Milliseconds(alone), string.Create(CultureInfo.InvariantCulture, $"a token of the same requests: drafts make them {alone * tokens / step:0.00} times as fast")),
        ];
    }

    private static string Speculation(EngineModel engine) => engine is { TokensPerStep: { } tokens, Drafting: { } drafting }
        ? string.Create(CultureInfo.InvariantCulture, $"{Plural(drafting.DraftTokens, "draft")} ({tokens:0.##} tokens per step), ")
        : "";

    private static List<DerivedValue> Rows(IReadOnlyList<StepTimeLine> lines, double milliseconds, string origin)
    {
        var rows = new List<DerivedValue>();
        var kinds = lines.Where(l => l.Layers.Length > 0).Select(l => (l.Layers, l.Count)).Distinct().Count();
        var kind = "";
        foreach (var line in lines.Where(l => l.Layers.Length > 0 || Math.Abs(l.Us) >= Visible))
        {
            if (kinds > 1 && line.Layers != kind)
            {
                rows.Add(new(line.Layers.Length == 0 ? "outside of layers" : $"{Plural(line.Count, "layer")}: {line.Layers}", "", ""));
                kind = line.Layers;
            }

            rows.Add(new((kinds > 1 ? "  " : "") + line.Name, Milliseconds(line.Us / 1000), line.Count == 1 ? "" : string.Create(CultureInfo.InvariantCulture, $"{line.Count} x {line.Us / line.Count:0.##} us")));
        }

        rows.Add(new("the step", Milliseconds(milliseconds), origin));
        return rows;
    }

    private static string Milliseconds(double value) => string.Create(CultureInfo.InvariantCulture, $"{value,9:F4} ms");

    private static string Plural(int count, string one) => $"{count} {one}{(count == 1 ? "" : "s")}";
}
