using System.Globalization;
using Foretoken.Quantities;
using Foretoken.Twin.Scenarios.Description;
using Foretoken.Twin.Scenarios.Fields;
using Foretoken.Workloads.Synthetic;

namespace Foretoken.Twin.Scenarios.Model;

/// <summary>Says for <c>explain</c> what a preset filled in.</summary>
internal static class PresetText
{
    public static void Explain(Bound workload, SyntheticSpec spec, List<DerivedValue> derived)
    {
        if (spec.Preset is not { } preset)
        {
            return;
        }

        var from = $"preset {preset}";
        var full = spec.Resolve();
        Add(SyntheticFields.Requests, spec.Requests is null, full.Requests?.ToString(CultureInfo.InvariantCulture));
        AddArrivals(spec.Arrivals, full.Arrivals);
        Add(SyntheticFields.InputTokens, spec.InputTokens is null, Text(full.InputTokens));
        Add(SyntheticFields.OutputTokens, spec.OutputTokens is null, Text(full.OutputTokens));
        Add(SyntheticFields.Correlation, spec.Correlation is null, Text(full.Correlation));
        Add(SyntheticFields.Prefix, spec.Prefix is null, full.Prefix is { } p ? $"{p.Groups} x {p.Tokens} tokens" : null);
        Add(SyntheticFields.Sessions, spec.Sessions is null, full.Sessions is { } s ? Join(("turns", Text(s.Turns)), ("think_time", Text(s.ThinkTime)), ("new_tokens", Text(s.NewTokens))) : null);
        Add(SyntheticFields.Agents, spec.Agents is null, full.Agents is { } a
            ? Join(("calls", Text(a.Calls)), ("tool_latency", Text(a.ToolLatency)), ("tool_tokens", Text(a.ToolTokens)), ("final_output_tokens", Text(a.FinalOutputTokens)))
            : null);

        void Add(Field field, bool open, string? value)
        {
            if (open && value is not null)
            {
                derived.Add(new DerivedValue(workload.PathOf(field), value, from));
            }
        }

        void AddArrivals(ArrivalSpec? own, ArrivalSpec? merged)
        {
            if (merged is null)
            {
                return;
            }

            var path = workload.PathOf(SyntheticFields.Arrivals);
            if (own is null)
            {
                Add(SyntheticFields.Arrivals, true, Join(("process", Name(merged.Process)), ("rate", Text(merged.Rate)), ("cv", Text(merged.Cv))));
                return;
            }

            if (own.Process is null)
            {
                derived.Add(new($"{path}.process", Name(merged.Process ?? ArrivalProcess.Poisson)!, merged.Process is null ? "default: poisson" : from));
            }

            if (own.Rate is null && merged.Rate is { } rate)
            {
                derived.Add(new($"{path}.rate", Text(rate)!, from));
            }
        }
    }

    private static string? Name(ArrivalProcess? process) => process switch
    {
        null => null,
        ArrivalProcess.AtOnce => "at_once",
        { } known => known.ToString().ToLowerInvariant(),
    };

    private static string? Text(double? number) => number?.ToString(CultureInfo.InvariantCulture);

    private static string? Text(SimDuration? time) => time is { } set ? UnitTable.Duration.Show(set.Nanoseconds) : null;

    private static string? Text(DistributionSpec? d) => d is null ? null : $"{d.Distribution.ToString().ToLowerInvariant()} " + Join(
        ("value", Text(d.Value)), ("mean", Text(d.Mean)), ("cv", Text(d.Cv)), ("median", Text(d.Median)), ("sigma", Text(d.Sigma)), ("min", Text(d.Min)), ("max", Text(d.Max)));

    private static string? Text(DurationSpec? d) => d is null ? null : $"{d.Distribution.ToString().ToLowerInvariant()} " + Join(
        ("value", Text(d.Value)), ("mean", Text(d.Mean)), ("cv", Text(d.Cv)), ("median", Text(d.Median)), ("sigma", Text(d.Sigma)), ("min", Text(d.Min)), ("max", Text(d.Max)));

    private static string Join(params (string Name, string? Value)[] parts) =>
        "{" + string.Join(", ", parts.Where(p => p.Value is not null).Select(p => $"{p.Name}: {p.Value}")) + "}";
}
