using System.Globalization;
using Foretoken.Cli.Scenarios;
using Foretoken.Tuning.Evaluation;

namespace Foretoken.Cli.Tuning;

/// <summary>What a study is about, in a line or two.</summary>
internal static class StudyHeadline
{
    /// <summary>Model, GPUs, traffic.</summary>
    public static IReadOnlyList<string> Of(StudyFile study, ScenarioFile sample, Traffic traffic)
    {
        var lines = new List<string>();
        var gpus = study.Study.Budget.Gpus is { } most ? string.Create(CultureInfo.InvariantCulture, $" on at most {most} GPUs") : "";
        if (sample.Model.Pools[0].Target is { } target)
        {
            var types = study.Study.Space.Dimensions.FirstOrDefault(d => d.Name == "gpu")?.Choices.Select(c => c.Text) ?? [target.Gpu.Title];
            lines.Add($"{target.Model.Name}{gpus}, {string.Join(" or ", types)}");
        }

        if (traffic.Recorded(0) is { Count: > 0 } trace)
        {
            var arrivals = trace.Arrivals.Where(a => a != Quantities.SimTime.Never).ToList();
            var minutes = (arrivals.Max() - arrivals.Min()).TotalSeconds / 60;
            lines.Add(string.Create(CultureInfo.InvariantCulture, $"{trace.Count:N0} requests in {minutes:0.#} minutes, {trace.InputTokens.Average():N0} tokens in and {trace.OutputTokens.Average():N0} out on average"));
        }

        return lines;
    }
}
