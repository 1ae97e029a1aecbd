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

    /// <summary>What a run says first: what is served on what, and where its times come from.</summary>
    public static IReadOnlyList<string> Headline(ScenarioFile file)
    {
        var model = file.Model;
        if (model.Target is not { } target)
        {
            return [];
        }

        var engine = model.Engine.Settings;
        var release = target.VersionText.Length > 0 ? " " + target.VersionText : "";
        var lines = new List<string>
        {
            $"{target.Title}: {engine.EngineName}{release}, KV cache of {engine.KvPoolTokens.ToString("N0", CultureInfo.InvariantCulture)} tokens{(target.Layout.AttentionDataParallel > 1 ? $" over {target.Layout.AttentionDataParallel} ranks" : "")}",
        };
        if (model.StepTime is CoefficientsStepTimeModel coefficients)
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
    public static IEnumerable<(string Title, List<DerivedValue> Rows)> StepTime(ScenarioFile file)
    {
        if (file.Model.StepTime is not CoefficientsStepTimeModel coefficients)
        {
            yield break;
        }

        var times = OperatorTimes.Create(file, coefficients);
        var origin = coefficients.File is { } measured ? $"{measured.Path} (docs/step-times.md)" : "operator formulas and coefficients (docs/hardware.md)";
        var requests = Math.Min(SampleRequests, coefficients.Deployment.MaxSequences);
        var drafts = coefficients.Deployment.Speculation?.DraftTokens ?? 0;
        var decode = new StepBatch { DecodeRequests = requests, DecodeContextTokens = (long)requests * SampleContext, DraftTokens = requests * drafts };
        yield return ($"a decode step of {requests} requests with {SampleContext} tokens each{(drafts > 0 ? $" and {drafts} drafts to verify" : "")}", Rows(times.Explain(decode), times.Source.Milliseconds(decode), origin));
        var tokens = Math.Min(SamplePrompt, coefficients.Deployment.MaxBatchedTokens);
        var prompt = new StepBatch { Prefills = new[] { new PrefillChunk(tokens, 0, true) } };
        yield return ($"a step that computes a prompt of {tokens} tokens", Rows(times.Explain(prompt), times.Source.Milliseconds(prompt), origin));
        if (times.Notes.Count > 0)
        {
            yield return ("notes on step times", [.. times.Notes.Select(n => new DerivedValue(n, "", ""))]);
        }
    }

    private static List<DerivedValue> Rows(IReadOnlyList<StepTimeLine> lines, double milliseconds, string origin) =>
    [
        .. lines.Select(l => new DerivedValue(l.Name, string.Create(CultureInfo.InvariantCulture, $"{l.Us / 1000,9:F4} ms"), l.Count == 1 ? "" : string.Create(CultureInfo.InvariantCulture, $"{l.Count} x {l.Us / l.Count:0.##} us"))),
        new DerivedValue("the step", string.Create(CultureInfo.InvariantCulture, $"{milliseconds,9:F4} ms"), origin),
    ];
}
