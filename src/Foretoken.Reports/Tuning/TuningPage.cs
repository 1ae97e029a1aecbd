using Foretoken.Metrics.Summaries;
using Foretoken.Reports.Html;
using Foretoken.Tuning.Portfolio;
using Foretoken.Tuning.Results;

namespace Foretoken.Reports.Tuning;

/// <summary>
/// <c>report.html</c> of a study: one file that needs nothing else. Stays below 5 MB: where there are more candidates than fit,
/// it holds the best and says so.
/// </summary>
public static class TuningPage
{
    private const string Resource = "tune.template.html";

    /// <summary>Writes the page as UTF-8.</summary>
    /// <param name="result">What the study found.</param>
    /// <param name="summaries">Runs of shortlisted candidates, by number, whose timelines are to be shown; may be null.</param>
    /// <param name="portfolio">Deployments for each class of the traffic; may be null.</param>
    /// <param name="stream">Where to.</param>
    public static void Write(TuningResult result, IReadOnlyDictionary<int, RunSummary>? summaries, PortfolioResult? portfolio, Stream stream) =>
        PageTemplate.Write(Resource, $"{result.Name}: Foretoken tuning report", json => TuningData.Write(json, result, summaries, portfolio), stream);
}
