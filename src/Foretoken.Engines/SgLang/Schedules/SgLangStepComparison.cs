using System.Globalization;
using Foretoken.Engines.Schedules;

namespace Foretoken.Engines.SgLang.Schedules;

/// <summary>Compares two steps field by field, in the order of the trace.</summary>
internal static class SgLangStepComparison
{
    // A recorded ratio is the nearest number of nine decimals; a little more than half of the last one's unit.
    private const double RatioTolerance = 0.5001e-9;

    /// <summary>The first field that differs, or null.</summary>
    public static ScheduleDifference? FirstDifference(SgLangTracedStep expected, SgLangTracedStep got)
    {
        foreach (var (name, text) in Fields)
        {
            var e = text(expected);
            var g = text(got);
            if (e != g && !(name == "ratio" && Math.Abs(expected.Ratio - got.Ratio) <= RatioTolerance))
            {
                return new ScheduleDifference(got.Step, name, e, g);
            }
        }

        return null;
    }

    private static readonly (string Name, Func<SgLangTracedStep, string> Text)[] Fields =
    [
        ("step", step => Text(step.Step)),
        ("mode", step => step.Mode ?? "null"),
        ("reqs", step => Text(step.Requests)),
        ("ext", step => Text(step.Extends)),
        ("chunked", step => step.Chunked ?? "null"),
        ("retracted", step => Text(step.Retracted)),
        ("running", step => Text(step.Running)),
        ("waiting", step => Text(step.Waiting)),
        ("full", step => step.Full ? "true" : "false"),
        ("ratio", step => step.Ratio.ToString(CultureInfo.InvariantCulture)),
        ("avail", step => Text(step.Available)),
        ("evictable", step => Text(step.Evictable)),
        ("protected", step => Text(step.Protected)),
        ("out", step => step.Output is null ? "null" : Text(step.Output)),
        ("finished", step => Text(step.Finished)),
        ("avail_after", step => Text(step.AvailableAfter)),
        ("evictable_after", step => Text(step.EvictableAfter)),
    ];

    private static string Text(int value) => value.ToString(CultureInfo.InvariantCulture);

    private static string Text(IEnumerable<string> names) => $"[{string.Join(", ", names)}]";

    private static string Text(IEnumerable<SgLangTracedExtend> extends) =>
        $"[{string.Join(", ", extends.Select(extend => $"{extend.Id}:{Text(extend.Start)}-{Text(extend.End)}"))}]";
}
