using System.Globalization;
using Foretoken.Engines.Schedules;

namespace Foretoken.Engines.Vllm.Schedules;

/// <summary>Compares two steps field by field, in the order of the trace.</summary>
internal static class StepComparison
{
    /// <summary>The first field that differs, or null.</summary>
    public static ScheduleDifference? FirstDifference(TracedStep expected, TracedStep got)
    {
        foreach (var (name, text) in Fields)
        {
            var e = text(expected);
            var g = text(got);
            if (e != g)
            {
                return new ScheduleDifference(got.Step, name, e, g);
            }
        }

        return null;
    }

    private static readonly (string Name, Func<TracedStep, string> Text)[] Fields =
    [
        ("step", step => Text(step.Step)),
        ("scheduled", step => Text(step.Scheduled)),
        ("computed_before", step => Text(step.ComputedBefore)),
        ("spec", step => Text(step.Drafts.OrderBy(count => count.Id, StringComparer.Ordinal))),
        ("preempted", step => Text(step.Preempted)),
        ("running", step => Text(step.Running)),
        ("waiting", step => Text(step.Waiting)),
        ("free_blocks", step => Text(step.FreeBlocks)),
        ("blocks", step => Text(step.Blocks)),
        ("finished_delivered", step => Text(step.FinishedDelivered)),
        ("output", step => step.Output is null ? "null" : Text(step.Output)),
        ("finished_now", step => Text(step.FinishedNow)),
        ("free_after", step => Text(step.FreeAfter)),
    ];

    private static string Text(int value) => value.ToString(CultureInfo.InvariantCulture);

    private static string Text(IEnumerable<string> names) => $"[{string.Join(", ", names)}]";

    private static string Text(IEnumerable<TracedCount> counts) =>
        $"[{string.Join(", ", counts.Select(count => $"{count.Id}:{Text(count.Tokens)}"))}]";

    private static string Text(IEnumerable<TracedBlocks> blocks) =>
        $"[{string.Join(", ", blocks.OrderBy(table => table.Id, StringComparer.Ordinal).Select(Text))}]";

    private static string Text(TracedBlocks table) =>
        $"{table.Id}:{string.Concat(table.Groups.Select(group => $"[{string.Join(' ', group.Select(Text))}]"))}";
}
